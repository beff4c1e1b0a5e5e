"""Progress on standard error: quiet where nobody watches, and one voice among many ranks."""

from __future__ import annotations

import sys

import pytest

from aurora import progress as module
from aurora.progress import progress, say


def test_nothing_is_drawn_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
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
