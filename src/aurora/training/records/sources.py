"""What a stage read of each source, as a file: `sources.json` beside its final weights.

One decision: the stage writes it when it ends, as counted by its loader, so a report needs neither the token stores nor
the formula of the mixture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aurora.files import read_json, write_json

FILE = "sources.json"

# From a number of steps to what a stage's first so many read, as `aurora.tokens.stage_loader.stage_facts` gives it.
SourcesRead = Callable[[int], Mapping[str, Any]]


def write_sources(folder: Path, sources: Mapping[str, Any]) -> None:
    """Write what the stage in `folder` read."""
    write_json(folder / FILE, sources)


def read_sources(folder: Path) -> dict[str, Any]:
    """What a finished stage read: `tokens`, `loss_tokens`, `padding`, `sequences`, and the same for each of
    `sources`."""
    sources: dict[str, Any] = read_json(folder / FILE)
    return sources
