"""Whether an accelerator computes what a CPU does, and how fast it trains beside plain `transformers`, in turn.

    PYTHONPATH=src python benchmarks/accelerator.py --json --output accelerator.json
    PYTHONPATH=src python benchmarks/accelerator.py --part speed --shape 1b --variant aurora_compiled

Checks: three families, in each arithmetic that the device has, plain and compiled, beside one process on the CPU in
fp32: the logits of new weights, then the losses and the last weights of 50 steps. Speed: Llama's shapes of 135 million,
1 and 3 billion parameters; `transformers` trains the same network as is best for it (fp32 weights, bf16 autocast, fused
AdamW, its attention by SDPA). On one device, then on 2, 4 ... of those that are here, started by torchrun.

One decision: nothing is said of what was not run. Each measurement has a process of its own and ends as a row, or in
`not_run` or `failed` with the reason; `ran_on` names the device and the versions. Without an accelerator all of it runs
on the CPU, on which plain fp32 is what the rest is compared with. A checkout is enough, with any Python from 3.11 on
that has numpy, pydantic, tokenizers, torch, tqdm and PyYAML; transformers, and triton or a C++ compiler, only add rows.
Exit code 1: a measurement failed, or a check was out of its tolerance.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import torch

    from aurora.recipe.model import Architecture
    from aurora.training.parallel.engine import Engine
    from aurora.training.process.job import Job
    from aurora.training.process.runtime import Runtime
    from aurora.training.trainer import Trainer

NEEDED = ("numpy", "pydantic", "tokenizers", "torch", "tqdm", "yaml")
OPTIONAL = ("transformers", "triton")

# What distinguishes a family's small network from GPT-BigCode's; weights are large, so that attention is sharp.
ROTARY = {
    "norm": "rms",
    "gated": True,
    "activation": "silu",
    "biases": [],
    "rotary": {},
    "key_value_heads": 2,
    "initializer_range": 0.1,
}
FAMILIES: dict[str, dict[str, Any]] = {
    # Softmax takes the key's bias away again, so its gradient is rounding alone. With larger weights that is above
    # AdamW's epsilon and moves the bias as far as a true gradient would: 6e-4 in 50 steps, which changes no loss.
    "gpt_bigcode": {},
    "llama": ROTARY,
    "gemma3_text": {
        **ROTARY,
        "rotary": {"base": 1e6, "windowed_base": 1e4},
        "window": {"tokens": 24, "layers": [0, 2]},
        "head_norm": "head",
        "norm": "rms_from_one",
        "norm_place": "around",
        "activation": "gelu_pytorch_tanh",
        "embedding_scaled": True,
    },
}
DATA_PARALLEL = "llama"  # the family that is checked on many devices, too

# As their configurations on the hub say: SmolLM2-135M, Llama-3.2-1B and -3B; their positions without the scaling.
TIED = {"tie_word_embeddings": True, "max_position_embeddings": 8192, "rope_theta": 500_000.0}
SHAPES: dict[str, dict[str, Any]] = {
    name: {
        "num_hidden_layers": layers,
        "hidden_size": width,
        "intermediate_size": inner,
        "num_attention_heads": heads,
        "num_key_value_heads": shared,
        "head_dim": head_width,
        "vocab_size": vocabulary,
        **TIED,
    }
    for name, layers, width, inner, heads, shared, head_width, vocabulary in (
        ("tiny", 2, 32, 64, 4, 2, 8, 128),
        ("135m", 30, 576, 1536, 9, 3, 64, 49_152),
        ("1b", 16, 2048, 8192, 32, 8, 64, 128_256),
        ("3b", 28, 3072, 8192, 24, 8, 128, 128_256),
    )
}
ROWS = {"tiny": 2, "135m": 16, "1b": 8, "3b": 4}  # sequences a device and step; on a CPU one
LENGTHS = {"cuda": 2048, "cpu": 256}
STEPS = {"cuda": (5, 20), "cpu": (1, 2)}  # to warm up, and timed
VARIANTS = ("aurora", "transformers", "aurora_compiled", "transformers_compiled")

# (precision, compiled) of a check, and how far it may be from the CPU's fp32. Those of fp32 are what parallel layouts
# keep to; bf16 has 8 bits, and its weights are not compared: AdamW moves one by as much for the smallest gradient.
ARMS = (("fp32", False), ("fp32", True), ("bf16", False), ("bf16", True))
TOLERANCES = {
    "fp32": {"logits_error": 1e-5, "loss_error": 1e-5, "weight_error": 1e-4},
    "bf16": {"logits_error": 5e-2, "loss_error": 2e-2},
}


class Measurement(NamedTuple):
    """What one process, or its ranks, find out: a `check` of a family, or the `speed` of a variant at a shape."""

    kind: str
    subject: str
    variant: str
    ranks: int

    def __str__(self) -> str:
        return ",".join(map(str, self))


class NotRun(Exception):
    """Why something cannot be run here, in a sentence."""


class Failed(Exception):
    """What went wrong in a measurement that was begun."""


class Scale(NamedTuple):
    """Size of the checks."""

    layers: int
    width: int
    vocabulary: int
    length: int
    rows: int
    steps: int


CHECKED, SMALL = Scale(4, 128, 512, 128, 8, 50), Scale(3, 32, 64, 32, 4, 3)


def main() -> None:
    """Run the measurements in turn, or be one of them."""
    chosen = parse()
    if find_spec("aurora") is None:
        sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        folder = "name a folder that has them in PYTHONPATH, beside src"
        print(f"{sys.executable} lacks {', '.join(missing)}: {folder}.", file=sys.stderr)
        sys.exit(2)
    if chosen.worker:
        work(chosen)
        return
    begin = time.monotonic()
    ran_on = found_by(chosen, Measurement("machine", "", "", 1))
    result: dict[str, Any] = {"date": datetime.now(UTC).isoformat(timespec="seconds"), "ran_on": ran_on}
    result |= {"small": chosen.small, "checks": [], "speed": [], "not_run": [], "failed": []}
    for measurement in planned(chosen, ran_on):
        try:
            if time.monotonic() - begin > chosen.seconds:
                raise NotRun(f"no measurement begins behind --seconds {chosen.seconds:g}")
            found = found_by(chosen, measurement)
        except (NotRun, Failed) as why:
            part = "failed" if isinstance(why, Failed) else "not_run"
            found = {part: [{"what": str(measurement), "why": str(why)}]}
        for part, rows in found.items():
            result[part] += rows
            for row in () if chosen.json else rows:
                print(part, *(f"{key}={value}" for key, value in row.items()), flush=True)
        result["aurora_over_transformers"] = ratios(result["speed"])
        if chosen.output:  # what a run found that is stopped later stays
            chosen.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))
    sys.exit(int(bool(result["failed"]) or not all(row["within"] for row in result["checks"])))


def parse() -> argparse.Namespace:
    """The command line, which the processes are given too."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--part", choices=("checks", "speed"), help="one of both")
    parser.add_argument("--family", choices=FAMILIES, action="append", help="of the checks; may be given again")
    parser.add_argument("--shape", choices=SHAPES, action="append", help="of the speed; without it all (CPU: 135m)")
    parser.add_argument("--variant", choices=VARIANTS, action="append", help="of the speed; may be given again")
    parser.add_argument("--ranks", type=int, action="append", help="devices; without it 1, 2, 4 ... of those here")
    parser.add_argument("--rows", type=int, help="sequences a device and step")
    parser.add_argument("--length", type=int, help="tokens of a sequence")
    parser.add_argument("--rounds", type=int, default=1, help="each variant in turn so often; the best counts")
    parser.add_argument("--seconds", type=float, default=math.inf, help="no measurement begins behind them")
    parser.add_argument("--output", type=Path, help="a file for the object, written anew after each measurement")
    parser.add_argument("--json", action="store_true", help="print only the one object")
    parser.add_argument("--small", action="store_true", help="tiny networks, to see that the script runs")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


