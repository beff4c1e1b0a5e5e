"""How much memory a rank needs to take up its part of a published model, beside the part itself.

    python benchmarks/start.py --layout 2,2,1 [--json]

Writes a model of 220 million parameters in bf16 and starts it on the ranks of `--layout` (tensor, pipeline, data),
which hold it in fp32. A rank's share are the bytes of its parameters; its peak is the most that the process held while
the weights came in, over what it held before. Prints peak over share of the rank where that is largest.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from aurora.model.gpt_bigcode import GPTBigCode
from aurora.model.weights import write_weights
from aurora.recipe.model import Architecture
from aurora.training.job import join, leave
from aurora.training.layout import Layout
from aurora.training.parallel import ParallelNetwork, local
from aurora.training.runtime import keep_memory
from aurora.training.shards import Stored

SHAPE, VOCABULARY = Architecture(layers=16, width=1024, heads=16, positions=512), 49_152


def take_up(file: Path, layout: tuple[int, ...], result: Path) -> None:
    """As one of the ranks: build, fill, and leave peak and share in `result`."""
    keep_memory()
    job = join()
    tensor, pipeline, data = layout
    form = Layout(tensor=tensor, pipeline=pipeline, shard=data, sequence_parallel=tensor > 1)
    network = ParallelNetwork(SHAPE, VOCABULARY, form, torch.device("cpu"), "fp32")
    job.wait()
    before = held("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    network.fill(Stored([file]))
    share = sum(local(parameter.detach()).nbytes for parameter in network.named.values())
    (result / f"{job.rank:02d}.json").write_text(json.dumps({"peak": held("VmHWM") - before, "share": share}))
    job.wait()


def held(figure: str) -> int:
    """Bytes of this process by the kernel's name for them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(figure))


def measure(layout: tuple[int, ...]) -> dict[str, object]:
    """Start the ranks and gather what they found."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generator = torch.Generator().manual_seed(1)
        network = GPTBigCode(SHAPE, VOCABULARY)
        network.initialise(generator)
        write_weights(folder / "model.safetensors", network.to(torch.bfloat16).state_dict())
        del network
        text = ",".join(map(str, layout))
        ranks = layout[0] * layout[1] * layout[2]
        launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks)]
        command = [sys.executable, *launcher, __file__, "--layout", text, "--worker", name]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"The ranks failed:\n{done.stderr[-4000:]}")
        found = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    by_rank = [round(rank["peak"] / rank["share"], 3) for rank in found]
    return {"layout": text, "largest": max(by_rank), "by_rank": by_rank, "share_bytes": [r["share"] for r in found]}


def main() -> None:
    """Measure, or be a rank."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layout", type=lambda text: tuple(map(int, text.split(","))), default=(2, 2, 1))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        take_up(arguments.worker / "model.safetensors", arguments.layout, arguments.worker)
        leave()
        return
    found = measure(arguments.layout)
    print(json.dumps(found) if arguments.json else f"{found['layout']}: {found['largest']} of a rank's share at most")


if __name__ == "__main__":
    main()
