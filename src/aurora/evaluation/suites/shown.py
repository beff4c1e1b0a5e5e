"""Results of tasks as lines for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aurora.console.tables import table

COLUMNS = ("task", "items", "chance", "checkpoint", "accuracy", "95 %", "change", "p (Holm)", "verdict")


def lines(found: Mapping[str, Any]) -> list[str]:
    """A line for each task and checkpoint; p-values are corrected over all of them (Holm)."""
    rows = []
    for task, result in found.items():
        for name, accuracy in result["accuracy"].items():
            other = result["compared"].get(name)
            interval = f"{accuracy['low']:.3f} to {accuracy['high']:.3f}"
            compared = ["", "", ""]
            if other is not None:
                p_value = f"{other['holm']:.3f}" if other["holm"] >= 0.001 else "< 0.001"  # none is 0
                compared = [f"{other['difference']:+.3f}", p_value, other["verdict"]]
            figures = [f"{result['chance']:.3f}", name, f"{accuracy['mean']:.3f}", interval]
            rows.append([task, str(accuracy["items"]), *figures, *compared])
    return table(COLUMNS, rows, 1)
