"""What one process trains, beside what a layout trains: the same stage, its losses and its last weights.

One decision: the network has 8 layers and 8 heads and learns bytes of made-up words, in fp32 with gloo on this
machine's CPU, so that all that differs is the order of additions. How far that grows in thirty steps depends on the
text, by a factor of ten: so the text is the same for ever, and not, say, the code of Aurora. Run as a program it is one
of the layout's ranks; `benchmarks/parallel.py` compares on the command line.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from aurora.model.adapters.description import to_train
from aurora.model.layers import mlp
from aurora.model.network import Network
from aurora.model.tensors import tensor_table, trained_names
from aurora.model.weights import write_weights
from aurora.recipe.execution import Execution
from aurora.recipe.model import Architecture
from aurora.recipe.stages.schedule import Schedule
from aurora.recipe.stages.stage import Optimizer, Stage
from aurora.tokens.loader import Batch
from aurora.training.checkpoints.boxed_tensors import Stored
from aurora.training.parallel.compiling import compile_blocks
from aurora.training.parallel.engine import Engine, OneProcess
from aurora.training.parallel.layout import layout_of, refuse_impossible
from aurora.training.parallel.network import ParallelNetwork
from aurora.training.process.job import join, leave, started_ranks
from aurora.training.process.runtime import Runtime
from aurora.training.trainer import Trainer
from oracles.forked import run_ranks

TESTS = Path(__file__).parents[1]
VOCABULARY, ROWS, LENGTH = 257, 16, 64
FIRST_NEW = 97  # entries from here on have a learning rate of their own with --new-rows
CPU = torch.device("cpu")
# What distinguishes a family's network from GPT-BigCode's.
LLAMA = {"key_value_heads": 2, "rotary": {}, "norm": "rms", "gated": True, "activation": "silu", "biases": []}
# Behind a norm on heads the gradients of small weights are large, and so is what rounding does to them: at 0.02 one
# process with another micro-batch already differs by 1e-6 after 30 steps.
LARGE = {"initializer_range": 0.1}
FAMILIES: dict[str, dict[str, Any]] = {
    "gpt_bigcode": {},
    "llama": LLAMA,
    "olmo2": {**LLAMA, **LARGE, "norm_place": "after", "head_norm": "all"},
    # xIELU's gradient falls from 0.5 to below 0 between its published `eps` of -1e-6 and 0, so rounding decides what a
    # value there learns: one process with another micro-batch differs by 1.3e-4 in a weight, layouts by 5e-4 (losses
    # by 1.4e-6). With --smooth `eps` is 0, the gradient has no jump, and the same layouts agree within 5e-6.
    "apertus": {**LLAMA, **LARGE, "gated": False, "activation": "xielu", "head_norm": "head"},
    "gemma3_text": {
        **LLAMA,
        **LARGE,
        "rotary": {"base": 1e6, "windowed_base": 1e4},
        "window": {"tokens": 20, "layers": [0, 1, 2, 4, 5, 6]},
        "attention_width": 16,
        "head_norm": "head",
        "norm": "rms_from_one",
        "norm_place": "around",
        "activation": "gelu_pytorch_tanh",
        "embedding_scaled": True,
    },
    "qwen3": {**LLAMA, **LARGE, "head_width": 12, "head_norm": "head", "window": {"tokens": 20, "layers": [6, 7]}},
}


def made_up_text() -> bytes:
    """100,000 words of 2,000 kinds, the n-th as frequent as 1/n, eight a line."""
    # With seeds 0 to 3 OLMo 2's weights on four ranks differ by 6.6e-5, 1.2e-5, 8e-6 and 7e-6 (in fp64 by 3e-14). Other
    # processors add in other orders, so a seed was taken that leaves room to the tests' bound of 1e-4.
    drawn = np.random.default_rng(1)
    letters = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", np.uint8)
    kinds = [drawn.choice(letters, size).tobytes() for size in drawn.integers(1, 10, 2000)]
    shares = 1 / np.arange(1, len(kinds) + 1)
    words = [kinds[number] for number in drawn.choice(len(kinds), 100_000, p=shares / shares.sum())]
    return b"\n".join(b" ".join(words[first : first + 8]) for first in range(0, len(words), 8))


class Bytes:
    """Rows of made-up text as bytes; a fifth of the targets has no loss, documents are of random length.

    With `pairs` two of three rows are preference pairs, whose answers are a half of the row each.
    """

    def __init__(self, documents: bool, pairs: bool) -> None:
        self._tokens = np.frombuffer(made_up_text(), np.uint8).astype(np.int64)
        self._documents, self._pairs = documents, pairs

    def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]:
        """As in `aurora.tokens.loader.Loader`."""
        own = slice(rank * ROWS // ranks, (rank + 1) * ROWS // ranks)
        for step in range(first, last):
            generator = np.random.default_rng(step)
            starts = generator.integers(0, len(self._tokens) - LENGTH - 1, ROWS)
            mask = generator.random((ROWS, LENGTH)) < 0.8
            borders = np.cumsum(generator.random((ROWS, LENGTH)) < 0.1, axis=1).astype(np.int32)
            tokens = np.stack([self._tokens[start : start + LENGTH + 1] for start in starts])
            batch = Batch(tokens[own, :-1], tokens[own, 1:], mask[own], [], borders[own] if self._documents else None)
            if self._pairs:
                answers = np.broadcast_to(np.arange(LENGTH) >= LENGTH // 2, mask.shape)
                paired = (generator.random(ROWS) < 2 / 3)[:, None]
                slots = mask * paired * (1 + answers)
                borders = np.where(paired, answers, borders).astype(np.int32)
                margins = generator.normal(size=(ROWS, 1))
                batch = replace(batch, documents=borders[own], slots=slots[own], margins=margins[own])
            yield batch


def train(arguments: argparse.Namespace, folder: Path) -> None:
    """Train in this process, or as one of several ranks, and leave losses and weights in `folder`."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.set_float32_matmul_precision("highest")
    if arguments.smooth:
        mlp.XIELU_EPSILON = 0.0
    job = join()
    shape = {"layers": 8, "width": 64, "heads": 8, "positions": LENGTH, "tied": not arguments.untied}
    shape |= {"family": arguments.family, **FAMILIES[arguments.family]}
    shape |= {"initializer_range": arguments.initial} if arguments.initial else {}
    architecture = Architecture.model_validate(shape | ({"key_value_heads": 8} if arguments.multi_head else {}))
    stage = Stage(
        start="model",
        tokens=arguments.steps * ROWS * LENGTH,
        train=json.loads(arguments.train),
        batch_tokens=ROWS * LENGTH,
        sequence_length=LENGTH,
        mixture={"bytes/code": 1},
        document_masks=arguments.documents or arguments.prefer,
        position_resets=arguments.prefer,
        objective={"dpo": {"chosen": 0.1}} if arguments.prefer else "likelihood",
        schedule=Schedule(peak=1e-3, warmup=0.1),
        optimizer=Optimizer(new_rows=3.0 if arguments.new_rows else 1.0),
    )
    architecture = to_train(architecture, stage.train)
    trained = trained_names(tensor_table(architecture, VOCABULARY), architecture.layers, stage.train)
    engine: Engine
    if started_ranks() == 1:
        engine = OneProcess(Network(architecture, VOCABULARY), Runtime(CPU, "fp32", 1), trained, stage.prefers)
    else:
        layout = replace(layout_of(execution_of(arguments), job.ranks), sequence_parallel=arguments.sequence_parallel)
        refuse_impossible(layout, architecture, VOCABULARY, ROWS, LENGTH, arguments.micro_batch)
        engine = ParallelNetwork(architecture, VOCABULARY, layout, CPU, "fp32", trained, stage.prefers)
        if arguments.compile:
            compile_blocks(engine.blocks, CPU)
    engine.initialise(torch.Generator().manual_seed(1))
    batches = Bytes(arguments.documents, arguments.prefer)
    trainer = Trainer(engine, stage, batches, arguments.micro_batch, lambda step: {}, FIRST_NEW)
    begin = time.perf_counter()
    losses = [trainer.advance().loss for _ in range(arguments.steps)]
    seconds = time.perf_counter() - begin
    weights = engine.owned({name: parameter.detach() for name, parameter in engine.named.items()})
    write_weights(folder / f"weights-{job.rank:02d}.safetensors", weights)
    if job.rank == 0:
        (folder / "losses.json").write_text(json.dumps({"losses": losses, "seconds": seconds}))
    job.wait()


