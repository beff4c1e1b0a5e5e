"""Results of tasks as a table: a line for each task and checkpoint, the first without a comparison."""

from __future__ import annotations

from typing import Any

from aurora.evaluation.suites.shown import COLUMNS, lines

FOUND: dict[str, Any] = {
    "own": {
        "chance": 0.25,
        "accuracy": {
            "base": {"mean": 0.5, "low": 0.4, "high": 0.6, "items": 100},
            "cap": {"mean": 0.25, "low": 0.1714, "high": 0.3444, "items": 100},
        },
        "compared": {"cap": {"difference": -0.25, "holm": 0.0004, "verdict": "forgot"}},
    }
}


def test_every_figure_has_its_column() -> None:
    header, first, second = lines(FOUND)
    assert header.split() == [word for column in COLUMNS for word in column.split()]
    assert first.split() == ["own", "100", "0.250", "base", "0.500", "0.400", "to", "0.600"]
    assert second.split()[-7:] == ["0.171", "to", "0.344", "-0.250", "<", "0.001", "forgot"]
    assert second.index("cap") == first.index("base") + len("base") - len("cap")  # figures end below each other


def test_without_tasks_there_is_a_header_alone() -> None:
    assert [line.split()[0] for line in lines({})] == [COLUMNS[0]]
