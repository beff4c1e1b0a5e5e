"""What a stage costs that trains a part of the weights: tokens a CPU-second and peak memory, beside all of them.

    python benchmarks/parts.py --steps 3 --json

A network of SmolLM2-135M's shape with random weights, in the precision that this machine trains in, on one thread;
each part in a process of its own. Seconds are of the processor and not of the clock, so that other work beside it
counts little. With --json one object as the last line.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np
import torch

PARTS = {
    "all": "all",
    "embeddings: false": {"embeddings": False},
    "last_layers: 10": {"last_layers": 10},
    "lora, rank 16": {"lora": {"rank": 16, "alpha": 32}},
}
SHAPE = {
    "family": "llama", "layers": 30, "width": 576, "heads": 9, "key_value_heads": 3, "inner": 1536, "positions": 2048,
    "rotary": {"base": 1e5}, "norm": "rms", "gated": True, "activation": "silu", "biases": [],
}  # fmt: skip
VOCABULARY, ROWS, LENGTH = 49_152, 4, 256


def measure(name: str, steps: int, small: bool) -> None:
    """Train the part `name` and print its figures."""
    from aurora.model.adapters.description import to_train
    from aurora.model.network import Network
    from aurora.model.tensors import tensor_table, trained_names
    from aurora.recipe.execution import Execution
    from aurora.recipe.model import Architecture
    from aurora.recipe.stages.stage import Optimizer as Settings
    from aurora.recipe.stages.train import Part
    from aurora.training.optimizer import Optimizer
    from aurora.training.parallel.engine import OneProcess
    from aurora.training.process.runtime import prepare

    part = PARTS[name] if name == "all" else Part.model_validate(PARTS[name])
    runtime = prepare(Execution(device="cpu", threads=1))
    shape = SHAPE | ({"layers": 10, "width": 36, "inner": 64} if small else {})
    vocabulary = 500 if small else VOCABULARY
    architecture = to_train(Architecture.model_validate(shape), part)
    trained = trained_names(tensor_table(architecture, vocabulary), architecture.layers, part)
    engine = OneProcess(Network(architecture, vocabulary), runtime, trained)
    engine.initialise(torch.Generator().manual_seed(1))
    optimizer = Optimizer(engine.named, [], Settings())
    drawn = np.random.default_rng(1).integers(0, vocabulary, (steps + 1, ROWS, LENGTH + 1))
    seconds = 0.0
    for number, tokens in enumerate(torch.from_numpy(drawn)):
        begin = time.process_time()
        engine.train_step({"tokens": tokens[:, :-1], "targets": tokens[:, 1:]}, ROWS, ROWS * LENGTH)
        optimizer.update(1e-4, engine.gradient_norm())
        engine.refresh()
        seconds += time.process_time() - begin if number else 0.0  # the first step prepares kernels and moments
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    rate = steps * ROWS * LENGTH / seconds
    print(json.dumps({"tokens_per_cpu_second": round(rate, 1), "peak_bytes": peak, "precision": runtime.precision}))


def main() -> None:
    """Each part in turn, and what it is of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="a tiny network, to see that it runs")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        measure(arguments.part, arguments.steps, arguments.small)
        return
    found = {}
    for name in PARTS:
        command = [sys.executable, __file__, "--part", name, "--steps", str(arguments.steps)]
        command += ["--small"] if arguments.small else []
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[name] = json.loads(done.stdout.splitlines()[-1])
    for name, figures in found.items():
        faster = figures["tokens_per_cpu_second"] / found["all"]["tokens_per_cpu_second"]
        memory = figures["peak_bytes"] / found["all"]["peak_bytes"]
        figures |= {"faster": round(faster, 2), "memory": round(memory, 2)}
        print(
            f"{name:18} {figures['tokens_per_cpu_second']:7,.0f} tokens a CPU-second ({faster:.2f}x)   "
            f"{figures['peak_bytes'] / 1e9:.2f} GB ({memory:.0%})   {figures['precision']}"
        )
    if arguments.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
