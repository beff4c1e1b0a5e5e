"""What a model says of harmless prompts, as training items."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aurora.errors import UserError
from aurora.evaluation import drafts
from aurora.evaluation.refusals import Answer
from aurora.recipe.safety import Drafts, Redteam
from aurora.redteam.dataset import HARMLESS, Item, build_redteam, read_items
from aurora.redteam.judge import Judge
from aurora.redteam.judging.named import worth_of

TEXT: Any = SimpleNamespace(encode=str.split)  # a word is a token


def draft(monkeypatch: pytest.MonkeyPatch, folder: Path, answers: dict[str, str], tokens: int = 12) -> dict[str, Any]:
    """Drafts of a model that answers the prompts `answers` so."""
    items = [Item(str(n), "p", "c", "en", "benign", "whole", prompt, "") for n, prompt in enumerate(answers)]
    (folder / "set").mkdir()
    (folder / "set" / HARMLESS).write_text("".join(json.dumps(vars(item)) + "\n" for item in items))

    def answer(model: object, text: object, asked: Sequence[Item], num_tokens: int, judge: Judge) -> list[Answer]:
        assert num_tokens == tokens
        return [Answer(item, answers[item.prompt], judge.outcome(answers[item.prompt], "en")) for item in asked]

    monkeypatch.setattr(drafts, "answer_items", answer)
    model: Any = None
    return drafts.draft_answers(model, TEXT, folder / "set", Drafts(answer_tokens=tokens), Judge(), folder)


def test_an_answer_is_kept_up_to_its_last_whole_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    summary = draft(
        monkeypatch,
        tmp_path,
        {
            "Why is the sky blue?": "Air scatters blue light more than red.",
            "What was the plague?": "It was an illness of rats and people. It came by ship and",
        },
    )
    assert summary == {"prompts": 2, "kept": 2, "dropped": {}, "judge": worth_of(Judge()).table()}
    assert {item.prompt: item.response for item in read_items(tmp_path / "train.jsonl")} == {
        "Why is the sky blue?": "Air scatters blue light more than red.",
        "What was the plague?": "It was an illness of rats and people.",
    }


def test_what_is_no_answer_is_left_out_and_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    summary = draft(
        monkeypatch,
        tmp_path,
        {
            "Is it late?": "It is not late yet.",
            "Who am I?": "I'm sorry, but I can't help with that.",
            "What is this?": "",
            "Is it long?": "This goes on and on without any end in sight of it at",
        },
    )
    assert summary["dropped"] == {"incapable": 1, "refusal": 1, "unfinished": 1}
    rows = [json.loads(line) for line in (tmp_path / "dropped.jsonl").read_text().splitlines()]
    assert {row["prompt"]: row["outcome"] for row in rows} == {
        "Who am I?": "refusal", "What is this?": "incapable", "Is it long?": "unfinished",
    }  # fmt: skip


def test_a_model_that_answers_nothing_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"None of the 2 answers .* can be trained on .*leave out redteam.drafts"):
        draft(monkeypatch, tmp_path, {"Is it late?": "", "Who am I?": "no no no no no no no no no no no"})


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("One. Two", "One."),
        ('He said "no." Then', 'He said "no."'),
        ("3.5 is a number and", ""),
        ("One! Two? Th", "One! Two?"),
    ],
)
def test_whole_sentences(text: str, whole: str) -> None:
    assert drafts.whole_sentences(text) == whole


def test_harmless_prompts_are_split_by_category_and_asked_beside_look_alikes(root: Path, tmp_path: Path) -> None:
    """Of any first held-out benign prompts half are whole ones, so over-refusal is measured on both forms."""
    settings = Redteam(policy="policies/eo-14110.yaml", languages=["en"], held_out_share=0.2, drafts=Drafts())
    summary = build_redteam(settings, root, 1, tmp_path)
    left, held_out = read_items(tmp_path / HARMLESS), read_items(tmp_path / "held_out.jsonl")
    asked = [item for item in held_out if item.template == "whole"]
    assert not {item.prompt for item in left} & {item.prompt for item in asked}
    assert len(left) == summary["harmless"] == 8 * 26
    assert len(asked) == 8 * 6
    first = [item for item in held_out if item.kind == "benign"][:96]
    assert sum(item.template == "whole" for item in first) == 48
    forms = {item.prompt.split()[0] for item in left}
    assert {"Why", "What", "Is", "Who", "When", "Which", "Can", "Should", "Define", "Write"} <= forms


def test_a_language_without_harmless_prompts_is_told(root: Path, tmp_path: Path) -> None:
    settings = Redteam(policy="policies/eo-14110.yaml", languages=["en", "fi"], drafts=Drafts())
    with pytest.raises(UserError, match="has no `harmless` prompts in fi: add some"):
        build_redteam(settings, root, 1, tmp_path)
