"""Where a command's answers wait in case it is stopped: the same command again goes on from them.

One decision: the file is named by what is asked, lies in the user's cache and goes when the command is done, so nobody
has to ask for it and nothing is left behind. What is asked decides the name alone: an answer's key holds all else.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from aurora.console.progress import say
from aurora.files import canonical_json, default_cache

STALE = 30 * 86_400  # seconds after which nobody comes back for answers
ENDING = ".sqlite"


@contextmanager
def resuming(asked: Any) -> Iterator[Path | None]:
    """The file of answers of a command that asks what `asked` says (what JSON can hold); gone when the block ends well.

    None where the processes of a job are on several machines, whose file systems may not share such a file, and where
    the user's cache cannot be written.
    """
    path = default_cache() / "answers" / f"{hashlib.sha256(canonical_json(asked)).hexdigest()[:32]}{ENDING}"
    if _on_several_machines() or not _writable(path.parent):
        yield None
        return
    if path.is_file():
        say("  goes on where the same command was stopped")
    yield path
    with suppress(OSError):
        path.unlink()


def _on_several_machines() -> bool:
    return os.environ.get("WORLD_SIZE", "1") != os.environ.get("LOCAL_WORLD_SIZE", "1")


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"*{ENDING}"):
            if time.time() - left.stat().st_mtime > STALE:
                left.unlink()
    except OSError:
        pass
    return os.access(folder, os.W_OK)
