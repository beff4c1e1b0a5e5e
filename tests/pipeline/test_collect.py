"""The report of a run as its artifacts say it, figure by figure."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aurora.pipeline.collect import collect
from aurora.reporting.schema import Report
from conftest import MINIMAL
from pipeline.made_up_run import ANSWERS, ENGLISH, RATES, MadeUp, make_up


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> MadeUp:
    folder = tmp_path_factory.mktemp("made-up")
    (folder / "small.yaml").write_text(MINIMAL, encoding="utf-8")
    return make_up(folder / "small.yaml", folder / "run")


@pytest.fixture
def report(made_up: MadeUp) -> dict[str, Any]:
    return collect(made_up.loaded, made_up.run, made_up.manifests)


def test_it_is_plain_json_of_the_schema_and_the_same_every_time(made_up: MadeUp, report: dict[str, Any]) -> None:
    assert json.loads(json.dumps(report)) == report
    Report.model_validate(report)
    turned = dict(reversed(made_up.manifests.items()))
    assert json.dumps(collect(made_up.loaded, made_up.run, turned)) == json.dumps(report)


def test_each_stage_has_the_figures_of_its_own_evaluation(report: dict[str, Any]) -> None:
    stages = {stage["name"]: stage for stage in report["stages"]}
    assert list(stages) == ["base", "cap", "safety"]
    for name, stage in stages.items():
        assert stage["bits_per_byte"] == {"en": ENGLISH[name]}
        assert stage["bits_per_byte_other_domain"] == {"en": ENGLISH[name] + 1}
        assert stage["bits_per_byte_answers"] == {}
        assert stage["samples"][0]["text"] == f" {name}"
        assert (stage["tokens"], stage["seconds"], stage["tokens_per_second"]) == (256, 1.23, 207.4)
        assert (stage["token_shares"], stage["loss_tokens"]) == ({"web/en": 1.0}, {"web/en": 240})
        assert (stage["tokens_read"], stage["epochs"], stage["padding"]) == ({"web/en": 250}, {"web/en": 0.5}, 6)
    assert [stage["start"] for stage in stages.values()] == ["model", "base", "cap"]
    assert report["bigram_bits_per_byte"] == {"en": ENGLISH["bigram"]}
    assert report["base"] is None  # a new network has none


def test_losses_and_what_was_measured_between_are_two_curves(report: dict[str, Any]) -> None:
    stage = report["stages"][0]
    assert [(point["step"], point["loss"]) for point in stage["curve"]] == [(1, 4.0), (2, 3.0), (3, 2.0), (4, 1.0)]
    assert all(set(point) == {"step", "tokens", "loss", "learning_rate"} for point in stage["curve"])
    assert stage["held_out_curve"] == [{"step": 2, "tokens": 128, "bits_per_byte": {"en": 2.5, "fi": 4.5}}]


def test_what_a_stage_and_its_control_were_asked(report: dict[str, Any]) -> None:
    base, cap, _ = report["stages"]
    score = {"task": "riddles", "form": "cloze", "language": "fi", "chance": 0.25, "items": 4, "score": 0.5}
    assert cap["asked"] == [
        {"step": 0, "tokens": 0, "scores": [score | {"interval": [0.25, 0.75]}]},
        {"step": 4, "tokens": 256, "scores": [score | {"interval": None}]},
    ]
    assert report["control"]["asked"] == cap["asked"]
    assert base["asked"] == []


def test_what_happened_on_the_way_is_told_of_its_stage_alone(report: dict[str, Any]) -> None:
    base, cap, safety = report["stages"]
    assert [stage["steps_left_out"] for stage in report["stages"]] == [2, 0, 0]
    assert cap["edits"] == [{"step": 2, "changed": {"stages.cap.schedule.peak": ["0.003", "0.001"]}}]
    assert base["edits"] == safety["edits"] == []
    assert base["retention"] is safety["retention"] is None
    assert cap["retention"]["budget"] == {"web/en": 0.1}
    assert [decision["step"] for decision in cap["retention"]["decisions"]] == [2, 4]
    assert "early_end" not in base
    assert safety["early_end"]["reached"] == 2
    assert [it["refused"] for it in safety["early_end"]["measured"]] == [0.5, 1.0]
    assert (safety["early_end"]["harmless_refused"], safety["early_end"]["planned_tokens"]) == (0.1, 256)


def test_changes_are_since_the_first_stage_and_as_sure_as_their_documents_agree(report: dict[str, Any]) -> None:
    base, cap, safety = report["stages"]
    assert "change_intervals" not in base
    for stage in (cap, safety):  # documents that all change alike leave no doubt
        change = ENGLISH[stage["name"]] / ENGLISH["base"] - 1
        assert stage["change_intervals"]["en"] == pytest.approx([change, change], abs=1e-6)
        other = (ENGLISH[stage["name"]] + 1) / (ENGLISH["base"] + 1) - 1
        assert stage["change_intervals_other_domain"]["en"] == pytest.approx([other, other], abs=1e-6)


def test_a_control_is_told_beside_its_stage(report: dict[str, Any]) -> None:
    control = report["control"]
    assert (control["name"], control["stage"]) == ("apart", "cap")
    assert control["bits_per_byte"] == {"en": ENGLISH["cap-apart"]}
    assert "samples" not in control


def test_answers_are_compared_prompt_by_prompt_one_of_each_kind(report: dict[str, Any]) -> None:
    safety = report["safety"]
    assert (safety["before_stage"], safety["after_stage"]) == ("cap", "safety")
    assert safety["before"] == safety["after"] == RATES
    shown = [(row["kind"], row["prompt"], row["before"], row["after"]) for row in safety["examples"]]
    assert shown == [
        ("harmful", "First?", "before en-1", "after en-1"),
        ("benign", "Third?", "before en-3", "after en-3"),
    ]
    assert safety["policy"]["name"] == "made-up"


def test_answers_are_cut_by_category_and_by_hazard(report: dict[str, Any]) -> None:
    """A prompt counts under every hazard that its category meets; one that meets none is in no table of hazards."""
    safety = report["safety"]
    (category,) = {row["category"] for row in ANSWERS}
    assert list(safety["hazards"]) == ["vcr", "ssh"]
    assert safety["hazards"]["vcr"] == safety["hazards"]["ssh"] == safety["categories"][category]
    assert safety["hazards"]["vcr"]["after"]["harmful_prompts"] == sum(row["kind"] == "harmful" for row in ANSWERS)


def test_the_network_and_the_place_are_those_of_the_last_stage(made_up: MadeUp, report: dict[str, Any]) -> None:
    assert report["network"] == {
        "parameters": 401 * 16, "layers": 1, "width": 16, "vocabulary": 400, "sequence_length": 16,
    }  # fmt: skip
    assert report["environment"]["precision"] == "fp32"
    assert report["environment"].items() >= made_up.manifests["checkpoints/safety"].environment.items()
    assert report["hashes"] == {name: manifest.digest() for name, manifest in made_up.manifests.items()}
    assert list(report["hashes"])[:4] == [
        "checkpoints/base", "checkpoints/cap", "checkpoints/cap-apart", "checkpoints/safety",
    ]  # fmt: skip
    assert report["seconds"] == round(sum(manifest.seconds for manifest in made_up.manifests.values()), 1)
    assert report["recipe_text"] == made_up.loaded.text()
