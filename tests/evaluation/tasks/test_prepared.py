"""What is asked of a model: examples, as many as fit, never a scored item, and the model's chat format put on once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.evaluation.tasks.files import read_task
from aurora.evaluation.tasks.flat import Items, read_items
from aurora.evaluation.tasks.prepared import Asked, hub_items, prepare
from task_model import Model


def asked(
    folder: Path, name: str, model: Model, *, shots: int | None = None, limit: int | None = 2, chat: bool = False
) -> list[Asked]:
    task = read_task(name)
    items = read_items(task, folder / f"{task.data_file}.jsonl")
    return prepare(task, items, list(task.metadata.wordings), model, limit=limit, shots=shots, chat=chat)  # type: ignore[arg-type]


def test_examples_come_from_items_that_are_not_scored_and_are_the_same_for_all(
    folder: Callable[..., Path], model: Model
) -> None:
    found = asked(folder("openbookqa_en", "choice", 120), "openbookqa_en", model)
    assert len(found) == 6
    first = found[0]
    assert first.shots == 8
    prompts = [requests[0].args[0] for requests in first.requests]
    assert len(prompts) == 2
    shared = prompts[0].rpartition("Question:")[0]
    assert shared == prompts[1].rpartition("Question:")[0]
    assert [line for line in shared.splitlines() if line.startswith("Question")] == [
        f"Question: {number}: ‹question›" for number in range(104, 112)
    ]
    assert shared.count("Answer: ‹second›") == 8
    assert prompts[1].endswith("Question: 1: ‹question›\nAnswer:")
    assert [request.args[1] for request in first.requests[0]] == [" ‹first›", " ‹second›", " ‹third›"]


def test_fewer_examples_are_shown_where_no_more_fit_and_in_all_wordings_alike(folder: Callable[..., Path]) -> None:
    data = folder("openbookqa_en", "choice", 120)
    found = asked(data, "openbookqa_en", Model(max_length=400))
    assert {one.shots for one in found} == {found[0].shots}
    assert 0 < found[0].shots < 8
    longest = max(len(request.args[0].encode()) for one in found for of_item in one.requests for request in of_item)
    assert longest < 400
    assert {one.shots for one in asked(data, "openbookqa_en", Model(max_length=20))} == {0}


def test_more_examples_than_there_are_is_a_mistake(folder: Callable[..., Path], model: Model) -> None:
    data = folder("openbookqa_en", "choice", 50)
    with pytest.raises(UserError, match="has 0 examples, and 3 are to be shown: give --shots 0"):
        asked(data, "openbookqa_en", model, shots=3)
    assert asked(data, "openbookqa_en", model, shots=0)[0].shots == 0


def test_a_request_for_safety_is_asked_in_the_models_format_once(folder: Callable[..., Path], model: Model) -> None:
    data = folder("dangerousqa/en", "safety", 3)
    found = {one.wording: one for one in asked(data, "dangerousqa_en", model)}
    assert found["plain-1"].requests[0][0].args[0] == "<user>‹request›<answer>"
    assert found["attack-role"].requests[0][0].args[0].count("<answer>") == 1
    assert found["plain-1"].requests[0][0].args[1]["max_gen_toks"] == 64
    choices = asked(folder("xed_fi", "choice", 3), "xed_fi", model, chat=True)[0]
    assert choices.requests[0][0].args == ("<user>0: ‹question›\nTunne:<answer>", "‹first›")


def test_a_prompts_hash_is_of_what_is_asked_and_not_of_a_models_format(
    folder: Callable[..., Path], model: Model
) -> None:
    data = folder("xed_fi", "choice", 3)
    plain, chat = (asked(data, "xed_fi", model, chat=chat)[0].prompts for chat in (False, True))
    assert plain == chat
    assert len({*plain, *asked(data, "xed_fi", model)[1].prompts}) == 4


def test_data_that_cannot_be_had_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    def absent(*args: object, **_: object) -> None:
        raise ConnectionError(f"no route\nto {args[0]}")

    monkeypatch.setattr(datasets, "load_dataset", absent)
    with pytest.raises(
        UserError, match=r"openbookqa_en \(allenai/openbookqa\) cannot be had from the hub \(no route\)"
    ):
        hub_items(read_task("openbookqa_en"))


def test_items_of_the_hub_are_set_apart_or_come_with_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    rows = [
        {"sentence": f"{number} met Bo; _ smiled.", "option1": str(number), "option2": "Bo", "answer": "1"}
        for number in range(130)
    ]
    arc = [{"id": "x", "question": "Why?", "choices": {"text": ["a", "b"], "label": ["A", "B"]}, "answerKey": "B"}]
    found = {"Muennighoff/xwinograd": {"test": rows}, "allenai/ai2_arc": {"test": arc, "train": arc * 3}}
    monkeypatch.setattr(datasets, "load_dataset", lambda path, *_, **__: found[path])
    alone = hub_items(read_task("xwinograd_ja"))
    assert (len(alone.scored), len(alone.examples), alone.origin) == (114, 16, "Muennighoff/xwinograd/jp")
    assert {row["lang"] for row in alone.scored} == {"ja"}
    both: Items = hub_items(read_task("arc_challenge_en"))
    assert (len(both.scored), len(both.examples)) == (1, 3)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ('doc_to_text: "{{ frage }}"', "the wording cloze-1 cannot be made into a prompt ('frage' is undefined)"),
        ('doc_to_text: "{{ question "', "the wording cloze-1 cannot be made into a prompt (unexpected end of template"),
        ('doc_to_choice: "{{ 3 }}"', "the wording cloze-1 cannot be made into a prompt"),
    ],
    ids=["name", "syntax", "choices"],
)
def test_a_template_that_makes_no_prompt_is_named_with_its_file(
    folder: Callable[..., Path], model: Model, key: str, said: str
) -> None:
    data = folder("mine", "choice", 3)
    path = data / "mine.yaml"
    path.write_text(f"include: choice_fi.yaml\ntask: mine\n{key}\nmetadata: {{version: 1.0}}\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"mine\.yaml: ") as told:
        asked(data, str(path), model)
    assert said in str(told.value)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            "'{{ cycler.__init__.__globals__.os.getcwd() }}'",
            "access to attribute '__init__' of 'type' object is unsafe",
        ),
        ("'{{ question.__class__.__mro__ }}'", "access to attribute '__class__' of 'str' object is unsafe"),
        ("!function beside.fails", "division by zero"),
    ],
    ids=["globals", "classes", "function"],
)
def test_a_template_reaches_nothing_beyond_its_item(
    folder: Callable[..., Path], model: Model, made: str, said: str
) -> None:
    data = folder("mine", "choice", 3)
    (data / "beside.py").write_text("def fails(row):\n    return 1 / 0\n", encoding="utf-8")
    path = data / "mine.yaml"
    own = f"include: choice_fi.yaml\ntask: mine\ndoc_to_text: {made}\nmetadata: {{version: 1.0}}\n"
    path.write_text(own, encoding="utf-8")
    with pytest.raises(UserError, match="cannot be made into a prompt") as told:
        asked(data, str(path), model)
    assert said in str(told.value)


def test_an_error_that_says_nothing_is_named_by_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    def absent(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(datasets, "load_dataset", absent)
    with pytest.raises(UserError, match=r"cannot be had from the hub \(TimeoutError\)"):
        hub_items(read_task("openbookqa_en"))


def test_data_of_another_form_is_named_with_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: {"test": [{"other": 1}]})
    with pytest.raises(UserError, match=r"does not fit the data of Muennighoff/xwinograd/en \(KeyError: 'sentence'\)"):
        hub_items(read_task("xwinograd_en"))
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: {"other": []})
    with pytest.raises(UserError, match="KeyError: 'test'"):
        hub_items(read_task("xwinograd_en"))


def test_a_template_is_read_once_for_all_items(folder: Callable[..., Path], model: Model) -> None:
    from lm_eval import utils

    asked(folder("xed_fi", "choice", 5), "xed_fi", model)
    before = utils.env.from_string.cache_info()
    asked(folder("xed_fi", "choice", 5), "xed_fi", model)
    after = utils.env.from_string.cache_info()
    assert after.misses == before.misses
    assert after.hits > before.hits
