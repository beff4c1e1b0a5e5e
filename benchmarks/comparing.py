"""How long a comparison of large results takes: reading the files, verdicts of all forms, and the page.

    python benchmarks/comparing.py [--models 4] [--tasks 36] [--items 500] [--small]

Results are made up: tasks in two forms of three wordings each, right and wrong answers that models mostly share, and in
each third task three items a document. Prints one object with seconds of the processor.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from aurora.api.evaluating import comparison, read_all, write_page

Made = TypeVar("Made")
WORDINGS = 3


def results(model: int, tasks: int, items: int) -> dict[str, Any]:
    """What a model answered."""
    chance = random.Random(model)
    texts = {str(number): {"prompt": f"Which is number {number}?", "choices": ["a", "b"]} for number in range(items)}
    return {
        "schema": "aurora results 1",
        "tasks": {
            f"task{number}": {
                "language": "en", "kind": "choice", "chance": 0.25, "shots": 0, "shots_wanted": 0,
                "texts": texts,
                "forms": {form: of_form(number, form, model, items, chance) for form in ("cloze", "choice")},
            }
            for number in range(tasks)
        },
    }  # fmt: skip


def of_form(task: int, form: str, model: int, items: int, chance: random.Random) -> dict[str, Any]:
    """One form of a task, whose items are as hard for every model, give or take."""
    wordings = {}
    for number in range(WORDINGS):
        hard = random.Random(f"{task} {form} {number}")
        wordings[f"{form}-{number + 1}"] = {
            "not_scored": 0,
            "metrics": {},
            "items": [item(task, place, hard.random(), model, chance) for place in range(items)],
        }
    return {"measure": "acc", "wordings": wordings}


def item(task: int, place: int, hard: float, model: int, chance: random.Random) -> dict[str, Any]:
    """An answer."""
    score = float((hard + 0.1 * chance.random() + 0.01 * model) % 1 > 0.5)
    document = place // 3 if task % 3 == 0 else place
    return {
        "id": str(place),
        "cluster": hashlib.sha256(str(document).encode()).hexdigest()[:12],
        "prompt": hashlib.sha256(str(place).encode()).hexdigest(),
        "score": score,
        "metrics": {"acc": score},
        "log_likelihoods": [-20 * chance.random(), -20 * chance.random()],
        "target": 1,
    }


def timed(work: Callable[[], Made]) -> tuple[Made, float]:
    """What some work makes, and its seconds of the processor."""
    begun = time.process_time()
    made = work()
    return made, round(time.process_time() - begun, 2)


def main() -> None:
    """Make the files, compare, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=4)
    parser.add_argument("--tasks", type=int, default=36)
    parser.add_argument("--items", type=int, default=500)
    parser.add_argument("--small", action="store_true", help="a little of each, to see that the script runs")
    given = parser.parse_args()
    if given.small:
        given.models, given.tasks, given.items = 2, 2, 30
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"m{model}.json" for model in range(given.models)]
        for model, path in enumerate(paths):
            path.write_text(json.dumps(results(model, given.tasks, given.items)), encoding="utf-8")
        found, reading = timed(lambda: read_all(paths))
        rows, comparing = timed(lambda: comparison(found))
        _, writing = timed(lambda: write_page(found, rows, Path(folder) / "page.html"))
    print(json.dumps({"rows": len(rows), "read_s": reading, "compare_s": comparing, "page_s": writing}))


if __name__ == "__main__":
    main()
