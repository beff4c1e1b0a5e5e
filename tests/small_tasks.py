"""Items of two tasks in the flat schema, for tests that ask something."""

from __future__ import annotations

import json
from pathlib import Path

NAMES = ("xed_fi", "mmlu_hi")


def write_tasks(folder: Path) -> Path:
    """A folder of data with five items of each of `NAMES`."""
    folder.mkdir()
    for name in NAMES:
        rows = [
            {"id": f"{n}", "question": f"No. {n}", "choices": ["a", "bc", "d", "e f"], "answer": 1} for n in range(5)
        ]
        (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return folder
