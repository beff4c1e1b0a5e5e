"""Tasks that could not be asked are said before anything is trained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.checking import findings
from aurora.errors import UserError
from aurora.evaluation import code
from aurora.evaluation.tasks.files import read_suite
from checking.conftest import TOKENS, checked

START = "    start: model\n"
ROWS = [{"id": n, "question": "q", "choices": ["a", "b"], "answer": 0} for n in range(2)]


def asking(table: str) -> tuple[str, str]:
    return START, f"{START}    ask: {{{table}, every_steps: 2}}\n"


def items(recipe: Path, name: str, rows: list[dict[str, object]] = ROWS) -> None:
    (recipe.parent / "items").mkdir(exist_ok=True)
    (recipe.parent / f"items/{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


def test_suites_their_data_and_lm_eval(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluation = "evaluation: {suites: [quick, finish], data: [nowhere]}\n"
    monkeypatch.setattr(findings, "find_spec", lambda name: None)
    found = checked(recipe, (TOKENS, f"{TOKENS}{evaluation}")).mistakes
    assert found == [
        "7: evaluation.data.0: nowhere is no folder: check the path.",
        "7: evaluation.suites.1: There is no suite finish (did you mean finnish?).",
        "7: evaluation: this needs packages that are not installed: pip install datasets lm-eval.",
    ]


def test_what_a_stage_is_asked_while_it_is_trained(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "find_spec", lambda name: None)
    found = checked(recipe, asking("suites: [quack], tasks: [pronouns, pronoun]")).mistakes
    assert [one.partition(": ")[2] for one in found] == [
        "stages.base.ask.suites.0: There is no suite quack (did you mean quick?).",
        "stages.base.ask.tasks.1: there is no task pronoun (did you mean pronouns?).",
        "stages.base.ask: this needs packages that are not installed: pip install datasets lm-eval.",
    ]


def test_a_task_that_comes_with_aurora_needs_nothing(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "find_spec", lambda name: None)
    found = checked(recipe, asking("tasks: [pronouns]"))
    assert (found.mistakes, [note for note in found.notes if "ask" in note]) == ([], [])


def test_tasks_without_items_are_mistakes_where_they_are_named_and_notes_in_a_suite(recipe: Path) -> None:
    items(recipe, "xed_fi")
    data = (TOKENS, f"{TOKENS}evaluation: {{data: [items]}}\n")
    found = checked(recipe, data, asking("suites: [finnish], tasks: [xwinograd_en, pronouns]"))
    assert [one.partition(": ")[2] for one in found.mistakes] == [
        "stages.base.ask.tasks.0: xwinograd_en: no folder of data has them; give evaluation.data a folder that has its "
        "items, or leave it out."
    ]
    lacking = [name for name in read_suite("finnish").tasks if name != "xed_fi"]
    more = f" and {len(lacking) - 6} more" if len(lacking) > 6 else ""
    assert [one.partition(": ")[2] for one in found.notes if "ask" in one] == [
        f"stages.base.ask: not asked: {', '.join(lacking[:6])}{more} (no folder of data has them)."
    ]


def test_nothing_that_can_be_asked_is_a_mistake(recipe: Path) -> None:
    items(recipe, "another")
    found = checked(recipe, (TOKENS, f"{TOKENS}evaluation: {{suites: [hindi], data: [items]}}\n")).mistakes
    assert len(found) == 1
    assert "evaluation: no task can be asked here: " in found[0]


def test_programs_need_a_sandbox_before_training(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ready(languages: list[str], unsafe: bool = False) -> None:
        raise UserError("Programs need bubblewrap, which is not installed: run apt-get install bubblewrap.")

    monkeypatch.setattr(code, "ready", ready)
    items(recipe, "humaneval")
    data = (TOKENS, f"{TOKENS}evaluation: {{data: [items]}}\n")
    found = checked(recipe, data, asking("tasks: [humaneval]")).mistakes
    assert [one.partition(": ")[2] for one in found] == [
        "stages.base.ask: Programs need bubblewrap, which is not installed: run apt-get install bubblewrap."
    ]