def planned(chosen: argparse.Namespace, ran_on: dict[str, Any]) -> Iterator[Measurement]:
    """All measurements in their order: variants stand side by side, so that they meet the device in one state."""
    most = ran_on["devices"]
    ranks = chosen.ranks or ([1, 2] if chosen.small else [1 << n for n in range(most.bit_length())])
    if not chosen.ranks and not chosen.small and most not in ranks:
        ranks.append(most)
    if chosen.part != "speed":
        for number in ranks:
            for family in chosen.family or FAMILIES:
                if number == 1 or family == DATA_PARALLEL:
                    yield Measurement("check", family, "", number)
    if chosen.part != "checks":
        all_shapes = [name for name in SHAPES if name != "tiny"] if ran_on["kind"] == "cuda" else ["135m"]
        for number in ranks:
            for shape in chosen.shape or (["tiny"] if chosen.small else all_shapes):
                for _ in range(chosen.rounds):
                    for variant in chosen.variant or VARIANTS:
                        if not variant.endswith("_compiled") or compiles(chosen, shape, number):
                            yield Measurement("speed", shape, variant, number)


def compiles(chosen: argparse.Namespace, subject: str, ranks: int) -> bool:
    """Whether compiled rows are wanted: --small has some only, as compiling is most of its time."""
    return not chosen.small or (ranks == 1 and subject in (DATA_PARALLEL, "tiny"))


