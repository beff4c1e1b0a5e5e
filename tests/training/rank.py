"""A rank of torchrun that trains the small stage, or the one process that does.

    rank.py FOLDER NAME STEPS EXECUTION [STOP]

EXECUTION is the recipe's table as JSON. With STOP, rank 0 gets SIGTERM in that step (from 0). Each rank leaves its
process number in `NAME.RANK.pid` before it trains, and its measurements are those of the network it shares.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from aurora.evaluation.bits_per_byte import Windows, bits_per_byte
from aurora.model.scorer import Scorer
from aurora.recipe.execution import Execution
from aurora.tokens.loader import Batch, Loader
from aurora.training.job import leave
from training.small_stage import LENGTH, VOCABULARY, Lab

ROWS = 8


class Slow:
    """A loader that takes its time, and may end its own process."""

    def __init__(self, loader: Loader, stop: int) -> None:
        self.loader = loader
        self.stop = stop

    def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]:
        for step, batch in enumerate(self.loader.batches(first, last, rank, ranks), start=first):
            if step == self.stop and os.environ.get("RANK", "0") == "0":
                os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(float(os.environ.get("SECONDS_A_STEP", "0")))
            yield batch


def measure(model: Scorer, step: int) -> dict[str, float]:
    tokens = torch.arange(3 * (LENGTH + 1)).view(3, -1) % VOCABULARY
    windows = Windows(tokens.numpy(), torch.ones(3, LENGTH, dtype=torch.bool).numpy(), 100)
    return {"held_out/en": bits_per_byte(model, windows)}


def main(folder: Path, name: str, steps: int, execution: Execution, stop: int) -> None:
    lab = Lab(folder)
    stage = lab.stage(steps, tokens=steps * ROWS * LENGTH, batch_tokens=ROWS * LENGTH)
    (folder / f"{name}.{os.environ.get('RANK', '0')}.pid").write_text(str(os.getpid()))
    lab.train(
        name,
        stage,
        start=lab.new_model(layers=4, width=32, heads=4),
        batches=Slow(lab.loader(stage), stop),
        execution=execution,
        evaluate=measure,
    )


if __name__ == "__main__":
    given = sys.argv[1:]
    main(
        Path(given[0]),
        given[1],
        int(given[2]),
        Execution.model_validate(json.loads(given[3])),
        int(given[4]) if len(given) > 4 else -1,
    )
    leave()
