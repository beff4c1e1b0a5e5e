"""Tables for a terminal.

One decision: columns are as wide as their longest cell and nothing is ever cut, so a table can be read by a program.
"""

from __future__ import annotations

from collections.abc import Sequence

from aurora.console.terminal import line


def table(header: Sequence[str], rows: Sequence[Sequence[str]], num_labels: int) -> list[str]:
    """Lines of columns as wide as their longest cell, the first `num_labels` to the left and numbers to the right."""
    header, *rows = [[line(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place < num_labels else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (header, *rows)
    ]
