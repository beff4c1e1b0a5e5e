"""A review log of 100,000 events: how long it takes to verify, export and compare, and whether tampering is named.

    python benchmarks/long_review.py [--events 100000] [--json] [--small]

The log is made up as reviewers would have filled it, signed event by event. Then it is verified, exported, the export
made again and compared byte by byte; and verified with an edited, a dropped and a moved event. Prints seconds; with
--json one object as the last line. A minute and a half.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from aurora.redteam.review.exporting.folder import Export, differences, export
from aurora.redteam.review.log.file import verify
from aurora.redteam.review.log.state import State
from review_log import Project

Made = TypeVar("Made")
PEOPLE = 12


def filled(events: int) -> Project:
    """A project with so many events: items in three languages, two reviews each, some a third and an adjudication."""
    chance = random.Random(3)
    project = Project().begin(people=tuple(f"r{who}" for who in range(PEOPLE)))
    number = 0
    while project.state.count < events:
        words = " ".join(f"w{chance.randrange(5000)}" for _ in range(12))
        project.add(
            number, prompt=f"Tell me {words}.", language=chance.choice(["en", "fi", "vi"]), template=f"t{number % 40}"
        )
        for who in chance.sample(range(PEOPLE), 3):
            project.review(f"r{who}", number, "answer" if chance.random() < 0.05 else "refuse")
            if project.status(number) not in ("needs_second", "needs_third"):
                break
        if project.status(number) == "disagreed":
            project.adjudicate(number)
        number += 1
    return project


def main() -> None:
    """Make a log, and time what is done with it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--small", action="store_true", help="few events, to see that it runs")
    arguments = parser.parse_args()
    found: dict[str, Any] = {}

    def timed(what: str, do: Callable[[], Made]) -> Made:
        begin = time.perf_counter()
        made = do()
        found[what] = round(time.perf_counter() - begin, 2)
        print(f"{what}: {found[what]} s", flush=True)
        return made

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        project = timed("make and sign", lambda: filled(1_000 if arguments.small else arguments.events))
        log, lines = project.write(folder / "log.jsonl"), project.lines()
        found |= {"events": len(lines), "megabytes": round(log.stat().st_size / 1e6, 1)}
        state = timed("verify", lambda: verify(log).state)
        assert isinstance(state, State)
        timed("export", lambda: export(state, folder / "out", Export()))
        assert timed("make the export again and compare", lambda: differences(state, folder / "out")) == []
        middle = len(lines) // 2
        lines[middle] = lines[middle].replace(b"2026", b"2025", 1)
        lines[middle + 90], lines[middle + 95] = lines[middle + 95], lines[middle + 90]
        del lines[middle + 200]
        log.write_bytes(b"\n".join(lines) + b"\n")
        faults = timed("verify what was tampered with", lambda: verify(log).faults)
        assert [fault.line for fault in faults] == [middle + 1, middle + 91, middle + 96, middle + 201], faults
        print("\n".join(fault.sentence for fault in faults))
    if arguments.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
