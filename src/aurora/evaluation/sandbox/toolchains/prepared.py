"""Libraries that are compiled once and kept in the user's cache, for languages that would compile them every time.

One decision: a folder is named by everything it was made from and appears by one rename, so what is found is whole.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from aurora.console.progress import say
from aurora.files import default_cache

_STALE = 86_400  # seconds after which nobody fills a folder any more


def prepared(language: str, made_from: Sequence[str], make: Callable[[Path], None]) -> Path:
    """The folder that `make` filled for `made_from`, now or in an earlier run.

    `make` is given a folder that is still called `FINAL.partial-...`; `final_name` tells what it will be called.
    """
    digest = hashlib.sha256("\0".join(made_from).encode()).hexdigest()[:16]
    final = default_cache() / "sandbox" / f"{language.lower()}-{digest}"
    if final.is_dir():
        return final
    say(f"Compiling libraries for programs in {language}, once on this machine ...")
    final.parent.mkdir(parents=True, exist_ok=True)
    for left in final.parent.glob(f"{final.name}.partial-*"):  # by a process that was killed
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE:
                shutil.rmtree(left)
    folder = Path(tempfile.mkdtemp(prefix=f"{final.name}.partial-", dir=final.parent))
    try:
        make(folder)
        folder.chmod(0o755)  # programs are another user's
        try:
            folder.rename(final)
        except OSError:  # another process was first
            if not final.is_dir():
                raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return final


def final_name(folder: Path) -> Path:
    """What the folder that `prepared` gives to `make` will be called."""
    return folder.with_name(folder.name.partition(".partial-")[0])
