"""Prompts as a file of JSON lines.

One decision: people read such a file and correct it, so one that says anything else is never replaced.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from aurora.errors import UserError
from aurora.files import json_lines, write_once
from aurora.redteam.generating.prompt import Prompt

PROMPTS = "prompts.jsonl"
ENDING = ".jsonl"


def place_of(output: Path) -> Path:
    """The file that `output` means: itself where it is named as one, else one in the folder."""
    if output.suffix not in ("", ENDING) and not output.is_dir():
        raise UserError(f"{output} is written as JSON lines: give a name that ends in {ENDING}, or a folder.")
    return output if output.suffix == ENDING else output / PROMPTS


def write_prompts(path: Path, prompts: Iterable[Prompt]) -> None:
    """Write one line a prompt, atomically; `UserError` where another text stands there."""
    write_once(path, json_lines(map(asdict, prompts)))
