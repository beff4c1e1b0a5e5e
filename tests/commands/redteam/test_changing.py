"""`aurora redteam diff` as a user gives it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from aurora.cli import main
from commands.conftest import invoke
from edited_policy import write_versions


def test_one_clause_changed_lists_exactly_what_hangs_on_it(tmp_path: Path) -> None:
    old, new = write_versions(tmp_path)
    invoke("redteam", "generate", old, "--languages", "fi", "--count", "24", "--output", tmp_path / "data")
    before = (tmp_path / "data/prompts.jsonl").read_bytes()
    done = invoke("redteam", "diff", old, new, "--data", tmp_path / "data")
    assert done.stdout.splitlines()[0] == "club 1.0 -> 1.1"
    assert "privacy reads otherwise (privacy.refused): 65577efd60d31b35 -> f7ae8993ce226574" in done.stdout
    assert re.search(r"prompts\.jsonl: 12 of 33$", done.stdout, re.MULTILINE)
    told = json.loads(invoke("redteam", "diff", old, new, "--data", tmp_path / "data", "--json").stdout)
    rows = [json.loads(line) for line in before.decode().splitlines()]
    assert told["rows"][0]["hanging"] == [row["id"] for row in rows if row["category"] == "privacy"]
    assert (tmp_path / "data/prompts.jsonl").read_bytes() == before


def test_the_same_policy_has_nothing_hanging() -> None:
    done = invoke("redteam", "diff", "nist-ai-600-1", "nist-ai-600-1")
    assert done.stdout.splitlines() == ["nist-ai-600-1 1.0 -> 1.0", "  every clause reads as it did"]


def test_a_version_that_stayed_is_told(tmp_path: Path) -> None:
    old, new = write_versions(tmp_path)
    new.write_text(new.read_text("utf-8").replace('version: "1.1"', 'version: "1.0"'), encoding="utf-8")
    assert "both say version 1.0: give NEW a higher one" in invoke("redteam", "diff", old, new).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nist-ai-600-1", "eu-ai-act"], "two policies"),
        (["nist-ai-600-1", "gone.yaml"], r"gone\.yaml does not exist"),
        (["nist-ai-600-1", "nist-ai-600-1", "--data", "gone"], "--data gone does not exist"),
        (["nist-ai-600-1", "nist-ai-600-1", "--run", "gone"], "gone is not a run"),
        (["nist-ai-600-1"], "Missing argument 'NEW'"),
    ],
)
def test_what_cannot_be_compared_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["redteam", "diff", *arguments])
    assert ended.value.code == 2
    assert re.search(said, capsys.readouterr().err)
