"""A jail to try, as root starts one and as anybody else does, and a host on which something could be reached."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aurora.evaluation.sandbox.jail import require_jail
from aurora.evaluation.sandbox.outcome import MEBIBYTE, Limits, Outcome
from aurora.evaluation.sandbox.running import run
from aurora.evaluation.sandbox.toolchains import known

LIMITS = Limits(
    cpu_seconds=20, seconds=60, memory=400 * MEBIBYTE, files=48 * MEBIBYTE, output=100_000, processes=40, open_files=100
)

Jailed = Callable[..., Outcome]


@pytest.fixture
def bubblewrap() -> None:
    """Skips where no program can be jailed, saying why."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    require_jail()


def _jail(who: str) -> object:
    """The jail that this user would not start is tried with the slow tests."""
    own = (who == "root") == (os.geteuid() == 0)
    return pytest.param(who, id=who, marks=() if own else pytest.mark.slow)


@pytest.fixture(params=[_jail("root"), _jail("anybody")])
def jailed(request: pytest.FixtureRequest, bubblewrap: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jailed]:
    """`run` with small limits, in the jail that root starts and in the one that anybody else starts."""
    if request.param == "root" and os.geteuid() != 0:
        pytest.skip("these tests are not run by root")
    if request.param == "anybody" and os.geteuid() == 0:
        if not Path(f"/usr/bin/python3.{sys.version_info.minor}").exists():
            pytest.skip("no Python is installed that another user may read")
        popen = subprocess.Popen

        def by_nobody(command: list[str], **how: object) -> object:
            if command[0].endswith("bwrap"):
                how |= {"user": 65534, "group": 65534, "extra_groups": []}
            return popen(command, **how)

        monkeypatch.setattr(os, "geteuid", lambda: 65534)
        monkeypatch.setattr(sys, "base_prefix", "/usr")
        monkeypatch.setattr(subprocess, "Popen", by_nobody)

    def jailed(program: str, language: str = "python", limits: Limits = LIMITS) -> Outcome:
        return run(program, language, limits)

    known.found.cache_clear()
    yield jailed
    known.found.cache_clear()


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A folder of the host with a secret, which anybody may read and write."""
    for folder in (tmp_path, *tmp_path.parents[:2]):  # pytest keeps its folders to itself
        folder.chmod(0o777)
    secret = tmp_path / "secret.txt"
    secret.write_text("the host's secret")
    secret.chmod(0o666)
    return tmp_path


def processes_with(word: str) -> list[Path]:
    """The processes of this machine that have `word` in their command lines, as folders of /proc."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word in path.read_text(errors="replace"):
                found.append(path.parent)
        except OSError:  # it has ended
            continue
    return found
