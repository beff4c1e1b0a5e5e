"""What Aurora finds where it runs: versions, machine, accelerator, memory, extras and folders.

One decision: nothing is tried out (no download, no allocation) but a sandbox with nothing in it, so the answer takes
seconds on any machine, whatever is missing there.
"""

from __future__ import annotations

import os
import shutil
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path

from aurora.errors import AuroraError
from aurora.files import default_cache
from aurora.run.environment import environment

DISTRIBUTION = "aurora-lm"
# Extras that users install; the others are for working on Aurora itself.
EXTRAS = ("fasttext", "cluster", "perplexity", "hub", "web", "trackers")


def surroundings() -> dict[str, str]:
    """The facts by name, in the order in which they are shown."""
    found = {**environment(), "package": str(Path(__file__).parents[1]), "accelerator": _accelerator()}
    found |= {"memory": _memory(), "disk here": f"{shutil.disk_usage(Path.cwd()).free / 1e9:,.1f} GB free"}
    found |= {"cache": str(default_cache()), "extras": _extras(), "browser": _browser(), "generated code": _sandbox()}
    return found


def _accelerator() -> str:
    import torch

    if not torch.cuda.is_available():
        return "none that this build of torch can use"
    names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return ", ".join(dict.fromkeys(f"{names.count(name)} x {name}" for name in names))


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:,.1f} GB"
    except (ValueError, OSError):  # a system that does not say
        return "unknown"


def _extras() -> str:
    """The extras whose packages are all installed, by the names that `pip install 'aurora-lm[NAME]'` takes."""
    try:
        provided, needed = metadata(DISTRIBUTION).get_all("Provides-Extra") or [], requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return "unknown: Aurora runs from a folder and is not installed"
    there = [name for name in EXTRAS if name in provided and all(map(_is_there, _packages(needed, name)))]
    return ", ".join(there) or "none"


def _packages(needed: list[str], extra: str) -> list[str]:
    """Names of the packages that an extra needs, from lines such as `ray>=2.40; extra == 'cluster'`."""
    lines = [line for line in needed if f"extra == '{extra}'" in line or f'extra == "{extra}"' in line]
    ends = "<>=!~;[ ("
    return [line[: min(line.index(end) for end in ends if end in line)] for line in lines]


def _is_there(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def _browser() -> str:
    from aurora.reporting.page.browser import find_chromium

    try:
        return find_chromium()
    except AuroraError:
        return "no Chromium, so no pictures of reports"


def _sandbox() -> str:
    from aurora.evaluation.sandbox.jail import why_no_jail
    from aurora.evaluation.sandbox.toolchains.known import COMMANDS

    there = [language for language, command in COMMANDS.items() if shutil.which(command) is not None]
    jail = f"no, {why_no_jail()}" if why_no_jail() else "in bubblewrap"
    return f"{jail}; tools of {', '.join(there)}"
