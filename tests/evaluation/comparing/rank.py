"""Ranks that are asked seven items while they would be training; what each was told and computed, in the folder given.

rank.py FOLDER RANKS
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch

from aurora.evaluation.comparing.during import DuringTraining
from aurora.evaluation.scorer import lm
from aurora.evaluation.scorer.tree import Row
from aurora.evaluation.tasks.planned import Wanted, plan
from aurora.model.network import Network
from aurora.recipe.model import Architecture
from aurora.training.process.job import join, leave
from byte_text import of_bytes
from oracles.forked import run_ranks

WANTED = Wanted(tasks=("pronouns",), limit=7)


def main(folder: Path) -> None:
    job, text = join(), of_bytes()
    network = Network(Architecture(layers=1, width=16, heads=2, positions=256, initializer_range=0.3), text.vocabulary)
    network.initialise(torch.Generator().manual_seed(3))
    computed: list[Sequence[int]] = []
    real = lm.likelihoods

    def counting(model: Network, rows: Sequence[Row], *rest: Any) -> Any:
        computed.extend(row.ids for row in rows)
        return real(model, rows, *rest)

    lm.likelihoods = counting
    found = [asdict(one) for one in DuringTraining(text, plan(WANTED)[0], WANTED)(network, job)]
    told = {"scores": found, "computed": computed}
    (folder / f"{os.environ['WORLD_SIZE']}.{job.rank}.json").write_text(json.dumps(told))
    leave()


if __name__ == "__main__":
    sys.exit(any(run_ranks(int(ranks), partial(main, Path(sys.argv[1]))) for ranks in sys.argv[2:]))
