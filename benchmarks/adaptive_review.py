"""Reviews that the log asks for beside a fixed three: how many, and how often the label is wrong.

    python benchmarks/adaptive_review.py [--items 20000] [--json] [--small]

Simulated reviewers of known skill say the same of the same items both ways (`tests/review_simulation.py`); the log
knows their skill only from what it holds. Nobody adjudicates: where the log would ask an adjudicator, its likeliest
label counts. Prints a row for each group of reviewers; with --json one object as the last line. Two minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from review_simulation import simulate

GROUPS: dict[str, tuple[float, ...]] = {
    "0.98 each": (0.98,) * 6,
    "0.95 to 0.99": (0.99, 0.98, 0.97, 0.96, 0.95),
    "0.95 each": (0.95,) * 6,
    "0.90 each": (0.90,) * 6,
    "0.85 to 0.99": (0.99, 0.97, 0.95, 0.92, 0.88, 0.85),
    "four of 0.98, two of 0.60": (0.98, 0.98, 0.98, 0.98, 0.60, 0.60),
    "0.80 each": (0.80,) * 6,
}


def main() -> None:
    """Simulate every group and print its row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--small", action="store_true", help="few items, to see that it runs")
    arguments = parser.parse_args()
    items = 40 if arguments.small else arguments.items
    found: dict[str, Any] = {}
    print("| skill | reviews an item | fewer than three | wrong, % | wrong of three, % | to an adjudicator, % |")
    print("|---|---|---|---|---|---|")
    for name, skills in GROUPS.items():
        outcome = simulate(skills, items, arguments.seed)
        found[name] = asdict(outcome) | {"saved": outcome.saved}
        print(
            f"| {name} | {outcome.reviews:.2f} | {outcome.saved:.1%} | {100 * outcome.wrong:.2f} | "
            f"{100 * outcome.wrong_of_three:.2f} | {100 * outcome.to_adjudicator:.1f} |",
            flush=True,
        )
    if arguments.json:
        print(json.dumps({"items": items, "groups": found}))


if __name__ == "__main__":
    main()
