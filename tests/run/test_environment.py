"""What a manifest says of where it was made: enough to tell two runs apart, and never a guess."""

from __future__ import annotations

import platform
import re
from importlib.metadata import version

import pytest

from aurora.run import environment as module
from aurora.run.environment import LIBRARIES, environment
from aurora.version import __version__


def test_it_names_what_can_change_a_result() -> None:
    found = environment()
    assert found["aurora"] == __version__
    assert found["python"] == platform.python_version()
    assert {name: found[name] for name in LIBRARIES} == {name: version(name) for name in LIBRARIES}
    assert int(found["cores"]) >= 1
    assert all(found[name] for name in ("cpu", "platform"))


def test_a_library_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIBRARIES", ("numpy", "no-such-library"))
    found = environment.__wrapped__()
    assert "numpy" in found
    assert "no-such-library" not in found


def test_a_checkout_is_known_by_its_commit_and_whether_files_differ_from_it() -> None:
    """Elsewhere, as where Aurora is installed from a wheel, nothing is said of a commit."""
    commit = environment().get("commit")
    assert commit is None or re.fullmatch(r"[0-9a-f]{40,64}( with changes)?", commit)


def test_it_is_asked_once_a_process() -> None:
    assert environment() is environment()
