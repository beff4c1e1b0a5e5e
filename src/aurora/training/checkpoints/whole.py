"""A network that ranks share, brought together on the first of them or on each.

One decision: its weights go over files, as those of a checkpoint do, so any layout can be joined and a rank that is not
to have the network holds no more than its own part.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from aurora.files import explained
from aurora.model.network import Network
from aurora.model.weights import write_weights
from aurora.recipe.model import WEIGHTS, Architecture
from aurora.training.checkpoints.boxed_tensors import Stored
from aurora.training.checkpoints.checkpoint import shard_name, step_folder
from aurora.training.process.job import Job


def whole_network(
    folder: Path,
    step: int,
    tensors: Mapping[str, Tensor],
    shape: tuple[Architecture, int],
    device: torch.device,
    job: Job,
    *,
    everywhere: bool = False,
) -> Network | None:
    """The network of an architecture and vocabulary on rank 0 or `everywhere`, and None on the others; every rank of
    `job` gives the tensors it owns, by boxed name.

    They are written below `folder`, whose stage has made `step` steps, where the next start clears what a crash leaves.
    """
    place = folder / f".{step_folder(folder, step).name}.partial"
    network = None
    try:
        with job.together(), explained(place):
            if job.rank == 0:
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir(parents=True)
        with job.together():
            write_weights(place / shard_name(WEIGHTS, job), tensors)
        with job.together():
            if everywhere or job.rank == 0:
                with torch.device("meta"):
                    network = Network(*shape)
                network.to_empty(device=device)
                network.fill(Stored(sorted(place.iterdir())))
        return network
    finally:
        if job.rank == 0:
            shutil.rmtree(place, ignore_errors=True)