def found_by(chosen: argparse.Namespace, measurement: Measurement) -> dict[str, Any]:
    """What a process finds, or as many as the measurement has ranks; `Failed` with the reason where it does."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(measurement.ranks)]
    given = [*sys.argv[1:], "--worker", str(measurement)]
    command = [sys.executable, *(launcher if measurement.ranks > 1 else []), __file__, *given]
    environment = {"PYTHONWARNINGS": "ignore", **os.environ}
    if measurement.ranks > 1:
        environment.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // measurement.ranks)))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        if measurement.kind == "machine":
            sys.exit(done.stderr)
        raise Failed(reason(done.stderr) or f"the process ended with code {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout.strip().split("\n")[-1])
    return found


def reason(stderr: str) -> str:
    """The line that names the exception of the rank that failed first, or the last one."""
    lines = [re.sub(r"^\[rank\d+\]: ?", "", line) for line in stderr.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Failed)\b: ", line)]
    return (named or lines[-1:] or [""])[0].removeprefix("__main__.Failed: ")[:400]


def ratios(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The best of ours over the best of theirs, by shape and number of devices, where both were run."""
    best: dict[tuple[str, int], dict[str, float]] = {}
    for row in rows:
        whose = best.setdefault((row["shape"], row["devices"]), {})
        name = row["variant"].partition("_")[0]
        whose[name] = max(whose.get(name, 0.0), row["tokens_per_second"])
    return [
        {"shape": shape, "devices": devices, "ratio": round(rates["aurora"] / rates["transformers"], 3)}
        for (shape, devices), rates in best.items()
        if len(rates) == 2
    ]


def work(chosen: argparse.Namespace) -> None:
    """As a process of a measurement: print what was found as one line."""
    from aurora.errors import UserError
    from aurora.training.process.job import join, leave

    kind, subject, variant, _ = chosen.worker.split(",")
    if kind == "machine":
        print(json.dumps(machine(chosen)))
        return
    job = join()
    try:
        found = check(chosen, subject, job) if kind == "check" else speed(chosen, subject, variant, job)
    except (NotRun, UserError) as why:
        found = {"not_run": [{"what": chosen.worker, "why": str(why)}]}
    if job.rank == 0:
        print(json.dumps(found))
    job.wait()
    leave()


