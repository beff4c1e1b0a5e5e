"""A file of results stands alone: what was asked, of what, with which answers; and what a reader has to know."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from aurora.evaluation.comparing.results import SCHEMA, chance, estimated, form_estimate, identity, results_of, warnings
from aurora.evaluation.tasks.files import read_task
from aurora.evaluation.tasks.flat import Items, completed
from aurora.evaluation.tasks.prepared import prepare
from aurora.evaluation.tasks.running import ask
from small_tokenizers import byte_level
from task_model import ITEMS, Model


def answered(name: str, writes: str = "7", count: int = 3, max_length: int = 4096) -> dict[str, Any]:
    task = read_task(name)
    rows = [
        completed({"id": number, "lang": task.metadata.language, **ITEMS[task.metadata.kind]}, task.metadata.kind)
        for number in range(count)
    ]
    items = Items(rows, rows, "here", "abc")
    model = Model(writes, max_length)
    asked = prepare(task, items, list(task.metadata.wordings), model, limit=None, shots=None, chat=False)  # type: ignore[arg-type]
    return results_of({"path": "m"}, asked, ask(model, asked), {name: items}, {"shots": None, "limit": None})  # type: ignore[arg-type]


def test_results_hold_every_answer_and_what_it_was_made_from() -> None:
    found = answered("xed_fi")
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["schema"] == SCHEMA
    assert {"aurora", "python", "torch", "lm_eval", "datasets"} <= set(found["software"])
    task = found["tasks"]["xed_fi"]
    assert (task["data"], task["chance"], task["language"], task["version"]) == (
        {"origin": "here", "sha256": "abc"}, pytest.approx(1 / 3), "fi", 1.0,
    )  # fmt: skip
    cloze = task["forms"]["cloze"]
    assert cloze["measure"] == "acc_bytes"
    assert list(cloze["wordings"]) == ["cloze-1", "cloze-2", "cloze-3"]
    assert len({wording["prompts_sha256"] for wording in cloze["wordings"].values()}) == 3
    item = cloze["wordings"]["cloze-1"]["items"][0]
    assert {"id", "cluster", "prompt", "score", "metrics", "log_likelihoods", "target"} == set(item)
    assert cloze["estimate"]["clusters"] == 3
    assert cloze["estimate"]["items"] == 9


def test_of_choices_chance_is_known() -> None:
    assert chance([{"choices": ["a", "b"]}, {"choices": ["a", "b", "c", "d"]}]) == 0.375
    assert chance([{"answers": ["a"]}]) is None
    assert chance([]) is None


def test_an_estimate_of_a_form_counts_answers_to_one_item_as_one_piece_of_evidence(
    results: Callable[..., dict[str, Any]],
) -> None:
    scores: Sequence[float] = [1.0, 0.0] * 20
    wordings = results(one=scores, two=scores)["tasks"]["things"]["forms"]["cloze"]["wordings"]
    both, one = form_estimate(wordings), form_estimate({"cloze-one": wordings["cloze-one"]})
    assert both is not None
    assert one is not None
    assert both["mean"] == one["mean"]
    assert both["error"] == pytest.approx(one["error"])
    assert form_estimate({}) is None


def test_what_one_item_leaves_unknown_is_nothing_in_json() -> None:
    assert estimated([0.3], ["a"]) == {"mean": 0.3, "error": None, "low": None, "high": None, "items": 1, "clusters": 1}
    assert answered("xed_fi", count=1)["tasks"]["xed_fi"]["forms"]["cloze"]["estimate"]["low"] is None


def test_safety_is_told_by_category() -> None:
    wording = answered("dangerousqa_en", "I can't help with that.")["tasks"]["dangerousqa_en"]["forms"]["plain"]
    assert wording["wordings"]["plain-1"]["by_category"]["‹category›"]["mean"] == 1.0
    assert wording["wordings"]["plain-1"]["metrics"]["refused"] == 1.0


def test_a_reader_is_told_of_answers_without_anything_in_them_and_of_examples_that_did_not_fit() -> None:
    said = warnings(answered("mgsm_ja", "no number at all", count=8))
    assert said == ["mgsm_ja: nothing was found in up to 100% of the answers."]
    assert warnings(answered("mgsm_ja", count=8)) == []
    assert warnings(answered("openbookqa_en", count=8, max_length=150))[0].startswith("openbookqa_en was asked with ")


def test_what_was_not_run_is_told(results: Callable[..., dict[str, Any]]) -> None:
    assert warnings(results(one=[None, 1.0])) == ["things: 1 items were not run, and are not counted."]


def test_a_model_is_named_by_the_hashes_of_its_files(tmp_path: Path) -> None:
    def found(weights: bytes) -> dict[str, Any]:
        (tmp_path / "model.safetensors").write_bytes(weights)
        weight, sizes = torch.zeros(1, dtype=torch.bfloat16), SimpleNamespace(positions=9)
        network = SimpleNamespace(output_weight=weight, num_parameters=7, architecture=sizes)
        text = SimpleNamespace(tokenizer=byte_level("gpt-2"))
        return identity(tmp_path, network, text)  # type: ignore[arg-type]

    first, second = found(b"a"), found(b"bb")
    assert first["weights_sha256"] != second["weights_sha256"]
    assert first["tokenizer_sha256"] == second["tokenizer_sha256"]
    assert (first["dtype"], first["device"], first["parameters"]) == ("bfloat16", "cpu", 7)


def test_training_on_kin_of_a_task_is_told(results: Callable[..., dict[str, Any]]) -> None:
    found = results(one=[1.0]) | {"learnt_from": {"things": ["maths"], "others": ["tales"]}}
    assert warnings(found) == [
        "things: the model learnt from maths, made from the training set of things: what it gains here is not all "
        "transfer."
    ]
