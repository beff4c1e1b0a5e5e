"""What programs cannot reach, with the host as it was; and a jail that does not stand is said to.

Attacks that harm nothing are shown to work without a jail, so that these tests see what they say they see.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from aurora.errors import UserError
from aurora.evaluation.sandbox import jail
from aurora.evaluation.sandbox.jail import require_jail
from aurora.evaluation.sandbox.running import run
from evaluation.sandbox.attacks import ATTACKS, PRELUDE
from evaluation.sandbox.conftest import LIMITS, Jailed

HARMLESS = ("read the host's files", "reach a server on loopback", "reach a server behind a file")
HARMLESS += ("reach a server with an abstract name", "see other processes", "follow links")


class Host:
    """A host with servers, a secret in a file and one in the environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self.tcp.getsockname()[1]
        self.servers = [self.tcp, socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)]
        self.servers[1].bind(str(folder / "socket"))
        self.servers[2].bind(f"\0aurora-{self.port}")
        (folder / "socket").chmod(0o777)
        for server in self.servers:
            server.listen()

    def program(self, name: str) -> str:
        """An attack on this host."""
        text = dedent(ATTACKS[name]).replace("SECRET", str(self.folder / "secret.txt"))
        text = text.replace("HOSTPID", str(os.getpid())).replace("HOSTPARENT", str(os.getppid()))
        text = (
            text.replace("HOSTHOME", str(Path.home())).replace("HOST", str(self.folder)).replace("PORT", str(self.port))
        )
        return f"{PRELUDE}{text}\nprint('TRIED', flush=True)\n"

    def state(self) -> dict[str, tuple[int, int, bytes]]:
        """Every file with its times and content."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            about = path.stat()
            found[path.name] = about.st_mtime_ns, about.st_nlink, path.read_bytes() if path.is_file() else b""
        return found


@pytest.fixture
def attacked(host: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setenv("AURORA_TEST_WORD", "another secret")
    made = Host(host)
    yield made
    for server in made.servers:
        server.close()


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_contained(name: str, jailed: Jailed, attacked: Host) -> None:
    before = attacked.state()
    outcome = jailed(attacked.program(name))
    assert outcome.status != "not run", outcome.why
    assert "REACHED" not in outcome.stdout, outcome.stdout
    assert "TRIED" in outcome.stdout, outcome
    assert attacked.state() == before


@pytest.mark.parametrize("name", HARMLESS)
def test_the_same_attack_succeeds_without_a_jail(name: str, attacked: Host) -> None:
    outcome = run(attacked.program(name), "python", LIMITS, unsafe=True)
    assert "REACHED" in outcome.stdout, outcome


COMPILED = {
    "include the host's files": ('#include "SECRET"\nint main() {}', "not built"),
    "assemble the host's files": ('asm(".incbin \\"SECRET\\""); int main() {}', "not built"),
    "read with a C program": (
        '#include <cstdio>\nint main() { puts(fopen("SECRET", "r") ? "REACHED" : "TRIED"); }',
        "finished",
    ),
    "flood its compiler": (
        "#define A(x) x x x x x x x x x x\n#define B(x) A(A(A(x)))\nB(B(int 1;)) int main() {}",
        "too much output",
    ),
}


@pytest.mark.parametrize("name", COMPILED)
def test_compilers_are_jailed_too(name: str, bubblewrap: None, host: Path) -> None:
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    program, status = COMPILED[name]
    outcome = run(program.replace("SECRET", str(host / "secret.txt")), "cpp", LIMITS)
    assert outcome.status == status, outcome
    assert "REACHED" not in outcome.stdout
    assert "the host's secret" not in outcome.stdout + outcome.stderr


@pytest.fixture
def unknown_jail() -> Iterator[None]:
    """What is known of the jail of this machine is forgotten, before and after."""
    jail.why_no_jail.cache_clear()
    yield
    jail.why_no_jail.cache_clear()


def test_without_bubblewrap_nothing_begins(unknown_jail: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"`bwrap` is not installed.*apt-get install bubblewrap.*--unsafe-code"):
        require_jail()
    require_jail(unsafe=True)


def test_a_bubblewrap_that_fails_is_quoted(unknown_jail: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(UserError, match=r"bubblewrap fails .bwrap: No permissions to create new namespace."):
        require_jail()


def test_other_systems_have_no_jail(unknown_jail: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(UserError, match="needs Linux"):
        require_jail()
