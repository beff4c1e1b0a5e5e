"""Prompts as a file of JSON lines, which replaces only what this module has written.

One decision: a line begins with the same keys in the same order, so that a file says by its first line whether it is
one of prompts. A file that somebody else has written, or a folder, is never replaced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from aurora.errors import UserError
from aurora.files import atomic_file, keep_from_overwriting
from aurora.redteam.generating.prompt import Prompt

PROMPTS = "prompts.jsonl"
ENDING = ".jsonl"
_BEGINNING = re.compile(rb'\{"id": "[0-9a-f]{16}", "policy": "[a-z0-9_-]+", "version": "[0-9.]+", "category": "')


def place_of(output: Path) -> Path:
    """The file that `output` means: itself where it is named as one, else one in the folder."""
    if output.suffix not in ("", ENDING) and not output.is_dir():
        raise UserError(f"{output} is written as JSON lines: give a name that ends in {ENDING}, or a folder.")
    return output if output.suffix == ENDING else output / PROMPTS


def keep_others(path: Path) -> None:
    """`UserError` where another file stands at `path`."""
    keep_from_overwriting(path, lambda beginning: not beginning or _BEGINNING.match(beginning) is not None)


def write_prompts(path: Path, prompts: Iterable[Prompt]) -> None:
    """Write one line a prompt, atomically."""
    with atomic_file(path, "w") as stream:
        for prompt in prompts:
            stream.write(json.dumps(asdict(prompt), ensure_ascii=False) + "\n")
