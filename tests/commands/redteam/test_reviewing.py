"""`aurora redteam review|export|verify|lint`, as users give them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.cli import main
from aurora.commands.redteam import reviewing
from aurora.errors import AuroraError, UserError
from aurora.redteam.review.exporting import formats
from aurora.redteam.review.log.file import read_state
from commands.conftest import invoke
from review_log import Project, reviewed


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return reviewed(12).write(tmp_path / "log.jsonl")


def test_a_log_is_exported_and_verified_against_its_export(log: Path, tmp_path: Path) -> None:
    done = invoke("redteam", "export", log, "--output", tmp_path / "out", "--held-out-share", "0.3")
    assert "rows to train on" in done.stdout
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "README.md",
        "agreement.json",
        "held_out.jsonl",
        "manifest.json",
        "preferences.jsonl",
        "summary.json",
        "train.jsonl",
    }
    done = invoke("redteam", "verify", log, "--export", tmp_path / "out")
    assert "whole and signed by" in done.stdout
    told = json.loads(invoke("redteam", "verify", log, "--json").stdout)
    assert (told["faults"], told["items"]) == ([], {"accepted": 12})


def test_the_command_offers_every_format() -> None:
    assert set(reviewing.FORMATS) == set(formats.FORMATS)


def test_an_export_holds_while_its_log_grows(tmp_path: Path) -> None:
    project = reviewed(12)
    log = project.write(tmp_path / "log.jsonl")
    invoke("redteam", "export", log, "--output", tmp_path / "out")
    project.add(40)
    project.review("ann", 40)
    project.write(log)
    assert "whole" in invoke("redteam", "verify", log, "--export", tmp_path / "out").stdout


def test_a_tampered_event_is_named_and_nothing_is_exported(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = log.read_bytes().splitlines()
    lines[9] = lines[9].replace(b"CC0-1.0", b"MIT")
    log.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(AuroraError, match="not as it was written"):
        invoke("redteam", "verify", log)
    with pytest.raises(UserError, match=r"line 10: event 9 \(import of i4 by root .* was edited"):
        invoke("redteam", "export", log, "--output", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_changed_export_is_named(log: Path, tmp_path: Path) -> None:
    invoke("redteam", "export", log, "--output", tmp_path / "out", "--format", "csv")
    with open(tmp_path / "out/train.csv", "a") as stream:
        stream.write("more")
    with pytest.raises(AuroraError, match="is not what"):
        invoke("redteam", "verify", log, "--export", tmp_path / "out")


def test_a_key_that_is_another_is_named(log: Path) -> None:
    with pytest.raises(AuroraError, match="1 fault"):
        invoke("redteam", "verify", log, "--key", "0" * 64)


def test_nothing_accepted_is_nothing_to_export(tmp_path: Path) -> None:
    log = Project().begin().add(1).write(tmp_path / "log.jsonl")
    with pytest.raises(UserError, match="Nothing is accepted yet"):
        invoke("redteam", "export", log, "--output", tmp_path / "out")
    assert "items: 1 open" in invoke("redteam", "verify", log).stdout


def test_lint_tells_what_is_odd_and_ends_with_one(log: Path, tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text('{"prompt": "Open the door", "category": "cyber", "language": "en", "response": "No."}\n')
    done = invoke("redteam", "lint", path, "--policy", "eo-14110")
    assert done.stdout == "1 item, 0 findings\n"
    path.write_text('{"prompt": "Open the door", "category": "weather", "language": "en", "response": ""}\n')
    with pytest.raises(AuroraError, match="has 2 findings"):
        invoke("redteam", "lint", path, "--policy", "eo-14110")
    with pytest.raises(AuroraError, match="finding"):
        invoke("redteam", "lint", path, "--json")


def test_lint_shows_a_few_of_each_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = '{"prompt": "Open the door", "category": "cyber", "language": "en", "response": "", "label": "%s"}\n'
    (tmp_path / "items.jsonl").write_text("".join(row % ("a" if number % 2 else "b") for number in range(20)))
    with pytest.raises(SystemExit, match="1"):
        main(["redteam", "lint", str(tmp_path / "items.jsonl")])
    shown = capsys.readouterr().out
    assert shown.count(": empty: the answer is empty") == 5
    assert "... and 15 more of empty" in shown
    assert "... and 13 more of duplicate" in shown
    assert ": two labels: " in shown


@pytest.mark.parametrize("command", ["export", "verify", "lint"])
def test_what_is_not_there_is_the_users_mistake(command: str, tmp_path: Path) -> None:
    more = ["--output", tmp_path / "out"] if command == "export" else []
    with pytest.raises(UserError, match="does not exist"):
        invoke("redteam", command, tmp_path / "none.jsonl", *more)
    with pytest.raises(UserError):
        invoke("redteam", command, tmp_path, *more)


def test_a_review_is_begun_filled_and_its_log_written(tmp_path: Path) -> None:
    row = {"prompt": "One?", "category": "cyber", "language": "en"}
    (tmp_path / "items.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    log, data = tmp_path / "log.jsonl", str(tmp_path / "data")
    begin = ["--policy", "eo-14110", "--import", str(tmp_path / "items.jsonl"), "--add-user", "ada:reviewer"]
    invoke("redteam", "review", "--data", data, *begin, "--save-log", log)
    state = read_state(log)
    assert len(state.items) == 1
    assert sorted(person.role for person in state.people.values()) == ["admin", "reviewer"]
    invoke("redteam", "review", "--data", data, "--save-log", log)  # goes on without being told anything
    assert read_state(log).last == state.last


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "holds no review yet"),
        (["--policy", "no-such"], "does not exist"),
        (["--policy", "eo-14110", "--reviews", "4"], "less than --reviews"),
        (["--policy", "eo-14110", "--add-user", "ada"], "says no role"),
        (["--policy", "eo-14110", "--host", "0.0.0.0"], "--name"),
        (["--policy", "eo-14110", "--database", "mysql://a:b@c/d"], "not supported"),
    ],
    ids=["no policy", "no such policy", "too few", "no role", "no name", "another database"],
)
def test_what_a_review_cannot_be_begun_with(tmp_path: Path, options: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        invoke("redteam", "review", "--data", tmp_path / "data", *options)
