"""What a room says is a mistake or a note at the key that it names, or else at the one it was asked about."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.checking.findings import Findings
from aurora.errors import AuroraError, UserError
from aurora.recipe import load_recipe


@pytest.fixture
def findings(minimal_recipe: Path) -> Findings:
    return Findings(load_recipe(minimal_recipe))


def test_a_refusal_is_a_mistake_and_a_failure_outside_a_note(findings: Findings) -> None:
    with findings.asking("model.path"):
        raise UserError("x.json: the weights are quantized: give others.")
    with findings.asking("corpus"):
        raise UserError("corpus.sources.web.paths: no file matches a: check the path.")
    with findings.asking("redteam.policy"):
        raise AuroraError("The disk is full.")
    place = findings.loaded.path
    assert findings.sentences(findings.mistakes) == [
        f"{place}, line 4: corpus.sources.web.paths: no file matches a: check the path.",
        f"{place}, line 7: model.path: x.json: the weights are quantized: give others.",
    ]
    assert findings.sentences(findings.notes) == [f"{place}: redteam.policy: The disk is full."]


def test_what_was_said_twice_is_told_once_in_the_order_of_lines(findings: Findings) -> None:
    for key in ("stages.base.tokens", "name", "stages.base.tokens"):
        findings.note(key, "is odd")
    place = findings.loaded.path
    assert findings.sentences(findings.notes) == [
        f"{place}, line 1: name: is odd.",
        f"{place}, line 12: stages.base.tokens: is odd.",
    ]


def test_an_extra_that_is_there_is_no_mistake(findings: Findings) -> None:
    assert findings.needs("name", "json", "json")
    assert not findings.needs("name", "no_such_module", "hub")
    assert [one.what for one in findings.mistakes] == [
        "this needs packages that are not installed: pip install datasets huggingface-hub"
    ]
