"""A rank of torchrun that trains the small stage, or the one process that does, or forks RANKS that do.

    rank.py FOLDER NAME STEPS SETTINGS [RANKS]

SETTINGS is JSON: the recipe's table `execution`, settings of the `stage` and of the network (`architecture`), and
`trouble` in a step (from 0):

    stop: STEP              rank 0 gets SIGTERM
    signal: [STEP, NAME]    every rank gets it, as from Slurm
    nan: [STEP, RANK]       that rank's gradients are not numbers
    spike: STEP             the loss that every rank knows is far too high
    full: [STEP, RANK]      that rank finds the disk full when it writes the checkpoint after so many steps
    seconds: SECONDS        every step takes so much longer

Each rank leaves its process number in `NAME.RANK.pid` before it trains, the digests of the sequences it saw in
`NAME.RANK.rows.jsonl` and how many tokens of each source they count in `NAME.RANK.learnt.jsonl`, and its measurements
are those of the network it shares.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from aurora.evaluation.bits_per_byte import Windows, bits_per_byte
from aurora.files import explained
from aurora.model.network import Network
from aurora.model.scorer import Scorer
from aurora.model.weights import write_weights
from aurora.recipe.execution import Execution
from aurora.tokens.loader import Batch, Loader
from aurora.training.asking import Asking
from aurora.training.checkpoints import checkpoint
from aurora.training.deciding.early_end import EarlyEnd
from aurora.training.parallel.engine import Rows
from aurora.training.parallel.network import ParallelNetwork
from aurora.training.process.job import Job, leave
from aurora.training.records.asked import Score
from oracles.forked import run_ranks
from training.small_stage import LENGTH, VOCABULARY, Lab

ROWS = 8


def own_rank() -> int:
    return int(os.environ.get("RANK", "0"))


class Watched:
    """A loader that writes down what it gives, takes its time, and may tell its own process to stop."""

    def __init__(self, loader: Loader, trouble: Mapping[str, Any], record: Path) -> None:
        self.loader = loader
        self.trouble = trouble
        self.record = record
        self.step = 0

    def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]:
        with (
            self.record.open("a") as record,
            self.record.with_name(self.record.name.replace(".rows.", ".learnt.")).open("a") as learnt,
        ):
            for step, batch in enumerate(self.loader.batches(first, last, rank, ranks), start=first):
                self.step = step
                if step == self.trouble.get("stop") and own_rank() == 0:
                    os.kill(os.getpid(), signal.SIGTERM)
                if step == self.trouble.get("signal", [None])[0]:
                    os.kill(os.getpid(), signal.Signals[self.trouble["signal"][1]])
                time.sleep(self.trouble.get("seconds", 0.0))
                digests = [hashlib.sha256(row.tobytes()).hexdigest() for row in batch.targets]
                print(json.dumps([step, rank, digests]), file=record, flush=True)
                counts: Counter[str] = Counter()
                for window, mask in zip(batch.windows, batch.loss_mask, strict=True):
                    counts[window.source] += int(mask.sum())
                print(json.dumps([step, rank, counts]), file=learnt, flush=True)
                yield batch


def make_trouble(trouble: Mapping[str, Any], batches: Watched) -> None:
    """Put faults of arithmetic and of the disk where the trainer meets them."""
    compute = ParallelNetwork.train_step

    def train_step(self: ParallelNetwork, rows: Rows, micro_batch: int, num_counted: int) -> float:
        loss = compute(self, rows, micro_batch, num_counted)
        if trouble.get("nan") == [batches.step, own_rank()]:
            for parameter in self.named.values():
                assert parameter.grad is not None
                parameter.grad.mul_(math.nan)
        return loss * (50.0 if trouble.get("spike") == batches.step else 1.0)

    def write(path: Path, tensors: Mapping[str, Tensor]) -> None:
        step, rank = trouble.get("full", [-1, 0])
        if rank == own_rank() and f"step-{step:08d}" in path.parent.name:
            with explained(path):
                raise OSError(errno.ENOSPC, "No space left on device")
        write_weights(path, tensors)

    ParallelNetwork.train_step = train_step  # type: ignore[method-assign]
    checkpoint.write_weights = write  # type: ignore[attr-defined]


def measure(model: Scorer, step: int) -> dict[str, float]:
    tokens = torch.arange(3 * (LENGTH + 1)).view(3, -1) % VOCABULARY
    windows = Windows(tokens.numpy(), torch.ones(3, LENGTH, dtype=torch.bool).numpy(), 100)
    return {"held_out/en": bits_per_byte(model, windows)}


def watch(model: Network) -> tuple[float, float]:
    """As if more were refused the more is learnt."""
    return 1 / (1 + measure(model, 0)["held_out/en"]), 0.0


class Asked:
    """Questions whose score is what is measured on the whole network; who answered is written down."""

    digest = "questions"

    def __init__(self, record: Path) -> None:
        self.record = record

    def __call__(self, network: Network, job: Job | None) -> list[Score]:
        with self.record.open("a") as record:
            print(json.dumps([own_rank(), job.ranks if job else 0, network.num_parameters]), file=record, flush=True)
        found = 1 / (1 + measure(network, 0)["held_out/en"])
        return [Score("made-up", "cloze", "en", 0.5, 3, found, found / 2, 1.0)]


def main(folder: Path, name: str, steps: int, settings: Mapping[str, Any]) -> None:
    lab = Lab(folder)
    sizes = {"tokens": steps * ROWS * LENGTH, "batch_tokens": ROWS * LENGTH}
    stage = lab.stage(steps, **(sizes | settings["stage"]))
    (folder / f"{name}.{own_rank()}.pid").write_text(str(os.getpid()))
    batches = Watched(lab.loader(stage), settings["trouble"], folder / f"{name}.{own_rank()}.rows.jsonl")
    make_trouble(settings["trouble"], batches)
    lab.train(
        name,
        stage,
        start=lab.new_model(layers=4, width=32, heads=4, **settings["architecture"]),
        batches=batches,
        execution=Execution.model_validate(settings["execution"]),
        evaluate=measure,
        early_end=EarlyEnd(stage, watch) if stage.stop_when else None,
        asking=Asking(stage, Asked(folder / f"{name}.{own_rank()}.asked.jsonl")) if stage.ask else None,
    )
    leave()


if __name__ == "__main__":
    work = partial(main, Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4]))
    sys.exit(run_ranks(int(sys.argv[5]), work) if len(sys.argv) > 5 else work())
