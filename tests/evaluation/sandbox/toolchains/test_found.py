"""Where tools are, and what of the host comes into a jail with them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from aurora.evaluation.sandbox.toolchains.found import ToolMissing, folders_of, installation, said, seen, tool


def test_a_missing_tool_says_what_to_install() -> None:
    with pytest.raises(ToolMissing, match=r"Go programs cannot run here: `no-such-go` is not on the PATH.*golang-go"):
        tool("no-such-go", "Go", "apt-get install golang-go")


def test_a_tool_is_where_its_links_lead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "opt" / "bin").mkdir(parents=True)
    program = tmp_path / "opt" / "bin" / "real"
    program.write_text("#!/bin/sh\necho 1.2\n")
    program.chmod(0o755)
    (tmp_path / "named").symlink_to(program)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tool("named", "Made up", "nothing") == program.resolve()
    assert installation(program) == tmp_path / "opt"
    assert installation(tmp_path / "opt" / "tool") == tmp_path / "opt"


def test_what_a_tool_says() -> None:
    assert said([sys.executable, "-c", "print(' 1.2 ')"], "Python") == "1.2"
    with pytest.raises(ToolMissing, match=r"Python programs cannot run here: .* fails \(.*mine"):
        said([sys.executable, "-c", "raise SystemExit('mine')"], "Python")


def test_a_home_folder_is_never_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home" / "me"
    (home / "tools").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    assert seen([home / "tools", Path("/usr/lib"), tmp_path / "absent", home / "tools"]) == (home / "tools",)
    for folder in (home, home.parent, Path("/")):
        with pytest.raises(ToolMissing, match="would show your home folder"):
            seen([folder])


def test_folders_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_PATH", "/opt/a::/opt/b")
    assert folders_of("NODE_PATH") == [Path("/opt/a"), Path("/opt/b")]
    monkeypatch.delenv("NODE_PATH")
    assert folders_of("NODE_PATH") == []
