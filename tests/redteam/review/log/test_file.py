from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.redteam.review.agreement import agreement_table
from aurora.redteam.review.exporting.rows import rows_of
from aurora.redteam.review.log.file import read_lines, read_state, verify, write_log
from aurora.redteam.review.log.keys import public_hex
from aurora.redteam.review.log.values import LONGEST_LINE
from review_log import Project, reviewed


def test_a_log_is_read_as_it_was_written(tmp_path: Path) -> None:
    project = reviewed(4)
    path = project.write(tmp_path / "log.jsonl")
    assert list(read_lines(path)) == project.lines()
    assert read_state(path).last == project.state.last
    assert write_log(tmp_path / "other.jsonl", project.events) == len(project.events)


def test_a_part_of_a_log_can_be_replayed(tmp_path: Path) -> None:
    path = reviewed(4).write(tmp_path / "log.jsonl")
    state = verify(path, first=7).state
    assert state is not None
    assert state.count == 7


def test_a_log_of_another_key_is_told(tmp_path: Path) -> None:
    project = reviewed(2)
    path = project.write(tmp_path / "log.jsonl")
    assert verify(path, public_hex(project.key)).faults == []
    assert "another log" in verify(path, public_hex(Project(seed=2).key)).faults[0].sentence


def test_what_is_wrong_is_told_with_its_line(tmp_path: Path) -> None:
    lines = reviewed(3).lines()
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"\n".join([*lines[:6], *lines[7:]]) + b"\n")
    assert [fault.sentence for fault in verify(path).faults] == ["event 6 is missing"]
    with pytest.raises(UserError, match="line 7: event 6 is missing: restore it"):
        read_state(path)


def test_a_signed_event_that_could_not_have_happened_is_told(tmp_path: Path) -> None:
    from aurora.redteam.review.log.chain import signed
    from aurora.redteam.review.log.contents import Review

    project = Project().begin().add(1)
    event = project.state.next("adjudication", "ann", Review(label="refuse", category="cyber"), "i1")
    project.events.append(signed(event, project.key))
    path = project.write(tmp_path / "log.jsonl")
    assert "only an adjudicator or an admin" in verify(path).faults[0].sentence


@pytest.mark.parametrize("content", [b"", b"\n", b"text\n", b"{}\n"], ids=["empty", "line", "text", "table"])
def test_what_is_no_log_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(content)
    with pytest.raises(UserError, match="is no log of a review"):
        verify(path)
    path.write_bytes(content + Project().begin().lines()[1] + b"\n")
    assert "head" in verify(path).faults[0].sentence


def test_line_ends_of_windows_are_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join(line + b"\r\n" for line in reviewed(2).lines()))
    with pytest.raises(UserError, match="line ends of Windows"):
        verify(path)


def test_what_is_no_key_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="64 hexadecimal digits"):
        verify(reviewed(2).write(tmp_path / "log.jsonl"), "zz")


def test_files_that_cannot_be_logs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        verify(tmp_path / "none.jsonl")
    with pytest.raises(UserError, match="folder: give a log as a file"):
        verify(tmp_path)
    endless = tmp_path / "endless.jsonl"
    endless.write_bytes(b"x" * (LONGEST_LINE + 10))
    with pytest.raises(UserError, match="line of more than"):
        verify(endless)


@pytest.mark.slow
@pytest.mark.timeout(600)  # a busy machine takes four times as long
def test_a_log_of_100_000_events_is_replayed_to_the_same_bytes(tmp_path: Path) -> None:
    """Its last event alone is signed, which vouches for all others."""
    project = Project().begin()
    project.sign = False
    for number in range(33_333):
        project.add(number)
        project.review("ann", number)
        project.review("bob", number)
    project.sign = True
    project.add(40_000)
    log = project.write(tmp_path / "log.jsonl")
    project.events.clear()
    state = read_state(log)
    assert state.count > 100_000
    assert agreement_table(state) == agreement_table(project.state)
    assert [row.table() for row in rows_of(state)] == [row.table() for row in rows_of(project.state)]
