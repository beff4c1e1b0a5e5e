"""A toolchain: the tools that build and run a language's programs, and what of the host they need to see.

One decision: a tool outside `/usr` brings its own installation into the jail and nothing around it; a home folder is
never seen, whatever lies in it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aurora.errors import UserError

_SECONDS = 60  # for a tool to say its version, on a busy machine


class ToolMissing(UserError):
    """A language cannot be run here, and what to install."""


@dataclass(frozen=True)
class Toolchain:
    """How programs of a language are run. `build` and `run` are a shell's words, said beside the file."""

    language: str
    file: str  # the name of a program's file
    build: str  # empty: it needs no building
    run: str
    version: str
    reads: tuple[Path, ...] = ()  # folders of the host beside /usr
    hidden: tuple[Path, ...] = ()  # folders seen as empty
    environment: Mapping[str, str] = field(default_factory=dict)


def tool(name: str, language: str, install: str) -> Path:
    """Where the program `name` is, with all links followed; `ToolMissing` says what to install."""
    found = shutil.which(name)
    if found is None:
        raise ToolMissing(f"{language} programs cannot run here: `{name}` is not on the PATH; install it ({install}).")
    return Path(found).resolve()


def said(words: list[str], language: str) -> str:
    """What a tool prints, without white space around; `ToolMissing` where it fails."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        reason = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        raise ToolMissing(
            f"{language} programs cannot run here: `{' '.join(words[:3])}` fails ({reason[-1]})."
        ) from error
    return (done.stdout or done.stderr).strip()


def installation(program: Path) -> Path:
    """The folder of a program's installation: `PREFIX` of `PREFIX/bin/NAME`, else the program's own folder."""
    return program.parent.parent if program.parent.name == "bin" else program.parent


def seen(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Those of `folders` that exist and do not lie in `/usr`; `ToolMissing` for a home folder and one around it."""
    home = Path.home()
    wanted = []
    for folder in folders:
        if not folder.exists() or folder.is_relative_to("/usr") or folder in wanted:
            continue
        if home.is_relative_to(folder):
            raise ToolMissing(f"{folder} would show your home folder to generated code: install that tool elsewhere.")
        wanted.append(folder)
    return tuple(wanted)


def folders_of(variable: str) -> list[Path]:
    """The folders that an environment variable lists, such as NODE_PATH."""
    return [Path(part).resolve() for part in os.environ.get(variable, "").split(os.pathsep) if part]
