"""Every layout beside one process, with every schedule and option: all pairs of them that can be together.

    python benchmarks/layouts.py [--list] [--steps 30] [--json] [--small]

A case is a layout with one choice of each option; the cases are as few as cover every pair of choices that a case can
have (a greedy search with a fixed order). Each is `benchmarks/parallel.py` with those options. Prints a row for each
case and the largest errors; with --json one object as the last line. Half an hour on two cores.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from oracles.one_process import ROWS, compare, parse

Case = dict[str, str]

# What parallel.py is told of each choice; the first is its default.
CHOICES: dict[str, tuple[str, ...]] = {
    "layout": ("2,1,1", "4,1,1", "1,2,1", "1,4,1", "1,1,2", "1,1,4", "1,1,4 --shard 2", "2,2,1", "2,2,2", "4,4,1"),
    "schedule": ("1f1b", "interleaved", "interleaved-zero-bubble", "zero-bubble-v"),
    "positions": ("", "--sequence-parallel"),
    "recompute": ("none", "attention", "full"),
    "output": ("", "--untied"),
    "heads": ("", "--multi-head"),
    "documents": ("", "--documents"),
}


def main() -> None:
    """List the cases, or run them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="print the cases and run none")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--small", action="store_true", help="two steps of the first case, to see that it runs")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    cases = list(all_pairs())
    if arguments.small:
        cases, arguments.steps = cases[:1], 2
    if arguments.list:
        print("\n".join(command_line(case) for case in cases))
        return
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            given = parse([*command_line(case).split(), "--steps", str(arguments.steps)])
            found.append({"case": command_line(case), **compare(given, kept=Path(folder))})
            print("{case}: {max_loss_error:.1e}, {max_weight_error:.1e}, {seconds} s".format(**found[-1]), flush=True)
    largest = {name: max(row[name] for row in found) for name in ("max_loss_error", "max_weight_error")}
    if arguments.json:
        print(json.dumps({"cases": len(found), **largest, "rows": found}))


def all_pairs() -> Iterator[Case]:
    """Cases that together have every pair of choices that can be."""
    possible = [
        case for chosen in product(*CHOICES.values()) if can_be(case := dict(zip(CHOICES, chosen, strict=True)))
    ]
    open_pairs = set().union(*map(pairs, possible))
    while open_pairs:
        best = max(possible, key=lambda case: len(pairs(case) & open_pairs))
        open_pairs -= pairs(best)
        yield best


def pairs(case: Case) -> set[tuple[tuple[str, str], ...]]:
    """All pairs of choices of a case."""
    return set(combinations(case.items(), 2))


def can_be(case: Case) -> bool:
    """Whether a layout has an option to choose; without a pipeline or a tensor group there is none."""
    tensor, pipeline, _ = sizes(case)
    return (pipeline > 1 or case["schedule"] == "1f1b") and (tensor > 1 or not case["positions"])


def sizes(case: Case) -> tuple[int, int, int]:
    """(tensor, pipeline, data)."""
    tensor, pipeline, data = map(int, case["layout"].split()[0].split(","))
    return tensor, pipeline, data


def command_line(case: Case) -> str:
    """The case as `parallel.py` is told, with twice as many micro-batches as its pipeline has ranks."""
    _, pipeline, data = sizes(case)
    options = [case[name] for name in ("positions", "output", "heads", "documents") if case[name]]
    rows = ROWS // data // pipeline // 2
    named = f"--schedule {case['schedule']} --recompute {case['recompute']} --micro-batch {rows}"
    return " ".join(["--layout", case["layout"], named, *options])


if __name__ == "__main__":
    main()
