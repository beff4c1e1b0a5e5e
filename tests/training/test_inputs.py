"""What a stage is given: as it is said once, and with nothing where nothing is said."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import pytest

from aurora.training.inputs import Places, Reading, Training
from aurora.training.stage import train_stage
from aurora.training.wish import AS_IT_IS
from training.small_stage import Lab


def test_what_is_not_said_is_nothing(lab: Lab) -> None:
    """The least that a stage can be given is enough: it is measured by nobody, and records that it read no source."""
    stage = lab.stage(2)
    training = Training(stage, lab.new_model(), lab.execution(), lambda step: {})
    places = Places(lab.folder / "stage", lab.folder / "events", lab.tokenizer_file)
    assert (training.evaluate, training.first_new_entry, places.finished) == (None, None, None)
    reading = Reading(lab.loader(stage))
    assert reading.contents(0) == []
    train_stage(training, reading, places, AS_IT_IS)
    assert json.loads((places.folder / "sources.json").read_text()) == {}
    records = [json.loads(line) for line in (places.folder / "metrics.jsonl").read_text().splitlines()]
    assert [record["step"] for record in records] == [1, 2]
    assert not [key for record in records for key in record if "held_out" in key]


def test_what_is_said_holds_for_the_whole_stage(tmp_path: Path) -> None:
    places = Places(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    with pytest.raises(FrozenInstanceError):
        places.folder = tmp_path  # type: ignore[misc]
    assert replace(places, finished=tmp_path).folder == tmp_path / "a"


def test_each_thing_is_given_in_one_place() -> None:
    names = [field.name for kind in (Training, Reading, Places) for field in fields(kind)]
    assert len(set(names)) == len(names)