def machine(chosen: argparse.Namespace) -> dict[str, Any]:
    """What the figures are of."""
    import torch

    from aurora.training.process.runtime import choose_device
    from aurora.version import __version__

    device = choose_device(chosen.device)
    found: dict[str, Any] = {"kind": device.type, "devices": 1, "processor": platform.processor() or platform.machine()}
    information = Path("/proc/cpuinfo")
    if information.is_file():
        names = re.findall(r"^model name\s*: (.*)$", information.read_text(encoding="utf-8"), re.MULTILINE)
        found["processor"] = names[0] if names else found["processor"]
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        found |= {"device": properties.name, "devices": torch.cuda.device_count(), "bytes": properties.total_memory}
    packages = {"aurora": __version__, "torch": torch.__version__, "cuda": torch.version.cuda, "hip": torch.version.hip}
    for name in OPTIONAL:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = None
    return {**found, "python": platform.python_version(), "versions": packages}


# Checks


def check(chosen: argparse.Namespace, family: str, job: Job) -> dict[str, Any]:
    """A family on the device, or shared by the data-parallel ranks of the job, beside one process on the CPU."""
    from aurora.errors import UserError
    from aurora.recipe.execution import Execution
    from aurora.training.process.job import Job
    from aurora.training.process.runtime import choose_device, computes_bf16, prepare

    scale = SMALL if chosen.small else CHECKED
    device = choose_device(chosen.device)
    expected: dict[str, Any] = {}
    if job.rank == 0:
        expected = trained(family, scale, prepare(Execution(device="cpu", precision="fp32")), False, Job())
    losses = json.loads(job.hear(json.dumps(expected.get("losses"))))
    rows, left = [], []
    for precision, compiled in ARMS:
        if compiled and not compiles(chosen, family, job.ranks):
            continue
        arm = f"{precision}{' compiled' if compiled else ''}"
        try:
            if (device.type, precision, compiled, job.ranks) == ("cpu", "fp32", False, 1):
                raise NotRun("without an accelerator this is what the rest is compared with")
            if precision == "bf16" and not computes_bf16(device):
                raise NotRun(f"this {device.type} only imitates bf16")
            found = trained(family, scale, prepare(Execution(device=chosen.device, precision=precision)), compiled, job)
        except (NotRun, UserError) as why:
            left.append({"what": f"check,{family},{arm},{job.ranks}", "why": str(why)})
            continue
        errors = {"loss_error": max(abs(a - b) / abs(b) for a, b in zip(found["losses"], losses, strict=True))}
        if job.ranks == 1:
            errors |= {"logits_error": error(found["logits"], expected["logits"], relative=True)}
            pairs = [(found["weights"][name], weight) for name, weight in expected["weights"].items()]
            errors |= {"weight_error": max(error(*pair) for pair in pairs)}
        kept = {name: most for name, most in TOLERANCES[precision].items() if name in errors}
        rows.append(
            {
                "family": family,
                "arithmetic": arm,
                "on": device.type,
                "devices": job.ranks,
                "steps": scale.steps,
                **{name: float(f"{value:.3g}") for name, value in errors.items()},
                "tolerances": kept,
                "within": all(errors[name] <= most for name, most in kept.items()),
            }
        )
    return {"checks": rows, "not_run": left}


def trained(family: str, scale: Scale, runtime: Runtime, compiled: bool, job: Job) -> dict[str, Any]:
    """Logits of new weights, and losses and weights of the steps; on many ranks the losses alone."""
    import torch

    from aurora.recipe.model import Architecture

    shape = {"layers": scale.layers, "width": scale.width, "heads": 4, "positions": scale.length}
    architecture = Architecture.model_validate({**shape, "family": family, **FAMILIES[family]})
    engine = engine_of(architecture, scale.vocabulary, runtime, compiled, job)
    engine.initialise(torch.Generator().manual_seed(1))
    batches = Sequences(scale.rows, scale.length, scale.vocabulary, learnable=True)
    found: dict[str, Any] = {}
    if job.ranks == 1:
        tokens = torch.from_numpy(next(batches.batches(0, 1)).inputs).to(runtime.device)
        # By what trains, which in bf16 is a network of its own, and with gradients, without which nothing is compiled.
        found["logits"] = engine.weights.working(tokens).detach().float().cpu()  # type: ignore[attr-defined]
    trainer = trainer_of(engine, batches, scale.steps)
    found["losses"] = [trainer.advance().loss for _ in range(scale.steps)]
    if job.ranks == 1:
        found["weights"] = {name: parameter.detach().cpu() for name, parameter in engine.named.items()}
    return found


