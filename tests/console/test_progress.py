"""Progress on standard error: a bar in a terminal, a line a minute in a log, and one voice among many ranks."""

from __future__ import annotations

import sys
import time

import pytest

from aurora.console import progress as module
from aurora.console.progress import progress, say


def test_no_bar_is_drawn_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("encode", 100, "B") as bar:
        bar.update(50)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_of_the_ranks_only_the_first_speaks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    say("wrote it")
    assert capsys.readouterr().err == "wrote it\n"
    monkeypatch.setattr(module, "_FOLLOWS", True)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    say("wrote it")
    with progress("train", 2, "step") as bar:
        bar.update(1)
    assert capsys.readouterr().err == ""


def test_in_a_log_a_bar_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LINE_SECONDS", 0.02)
    with progress("encode", 200, "B") as bar:
        bar.update(50)
        bar.set_postfix_str("en")
        _wait_for("encode: 25%, 50.0/200 in", capsys)
    with progress("compile", None, "B"):  # nothing can be counted, and it is told all the same
        _wait_for("compile: 00:0", capsys)
    capsys.readouterr()
    time.sleep(0.1)
    assert capsys.readouterr().err == "", "nothing is told of what has ended"


def test_amounts_are_told_once_a_part_has_ended(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LINE_SECONDS", 0.02)
    with progress("read", None, "B") as bar:
        bar.update(2000)
        _wait_for("read: 2.00kB in", capsys)


def _wait_for(said: str, capsys: pytest.CaptureFixture[str]) -> None:
    found, until = "", time.monotonic() + 20
    while said not in found:
        assert time.monotonic() < until, found
        time.sleep(0.01)
        found += capsys.readouterr().err
    assert found.endswith("\n")


def test_in_a_terminal_a_bar_moves_while_nothing_is_counted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BAR_SECONDS", 0.02)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    drawn, until = 0, time.monotonic() + 20
    with progress("compile", None, "B"):
        while drawn < 3:
            assert time.monotonic() < until
            time.sleep(0.02)
            drawn += capsys.readouterr().err.count("compile: 00:0")
