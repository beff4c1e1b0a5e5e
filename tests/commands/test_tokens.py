"""`aurora tokens`: stores built and described, and a sequence of a stage as text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.errors import AuroraError, UserError
from commands.conftest import invoke


def test_building_prints_what_inspecting_does(built: Path) -> None:
    found = json.loads(invoke("tokens", "inspect", built, "--json").stdout)
    assert found == json.loads(built.with_name("printed.json").read_text(encoding="utf-8"))
    assert found["tokenizer"] == {"vocabulary": 420}
    assert list(found["stages"]) == ["base", "cap", "cap-without-replay", "cat", "safety"]
    assert {"web/en", "web/fi", "web/hi", "programs/code", "redteam/pairs"} <= set(found["stores"])


def test_the_tables_have_a_row_for_every_store_and_stage(built: Path) -> None:
    shown = invoke("tokens", "inspect", built).stdout
    assert shown.startswith("Tokenizer of 420 entries")
    found = json.loads(built.with_name("printed.json").read_text(encoding="utf-8"))
    for name, store in found["stores"].items():
        (row,) = [line for line in shown.splitlines() if line.startswith(name) and f" {store['tokens']:,} " in line][:1]
        assert f"{store['documents']:,}" in row
    for name, stage in found["stages"].items():
        assert f"Stage {name}: {stage['tokens']:,} tokens in {stage['sequences']:,} sequences" in shown


def test_a_sequence_is_shown_of_the_last_stage_or_of_the_one_asked_for(built: Path) -> None:
    last = json.loads(invoke("tokens", "inspect", built, "--at", 3, "--json").stdout)
    assert (last["stage"], last["sequence"]) == ("safety", 3)
    asked = json.loads(invoke("tokens", "inspect", built, "--at", 3, "--stage", "base", "--json").stdout)
    assert (asked["stage"], asked["step"]) == ("base", 1)
    shown = invoke("tokens", "inspect", built, "--at", 3, "--stage", "base").stdout
    assert shown.startswith("Sequence 3 of stage base (step 1)")
    for document in asked["documents"]:
        assert document["text"].splitlines()[0] in shown


@pytest.mark.parametrize("arguments", [("--stage", "base"), ("--at", "-1"), ("--at", "x")])
def test_what_cannot_be_asked_is_a_usage_error(arguments: tuple[str, ...], built: Path) -> None:
    done = invoke("tokens", "inspect", built, *arguments)
    assert done.exit_code == 2
    assert "--at" in done.output


def test_what_the_run_does_not_have_is_named(built: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no stage 'later': choose from base, cap"):
        invoke("tokens", "inspect", built, "--at", 0, "--stage", "later")
    with pytest.raises(UserError):
        invoke("tokens", "inspect", built, "--at", 10**9)
    with pytest.raises(AuroraError, match="is not a run: give runs/NAME"):
        invoke("tokens", "inspect", tmp_path)