def be_a_rank(arguments: argparse.Namespace) -> None:
    """Train with the others."""
    train(arguments, arguments.worker)
    leave()


def execution_of(arguments: argparse.Namespace) -> Execution:
    """The recipe's `execution` table for this layout."""
    tensor, pipeline, _ = arguments.layout
    return Execution(
        tensor_parallel=tensor,
        pipeline_parallel=pipeline,
        shard_parallel=arguments.shard,
        pipeline_schedule=arguments.schedule,
        recompute=arguments.recompute,
        micro_batch_sequences=arguments.micro_batch,
        compile=arguments.compile,
    )


def compare(arguments: argparse.Namespace, script: Path = Path(__file__), kept: Path | None = None) -> dict[str, float]:
    """Run one process, then the layout in forked ranks (`script` is what they run), and compare.

    What the one process left is kept in the folder `kept`, if there is one, and used again for the same network.
    """
    with tempfile.TemporaryDirectory() as name:
        alone, together = (kept or Path(name)) / alone_name(arguments), Path(name) / "together"
        together.mkdir()
        if not (alone / "losses.json").exists():
            alone.mkdir(exist_ok=True)
            train(arguments, alone)
        tensor, pipeline, data = arguments.layout
        ranks = ["--ranks", str(tensor * pipeline * data)]
        command = [sys.executable, str(script), *arguments.given, "--worker", str(together), *ranks]
        found = filter(None, [str(TESTS), os.environ.get("PYTHONPATH")])
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(found)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"The parallel run failed:\n{done.stderr[-4000:]}")
        left, right = (json.loads((folder / "losses.json").read_text()) for folder in (alone, together))
        weights, parts = Stored(alone.glob("weights-*")), Stored(together.glob("weights-*"))
        return {
            "max_loss_error": max(abs(a - b) / abs(a) for a, b in zip(left["losses"], right["losses"], strict=True)),
            "max_weight_error": max(float((weights[name] - parts[name]).abs().max()) for name in weights),
            "seconds": round(right["seconds"], 2),
        }


