"""What a stage read of each source, as a file: `sources.json` beside its final weights.

One decision: the stage writes it when it ends, as its loader counts it, so a report tells what was read without the
stores and without the formula of the mixture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aurora.files import read_json, write_json

FILE = "sources.json"

# What so many first steps read, as `aurora.tokens.stage_loader.stage_facts` tells.
SourcesRead = Callable[[int], Mapping[str, Any]]


def write_sources(folder: Path, found: Mapping[str, Any]) -> None:
    """Write what the stage in `folder` read."""
    write_json(folder / FILE, found)


def read_sources(folder: Path) -> dict[str, Any]:
    """What a finished stage read: `tokens`, `loss_tokens`, `padding`, `sequences`, and `sources` with the same each."""
    found: dict[str, Any] = read_json(folder / FILE)
    return found
