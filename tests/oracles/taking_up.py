"""How much memory a rank needs to take up its part of a published model or of a checkpoint, beside the part itself.

One decision: a model of 220 million parameters in bf16 is started on the ranks of a layout, which hold it in fp32, and
then take up the moments of a checkpoint (`moments`). A rank's share are the bytes of its parameters, or of its moments;
its peak is the most that the process held while they came in, over what it held before. Run as a program it is one of
the ranks.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

from aurora.model.network import Network
from aurora.model.weights import write_weights
from aurora.recipe.model import Architecture
from aurora.recipe.stages.stage import Optimizer as Settings
from aurora.training.checkpoints.boxed_tensors import Stored
from aurora.training.optimizer import MOMENT_KINDS, UPDATES, Optimizer
from aurora.training.parallel.layout import Layout
from aurora.training.parallel.network import ParallelNetwork, local
from aurora.training.process.job import join, leave
from aurora.training.process.memory import keep_memory

SHAPE, VOCABULARY = Architecture(layers=16, width=1024, heads=16, positions=512), 49_152
SMALL, SMALL_VOCABULARY = Architecture(layers=4, width=64, heads=4, positions=64), 512


def take_up(model: Path, moments: Path, layout: tuple[int, ...], result: Path, small: bool) -> None:
    """As one of the ranks: build, fill, go on from moments, and leave peak and share of both in `result`."""
    keep_memory()
    job = join()
    tensor, pipeline, data = layout
    form = Layout(tensor=tensor, pipeline=pipeline, shard=data, sequence_parallel=tensor > 1)
    shape, vocabulary = (SMALL, SMALL_VOCABULARY) if small else (SHAPE, VOCABULARY)
    network = ParallelNetwork(shape, vocabulary, form, torch.device("cpu"), "fp32")
    optimizer = Optimizer(network.named, {name for name, spec in network.specs.items() if spec.decays}, Settings())
    share = sum(local(parameter.detach()).nbytes for parameter in network.named.values())
    found = {}
    steps = {
        "weights": (lambda: network.fill(Stored([model])), share),
        "moments": (lambda: optimizer.load(Stored([moments]), network.copy), 2 * share),
    }
    for name, (step, bytes_held) in steps.items():
        job.wait()
        before = held("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
        step()
        found[name] = {"peak": held("VmHWM") - before, "share": bytes_held}
    (result / f"{job.rank:02d}.json").write_text(json.dumps(found))
    job.wait()


def held(figure: str) -> int:
    """Bytes of this process by the kernel's name for them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(figure))


def measure(layout: tuple[int, ...], small: bool = False) -> dict[str, Any]:
    """Start the ranks and gather what they found."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generator = torch.Generator().manual_seed(1)
        network = Network(SMALL, SMALL_VOCABULARY) if small else Network(SHAPE, VOCABULARY)
        network.initialise(generator)
        state = network.named
        write_weights(
            folder / "optimizer.safetensors",
            {UPDATES: torch.ones(1)} | {kind + name: tensor for kind in MOMENT_KINDS for name, tensor in state.items()},
        )
        write_weights(folder / "model.safetensors", network.to(torch.bfloat16).named)
        del network, state
        text = ",".join(map(str, layout))
        ranks = layout[0] * layout[1] * layout[2]
        launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks)]
        command = [sys.executable, *launcher, __file__, "--layout", text, "--worker", name]
        command += ["--small"] if small else []
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"The ranks failed:\n{done.stderr[-4000:]}")
        found = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    by_rank = {name: [round(rank[name]["peak"] / rank[name]["share"], 3) for rank in found] for name in found[0]}
    shares = [rank["weights"]["share"] for rank in found]
    largest = {name: max(ratios) for name, ratios in by_rank.items()}
    return {"layout": text, "largest": largest, "by_rank": by_rank, "share_bytes": shares}


def be_a_rank() -> None:
    """Take up what `measure` wrote."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--layout", type=layout_of)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--worker", type=Path)
    arguments = parser.parse_args()
    files = (arguments.worker / name for name in ("model.safetensors", "optimizer.safetensors"))
    take_up(*files, arguments.layout, arguments.worker, arguments.small)
    leave()


def layout_of(text: str) -> tuple[int, ...]:
    """Tensor, pipeline and data as they are written."""
    return tuple(map(int, text.split(",")))


if __name__ == "__main__":
    be_a_rank()