def error(found: torch.Tensor, expected: torch.Tensor, relative: bool = False) -> float:
    """The largest difference; `relative` to the largest value expected."""
    most = float((found - expected).abs().max())
    return most / float(expected.abs().max()) if relative else most


# Speed


def speed(chosen: argparse.Namespace, shape: str, variant: str, job: Job) -> dict[str, Any]:
    """A variant's rate at a shape, over all ranks; memory is the first rank's."""
    import torch

    from aurora.model.families import FAMILIES as PUBLISHED
    from aurora.recipe.execution import Execution
    from aurora.training.meter import flops_per_token, matrix_rate, memory
    from aurora.training.process.runtime import prepare

    if variant.startswith("transformers") and find_spec("transformers") is None:
        raise NotRun("transformers is not installed")
    runtime = prepare(Execution(device=chosen.device))
    kind, configuration = runtime.device.type, SHAPES[shape]
    length = chosen.length or (32 if chosen.small else LENGTHS[kind])
    rows = chosen.rows or (ROWS[shape] if kind == "cuda" or chosen.small else 1)
    warm_up, steps = (1, 2) if chosen.small else STEPS[kind]
    architecture, vocabulary = PUBLISHED["llama"].architecture(configuration), configuration["vocab_size"]
    rate = sum(map(float, job.gather(str(matrix_rate(runtime.device, runtime.precision)))))
    batches = Sequences(rows * job.ranks, length, vocabulary)
    compiled = variant.endswith("_compiled")
    if variant.startswith("aurora"):
        advance = ours(architecture, vocabulary, runtime, compiled, job, batches, warm_up + steps)
    else:
        advance = theirs(configuration, runtime, compiled, job, batches, warm_up + steps)

    def timed(number: int) -> float:
        for _ in range(number):
            loss = advance()
        if kind == "cuda":
            torch.cuda.synchronize()
        job.wait()
        if not math.isfinite(loss):
            raise Failed(f"the loss is {loss}, so the figures would be of no training")
        return time.perf_counter()

    begin = timed(warm_up)
    seconds = timed(steps) - begin
    tokens = steps * rows * job.ranks * length / seconds
    flops = flops_per_token(architecture, vocabulary, length) * tokens
    row = {
        "shape": shape,
        "variant": variant,
        "on": kind,
        "devices": job.ranks,
        "precision": runtime.precision,
        "rows": rows,
        "length": length,
        "tokens_per_second": round(tokens, 1),
        "step_seconds": round(seconds / steps, 4),
        "model_flops_per_second": round(flops),
        "matrix_rate": round(rate),
        "utilisation": round(flops / rate, 3),
        "peak_memory_bytes": memory(runtime.device)[1],
    }
    return {"speed": [row]}


def ours(
    architecture: Architecture,
    vocabulary: int,
    runtime: Runtime,
    compiled: bool,
    job: Job,
    batches: Sequences,
    steps: int,
) -> Callable[[], float]:
    """A step of Aurora's trainer, as `aurora train` makes it; gives the loss."""
    import torch

    from aurora.training.parallel.network import local

    engine = engine_of(architecture, vocabulary, runtime, compiled, job)
    with torch.no_grad():  # drawn on the device: billions of numbers from the CPU's generator would take minutes
        for name, parameter in engine.named.items():
            spec, part = engine.specs[name], local(parameter)
            part.normal_(spec.mean, spec.deviation) if spec.deviation else part.fill_(spec.mean)
    engine.refresh()
    trainer = trainer_of(engine, batches, steps)
    return lambda: trainer.advance().loss


