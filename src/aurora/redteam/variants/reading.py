"""Prompts of a file of JSON lines, as `aurora redteam generate` and `vary` write them.

One decision: a line says all that a prompt is, so what is made of it has its policy, version, clause and licence
without a look at anything else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from aurora.errors import UserError
from aurora.redteam.generating.prompt import Prompt
from aurora.redteam.prompts import Kind
from aurora.redteam.variants.making import Variant

LONGEST, LONGEST_LINE = 8_000, 1_000_000  # characters of a prompt, and of all that is said of it
_TEXTS = [field.name for field in fields(Prompt) if field.name != "twin"]
_EMPTY = {"response"}  # may be


def read_prompts(path: Path) -> list[Prompt]:
    """The prompts of a file, in order; `UserError` names the first line that is none, and a prompt that comes twice."""
    if not path.is_file():
        raise UserError(f"{path} is no file: give one that `aurora redteam generate` wrote.")
    found: dict[str, Prompt] = {}
    for number, row in _rows(path):
        prompt = _prompt(row, f"{path}, line {number}")
        if prompt.id in found:
            raise UserError(f"{path}, line {number}: the prompt {prompt.id} stands there twice: remove one.")
        found[prompt.id] = prompt
    if not found:
        raise UserError(f"{path} holds no prompts: give a file that `aurora redteam generate` wrote.")
    return list(found.values())


def _rows(path: Path) -> Iterator[tuple[int, Any]]:
    """What each line holds, with its number."""
    number = 0
    try:
        with open(path, encoding="utf-8") as lines:
            while line := lines.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise ValueError(f"it has more than {LONGEST_LINE:,} characters")
                if line.strip():
                    row = json.loads(line)
                    json.dumps(row, ensure_ascii=False).encode()  # half a character ends whatever has to write it
                    yield number, row
    except (ValueError, RecursionError) as error:
        said = getattr(error, "reason", "") or str(error)
        raise UserError(
            f"{path}, line {number or 1}: this is no line of a file of prompts ({said}): correct it."
        ) from error
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error}): check the path.") from error


def _prompt(row: Any, place: str) -> Prompt:
    if not isinstance(row, dict):
        raise UserError(f"{place}: this is no prompt: give a file that `aurora redteam generate` wrote.")
    for name in _TEXTS:
        value = row.get(name)
        if not isinstance(value, str) or (not value.strip() and name not in _EMPTY):
            raise UserError(f"{place}: this is no prompt (`{name}` is no text): correct the line.")
    if row["kind"] not in get_args(Kind):
        raise UserError(f"{place}: this is no prompt (`kind` is neither harmful nor benign): correct the line.")
    if len(row["prompt"]) > LONGEST:
        raise UserError(f"{place}: this prompt has {len(row['prompt']):,} characters, and {LONGEST:,} at most may be.")
    twin, made = row.get("twin"), row.get("made")
    texts = {**{name: row[name] for name in _TEXTS}, "twin": twin if isinstance(twin, str) else None}
    if made is None:
        return Prompt(**texts)
    if not isinstance(made, dict) or not all(isinstance(value, str) for value in made.values()):
        raise UserError(f"{place}: this is no prompt (`made` is no table of texts): correct the line.")
    return Variant(**texts, made=made)
