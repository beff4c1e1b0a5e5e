"""One rank of a job that scores seven items; what it answered and computed, as a file in the folder given."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from aurora.evaluation.scorer.answering import Keep, answered
from aurora.evaluation.scorer.likelihoods import likelihoods
from aurora.evaluation.scorer.tree import Row
from aurora.model.network import Network
from aurora.recipe.model import Architecture
from aurora.training.process.job import join, leave

ROWS = [Row((1, 2, 3, *range(10 * number, 10 * number + 5 + number)), 4) for number in range(7)]


def main(folder: Path) -> None:
    job = join()
    model = Network(Architecture(layers=2, width=32, heads=4, positions=48, initializer_range=0.3), 257)
    model.initialise(torch.Generator().manual_seed(3))
    computed: list[int] = []

    def compute(mine: Sequence[int], keep: Keep) -> None:
        computed.extend(mine)
        found = likelihoods(model, [ROWS[number] for number in mine])
        keep({number: one.total for number, one in zip(mine, found, strict=True)})

    answers = answered([str(number) for number in range(7)], [row.ids for row in ROWS], compute, job)
    told = {"answers": answers, "computed": computed, "alone": [likelihoods(model, [row])[0].total for row in ROWS]}
    (folder / f"{job.rank}.json").write_text(json.dumps(told))
    leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
