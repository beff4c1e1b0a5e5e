"""What the evaluation steps of a run write: figures as `results.json`, answers as `answers.jsonl`.

One decision: reading a measurement needs nothing that making it needed, so this imports no torch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aurora.files import read_json, read_json_lines

RESULTS, ANSWERS = "results.json", "answers.jsonl"


def read_results(folder: Path) -> dict[str, Any]:
    """The figures of an evaluation or a safety step."""
    results: dict[str, Any] = read_json(folder / RESULTS)
    return results


def read_answers(folder: Path) -> list[dict[str, Any]]:
    """The answers that the rates of a safety step count."""
    return list(read_json_lines(folder / ANSWERS))
