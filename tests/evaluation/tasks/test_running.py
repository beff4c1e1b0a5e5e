"""From a model's answers to scores of items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from aurora.evaluation.tasks import programs
from aurora.evaluation.tasks.files import read_task
from aurora.evaluation.tasks.flat import Row, read_items
from aurora.evaluation.tasks.prepared import Asked, prepare
from aurora.evaluation.tasks.running import Scored, ask
from task_model import Model


def asked(folder: Path, name: str, model: Model) -> list[Asked]:
    task = read_task(name)
    items = read_items(task, folder / f"{task.data_file}.jsonl")
    return prepare(task, items, list(task.metadata.wordings), model, limit=None, shots=0, chat=False)  # type: ignore[arg-type]


def by_wording(found: Sequence[Asked], model: Model) -> dict[str, list[Scored]]:
    return {one.wording: scored for one, scored in zip(found, ask(model, found), strict=True)}  # type: ignore[arg-type]


def test_choices_are_scored_by_the_byte_as_a_cloze_and_by_their_sum_as_letters(
    folder: Callable[..., Path], model: Model
) -> None:
    # By the sum the short one wins, by the byte all are alike but for the one that stands in the question.
    data = folder("xed_fi", "choice", 2, choices=["aa", "bbbbbbbb"], question="bbbbbbbb", answer=1)
    scored = by_wording(asked(data, "xed_fi", model), model)
    cloze = scored["cloze-1"]
    assert [item.score for item in cloze] == [1.0, 1.0]
    assert cloze[0].log_likelihoods == [-3.0, -8.0]
    assert cloze[0].metrics == {"acc": 0.0, "acc_bytes": 1.0}
    assert (cloze[0].id, cloze[0].target) == ("xed_fi/0", 1)
    assert scored["choice-1"][0].score == scored["choice-1"][0].metrics["acc"]


def test_all_requests_go_to_the_model_at_once_and_in_order(folder: Callable[..., Path]) -> None:
    model = Model(writes=" 7\n")
    choices, sums = folder("xed_fi", "choice", 2), folder("mgsm_ja", "maths", 2)
    found = [*asked(choices, "xed_fi", model), *asked(sums, "mgsm_ja", model)]
    scored = ask(model, found)  # type: ignore[arg-type]
    assert len(model.asked) == 6 * 2 * 3 + 3 * 2
    assert [len(items) for items in scored] == [2] * 9
    last = scored[-1][0]
    assert (last.score, last.answer, last.target) == (1.0, " 7\n", ["7"])
    assert last.metrics == {"exact_match": 1.0, "parsed": 1.0}


def test_a_gap_is_scored_by_what_stands_behind_it(folder: Callable[..., Path], model: Model) -> None:
    data = folder("xwinograd_en", "gap", 2)
    found = {one.wording: one for one in asked(data, "xwinograd_en", model)}
    assert [request.args for request in found["cloze-2"].requests[1]] == [
        ("Sentence: 1: ‹before› ‹first›", " ‹behind›"),
        ("Sentence: 1: ‹before› ‹second›", " ‹behind›"),
    ]
    assert [item.score for item in by_wording(list(found.values()), model)["cloze-1"]] == [1.0, 1.0]


def test_a_program_that_was_not_run_has_no_score(folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Row, str]] = []

    def judged(answers: Sequence[tuple[Row, str]], *, unsafe: bool = False, job: object = None) -> list[float | None]:
        seen.extend(answers)
        return [1.0, 0.0, None]

    monkeypatch.setattr(programs, "judged", judged)
    model = Model(writes=" return 1")
    (scored,) = by_wording(asked(folder("humaneval", "program", 3), "humaneval", model), model).values()
    assert [item.score for item in scored] == [1.0, 0.0, None]
    assert [item.metrics for item in scored] == [{"pass": 1.0}, {"pass": 0.0}, {}]
    assert [(row["entry_point"], said) for row, said in seen] == [("‹name›", " return 1")] * 3


def test_requests_for_safety_keep_their_category(folder: Callable[..., Path]) -> None:
    model = Model(writes="I'm sorry, but I can't help with that.")
    scored = by_wording(asked(folder("dangerousqa/en", "safety", 2), "dangerousqa_en", model), model)
    assert {wording.partition("-")[0] for wording in scored} == {"plain", "attack"}
    assert [item.score for item in scored["plain-1"]] == [1.0, 1.0]
    assert scored["attack-base64"][0].category == "‹category›"


def test_several_tries_of_a_program_are_drawn_and_judged_together(
    folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def judged(answers: Sequence[tuple[Row, str]], *, unsafe: bool = False, job: object = None) -> list[float | None]:
        seen.extend(row["id"] for row, _ in answers)
        return [1.0, 0.0, 0.0, 0.0, None, None]

    monkeypatch.setattr(programs, "judged", judged)
    task, model = read_task("humaneval"), Model(writes=" return 1")
    items = read_items(task, folder("humaneval", "program", 2) / "humaneval.jsonl")
    found = prepare(task, items, ["write-1"], model, limit=None, shots=None, chat=False, samples=3)  # type: ignore[arg-type]
    (scored,) = ask(model, found)  # type: ignore[arg-type]
    assert seen == ["humaneval/0"] * 3 + ["humaneval/1"] * 3
    assert [item.score for item in scored] == [pytest.approx(1 / 3), 0.0]
    assert scored[0].answer == [" return 1"] * 3
    assert {request[1]["do_sample"] for request in model.asked} == {True}
