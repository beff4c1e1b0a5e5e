"""Files, policies, extras and a device that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.checking import findings
from checking.conftest import SOURCE, TOKENS, checked


def test_files_that_are_not_there_are_each_named(recipe: Path) -> None:
    more = "{kind: text, paths: [no.txt, neither/*.txt]}"
    curation = "{flagged_words: {fi: bad.txt}, fasttext_model: lid.ftz}"
    assert checked(
        recipe,
        (
            SOURCE,
            f"{SOURCE}\n    other: {more}\n  curation: {curation}",
        ),
        (TOKENS, f"{TOKENS}redteam: {{policy: eo-14111, languages: [en]}}\n"),
    ).mistakes == [
        "5: corpus.sources.other.paths.0: no file matches no.txt; check the path.",
        "5: corpus.sources.other.paths.1: no file matches neither/*.txt; check the path.",
        "6: corpus.curation.fasttext_model: lid.ftz does not exist: check the path.",
        "6: corpus.curation.flagged_words.fi: bad.txt does not exist: check the path.",
        "9: redteam.policy: eo-14111 does not exist (did you mean eo-14110?); docs/policy.md tells how to write one.",
    ]


@pytest.mark.parametrize(("name", "said"), [("mine", "is no judge of Aurora"), ("other", "does not exist")])
def test_a_judge_that_is_none_is_named(recipe: Path, name: str, said: str) -> None:
    (recipe.parent / "mine").write_bytes(b"mine")
    found = checked(recipe, (TOKENS, f"{TOKENS}redteam: {{policy: eo-14110, languages: [en], judge: {name}}}\n"))
    assert [one for one in found.mistakes if "redteam.judge" in one and said in one], found.mistakes


def test_extras_and_device(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "find_spec", lambda name: None)
    found = checked(
        recipe,
        (SOURCE, f"{SOURCE}\n    hub: {{kind: hub, dataset: some/data}}\n  execution: {{runner: ray}}"),
        (TOKENS, f"{TOKENS}execution: {{device: cuda, trackers: [wandb]}}\n"),
    ).mistakes
    install = "this needs packages that are not installed: pip install"
    assert found == [
        f"5: corpus.sources.hub.dataset: {install} datasets huggingface-hub.",
        f"6: corpus.execution.runner: {install} ray.",
        f"9: execution.trackers: {install} wandb.",
        "9: execution.device: PyTorch sees no accelerator here; write auto or cpu, or run it elsewhere.",
    ]
