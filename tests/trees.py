"""Comparing whole runs: every name and byte, but for what legitimately differs, which is named here one by one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

# Wall times and what is computed from them, and how much memory a process had, which grows with what it did before.
TIMES = {
    "seconds", "tokens_per_second", "step_seconds", "model_flops_per_second", "utilisation", "data_wait",
    "memory_bytes", "peak_memory_bytes",
}  # fmt: skip
# Where a step ran, and hashes of files that hold any of these.
ELSEWHERE = {"environment", "hashes"}
# Files that hold times, as JSON or JSON lines: compared without them.
TIMED = ("manifest.json", "state.json", "metrics.jsonl", "report.json")
# The page is made from report.json alone; the seal and the memory of hashes hold hashes of files with times; the lock
# is empty; the plan of a corpus holds the path of its run. That they are there is compared, and no more.
UNLIKE = ("report.html", "seal.json", ".hashes.json", ".lock", "plan.json")
# Every attempt leaves a file of events, named by its time and process.
EVENTS = "tensorboard"


def assert_same_tree(left: Path, right: Path) -> None:
    """The same names with the same content, however often one of the two was killed."""
    one, other = contents(left), contents(right)
    assert one.keys() == other.keys()
    for name in one:
        assert one[name] == other[name], name


def contents(root: Path) -> dict[str, Any]:
    """What lies below a folder, by name: folders, links and files, each with what is to be the same."""
    found: dict[str, Any] = {}
    for path in sorted(root.rglob("*")):
        place = path.relative_to(root)
        if place.parts[0] != EVENTS:
            found[place.as_posix()] = "a folder" if path.is_dir() and not path.is_symlink() else _content(path)
    return found


def _content(path: Path) -> Any:
    if path.name in UNLIKE:
        return "a file"
    if path.name not in TIMED:
        return path.read_bytes()
    text = path.read_text(encoding="utf-8")
    return _timeless([json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else json.loads(text))


def _timeless(value: Any) -> Any:
    """JSON without times, and without hashes and sizes of files that hold them."""
    if isinstance(value, dict):
        return {
            key: "a file" if Path(key).name in TIMED else _timeless(item)
            for key, item in value.items()
            if key not in TIMES | ELSEWHERE
        }
    return [_timeless(item) for item in value] if isinstance(value, list) else value