def alone_name(arguments: argparse.Namespace) -> str:
    """One word for all that changes what one process computes, but for the order of additions."""
    choices = ("multi_head", "untied", "documents", "new_rows", "smooth", "prefer")
    part = "".join(filter(str.isalnum, arguments.train))
    chosen = [choice for choice in choices if getattr(arguments, choice)]
    return "-".join(["alone", arguments.family, str(arguments.steps), str(arguments.initial), part, *chosen])


def options() -> argparse.ArgumentParser:
    """What a layout and its stage can be told."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--layout", type=_layout, default=(1, 1, 2), help="tensor,pipeline,data")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--family", choices=FAMILIES, default="gpt_bigcode")
    parser.add_argument("--initial", type=float, help="the width of initial values, where it is not the family's here")
    parser.add_argument("--smooth", action="store_true", help="xIELU without the jump of its gradient below 0")
    parser.add_argument("--shard", type=int, default=0, help="hybrid sharding: ranks that share weights")
    parser.add_argument("--schedule", default="1f1b")
    parser.add_argument("--recompute", default="none")
    parser.add_argument("--micro-batch", type=int, default=2, help="sequences")
    parser.add_argument("--sequence-parallel", action="store_true")
    parser.add_argument("--multi-head", action="store_true")
    parser.add_argument("--untied", action="store_true")
    parser.add_argument("--documents", action="store_true", help="attention within documents only")
    parser.add_argument("--prefer", action="store_true", help="preference pairs beside text")
    parser.add_argument("--new-rows", action="store_true", help="a learning rate of their own for some entries' rows")
    parser.add_argument("--train", default='"all"', help="what a stage trains, as JSON")
    parser.add_argument("--compile", action="store_true", help="the blocks of the ranks; one process computes plainly")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--ranks", type=int, help=argparse.SUPPRESS)
    return parser


def parse(given: list[str]) -> argparse.Namespace:
    """The options as values; `given` is kept for the ranks."""
    arguments = options().parse_args(given)
    arguments.given = given
    return arguments


def _layout(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def be_ranks() -> None:
    """Fork the ranks and train in each."""
    arguments = parse(sys.argv[1:])
    sys.exit(run_ranks(arguments.ranks, lambda: be_a_rank(arguments)))


if __name__ == "__main__":
    be_ranks()