def theirs(
    configuration: dict[str, Any], runtime: Runtime, compiled: bool, job: Job, batches: Sequences, steps: int
) -> Callable[[], float]:
    """A step of the same network of transformers in a plain loop; gives the loss."""
    import torch
    import transformers

    torch.use_deterministic_algorithms(False)  # as it comes: nobody trains it otherwise
    device = runtime.device
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")
    with device:
        config = transformers.LlamaConfig(**configuration, use_cache=False, pad_token_id=None)
        model: Any = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="sdpa").train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    parameters = list(model.parameters())
    if job.ranks > 1:
        model = torch.nn.parallel.DistributedDataParallel(model, [device] if device.type == "cuda" else None)
    if compiled:
        from aurora.training.parallel.compiling import refuse_without_compiler

        refuse_without_compiler(device)
        model = torch.compile(model)
    coming = batches.batches(0, steps, job.rank, job.ranks)

    def advance() -> float:
        ids = torch.from_numpy(next(coming).inputs).to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=runtime.precision == "bf16"):
            loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return float(loss)

    return advance


# What both have in common


class Sequences:
    """Sequences of tokens by step: `learnable` ones rise by a number of their own, others are random."""

    def __init__(self, rows: int, length: int, vocabulary: int, learnable: bool = False) -> None:
        self.rows, self.length, self.vocabulary, self.learnable = rows, length, vocabulary, learnable

    def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Any]:
        """As in `aurora.tokens.loader.Loader`."""
        import numpy as np

        from aurora.tokens.loader import Batch

        own = slice(rank * self.rows // ranks, (rank + 1) * self.rows // ranks)
        for step in range(first, last):
            generator = np.random.default_rng(step)
            tokens = generator.integers(0, self.vocabulary, (self.rows, self.length + 1))
            if self.learnable:
                rise = generator.integers(1, 8, (self.rows, 1))
                tokens = (tokens[:, :1] + rise * np.arange(self.length + 1)) % self.vocabulary
            tokens = tokens[own]
            yield Batch(tokens[:, :-1], tokens[:, 1:], np.ones(tokens[:, 1:].shape, np.bool_), [])


def engine_of(architecture: Architecture, vocabulary: int, runtime: Runtime, compiled: bool, job: Job) -> Engine:
    """The network in one process, or shared by the data-parallel ranks of the job; its weights are unset."""
    from aurora.model.network import Network
    from aurora.training.parallel.compiling import compile_blocks
    from aurora.training.parallel.engine import OneProcess
    from aurora.training.parallel.layout import Layout
    from aurora.training.parallel.network import ParallelNetwork

    engine: Engine
    if job.ranks == 1:
        with runtime.device:
            engine = OneProcess(Network(architecture, vocabulary), runtime)
    else:
        layout = Layout(shard=job.ranks)
        engine = ParallelNetwork(architecture, vocabulary, layout, runtime.device, runtime.precision)
    if compiled:
        compile_blocks(engine.blocks, runtime.device)
    return engine


def trainer_of(engine: Engine, batches: Sequences, steps: int) -> Trainer:
    """Ready for the first step."""
    from aurora.recipe.stages.schedule import Schedule
    from aurora.recipe.stages.stage import Stage
    from aurora.training.trainer import Trainer

    tokens = batches.rows * batches.length
    stage = Stage(
        start="model",
        tokens=steps * tokens,
        batch_tokens=tokens,
        sequence_length=batches.length,
        mixture={"random/en": 1},
        schedule=Schedule(peak=1e-3 if batches.learnable else 1e-4, warmup=0.1),
    )
    return Trainer(engine, stage, batches, batches.rows, lambda step: {})


if __name__ == "__main__":
    main()
