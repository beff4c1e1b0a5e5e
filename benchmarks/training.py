"""A training step of ours beside Hugging Face's Trainer, on the CPU, in turn in one run.

    python benchmarks/training.py [--family llama] [--json] [--small]
    python benchmarks/training.py --variant aurora_compiled
    python benchmarks/training.py --variant aurora --profile

GPT-BigCode of 24.8 million parameters (6 layers, width 512, 8 heads, multi-query, 16,384 entries), or a Llama of 25.3
million (2 key/value heads, a gated MLP of 1,408); 8 sequences of 512 tokens a step, AdamW. Each variant runs in a
process of its own, as it comes; `hf_tuned` is bf16 with torch.compile, fused AdamW and an allocator that keeps its
memory (glibc's, told so by GLIBC_TUNABLES). The peer needs `pip install accelerate` and is null without it; compiled
blocks (`execution.compile`) are measured only when asked for. The last line of --json is one object; utilisation is
against the matrix rate of machine.py, in bf16 where the machine computes in it. Where it does not, nothing is measured
in bf16.
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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from machine import computes_in_bf16, machine

if TYPE_CHECKING:
    from aurora.training.trainer import Trainer

SMALL = os.environ.get("AURORA_SMALL_BENCHMARK") == "1"  # reaches the processes of the variants
LAYERS, WIDTH, HEADS, VOCABULARY, LENGTH, ROWS = 6, 512, 8, 16_384, 512, 8
SHARED, INNER = 2, 1408  # key/value heads and width of the MLP of the Llama
WARM_UP, STEPS, ROUNDS = 4, 10, 3
if SMALL:
    LAYERS, WIDTH, HEADS, VOCABULARY, LENGTH, ROWS = 1, 32, 2, 128, 32, 2
    SHARED, INNER = 1, 80
    WARM_UP, STEPS, ROUNDS = 1, 2, 1
SECONDS = 600.0  # no further round begins behind it: a slow machine has one or two
SAVE = "save"  # not a way to train: how long an asynchronous checkpoint stops one
COMPILED = ("aurora_compiled", "aurora_fp32_compiled")
VARIANTS = ("aurora", "aurora_fp32", "hf_bf16", "hf_fp32", "hf_tuned")
# Where a step's time goes, by torch's operations.
PARTS = {
    "products with weights, output layer included": ("mm", "addmm"),
    "products of attention": ("bmm",),
    "softmax, of attention and of the loss": ("_softmax", "_softmax_backward_data", "amax", "log"),
    "GELU, layer norms": ("gelu", "gelu_backward", "native_layer_norm", "native_layer_norm_backward"),
    "copies between types and layouts": ("copy_",),
    "sums and products by element": ("add", "add_", "mul", "sum", "sub", "sub_", "fill_"),
    "AdamW, gradient norm": ("_fused_adamw_", "linalg_vector_norm", "_foreach_mul_"),
}
KEEP_MEMORY = (
    "glibc.malloc.trim_threshold=2147483647:glibc.malloc.mmap_threshold=1073741824:glibc.malloc.top_pad=67108864"
)


def main() -> None:
    """Run every variant in turn, several rounds, and keep each one's best."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--json", action="store_true", help="print only the one object")
    arguments.add_argument("--family", choices=("gpt_bigcode", "llama"), default="gpt_bigcode")
    arguments.add_argument("--variant", choices=(*VARIANTS, *COMPILED, SAVE))
    arguments.add_argument("--profile", action="store_true", help="shares of the time of Aurora's own --variant")
    arguments.add_argument("--small", action="store_true", help="a tiny network, to see that the script runs")
    chosen = arguments.parse_args()
    if chosen.small and not SMALL:
        environment = {**os.environ, "AURORA_SMALL_BENCHMARK": "1"}
        raise SystemExit(subprocess.run([sys.executable, *sys.argv], env=environment, check=False).returncode)
    if chosen.profile:
        for part, share in profile(chosen.variant or "aurora", chosen.family).items():
            print(f"{share:6.1%} {part}")
        return
    if chosen.variant:
        if chosen.variant == SAVE:
            print(json.dumps({"share": async_save_share()}))
            return
        run = ours if chosen.variant.startswith("aurora") else theirs
        print(json.dumps(run(chosen.variant, chosen.family)))
        return
    begin, rounds = time.monotonic(), []
    while len(rounds) < ROUNDS and time.monotonic() - begin < SECONDS:
        rounds.append({variant: in_own_process(variant, chosen.family) for variant in variants()})
    best: dict[str, Any] = {
        variant: max(
            (found[variant] for found in rounds if found.get(variant)), key=lambda found: found["rate"], default=None
        )
        for variant in VARIANTS
    }
    if not chosen.json:
        for found in rounds:
            print({variant: figures and round(figures["rate"]) for variant, figures in found.items()})
    print(json.dumps({**summary(best), "async_save_share": round(in_own_process(SAVE, chosen.family)["share"], 3)}))


def variants() -> list[str]:
    """Those that this machine can tell something of: none in bf16 where that is imitated."""
    return [variant for variant in VARIANTS if "fp32" in variant or computes_in_bf16()]


def summary(best: dict[str, Any]) -> dict[str, Any]:
    """The object of the last line."""
    aurora = best["aurora"] or best["aurora_fp32"]
    found = machine()

    def ratio(of: str, to: str) -> float | None:
        return round(best[of]["rate"] / best[to]["rate"], 3) if best[of] and best[to] else None

    return {
        "tokens_per_second": {variant: figures and round(figures["rate"], 1) for variant, figures in best.items()},
        "ratio_hf_bf16": ratio("aurora", "hf_bf16"),
        "ratio_hf_fp32": ratio("aurora", "hf_fp32"),
        "ratio_hf_tuned": ratio("aurora", "hf_tuned"),
        "ratio_fp32": ratio("aurora_fp32", "hf_fp32"),
        "machine": found,
        "utilisation": round(aurora["rate"] * flops_per_token(aurora["parameters"]) / found["matrix_rate"], 3),
        "peak_memory_bytes": {variant: figures and figures["peak_memory_bytes"] for variant, figures in best.items()},
    }


def flops_per_token(parameters: int) -> int:
    """Of a forward and a backward pass: 6 for each weight, and attention's products (PaLM, appendix B)."""
    return 6 * parameters + 12 * LAYERS * WIDTH * LENGTH


def in_own_process(variant: str, family: str) -> Any:
    """A variant's figures; None where the peer is not installed."""
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    if variant == "hf_tuned":
        environment["GLIBC_TUNABLES"] = KEEP_MEMORY
    command = [sys.executable, __file__, "--family", family, "--variant", variant]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode and "accelerate" in done.stderr:
        return None
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.strip().split("\n")[-1])


def ours(variant: str, family: str) -> dict[str, float]:
    """Aurora's trainer as `aurora train` runs it."""
    trainer = our_trainer(variant, family)
    for _ in range(WARM_UP):
        trainer.advance()
    begin = time.perf_counter()
    for _ in range(STEPS):
        trainer.advance()
    rate = STEPS * ROWS * LENGTH / (time.perf_counter() - begin)
    parameters = sum(parameter.numel() for parameter in trainer.engine.named.values())
    return {"rate": rate, "parameters": parameters, **memory()}


def profile(variant: str, family: str) -> dict[str, float]:
    """Shares of the time of a step, by what is computed."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as profiler

    trainer = our_trainer(variant, family)
    for _ in range(WARM_UP):
        trainer.advance()
    with profiler(activities=[ProfilerActivity.CPU]) as taken:
        for _ in range(STEPS):
            trainer.advance()
    parts = dict.fromkeys([*PARTS, "all else"], 0.0)
    for event in taken.key_averages():
        found = [part for part, names in PARTS.items() if event.key.removeprefix("aten::") in names]
        parts[found[0] if found else "all else"] += event.self_cpu_time_total
    total = sum(parts.values())
    return {part: spent / total for part, spent in parts.items()}


def our_trainer(variant: str, family: str) -> Trainer:
    """The model of this benchmark, ready for its first step."""
    import numpy as np
    import torch

    from aurora.model.network import Network
    from aurora.recipe.execution import Execution
    from aurora.recipe.model import Architecture
    from aurora.recipe.stages.schedule import Schedule
    from aurora.recipe.stages.stage import Stage
    from aurora.tokens.loader import Batch
    from aurora.training.parallel.compiling import compile_blocks
    from aurora.training.parallel.engine import OneProcess
    from aurora.training.process.runtime import prepare
    from aurora.training.trainer import Trainer

    class Random:
        """Batches of random tokens."""

        def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]:
            for step in range(first, last):
                tokens = np.random.default_rng(step).integers(0, VOCABULARY, (ROWS, LENGTH + 1))
                yield Batch(tokens[:, :-1], tokens[:, 1:], np.ones((ROWS, LENGTH), np.bool_), [])

    runtime = prepare(Execution(device="cpu", precision="fp32" if "fp32" in variant else "bf16"))
    shape: dict[str, Any] = {"layers": LAYERS, "width": WIDTH, "heads": HEADS, "positions": LENGTH}
    if family == "llama":
        shape |= {"family": family, "key_value_heads": SHARED, "inner": INNER, "rotary": {}, "norm": "rms"}
        shape |= {"norm_epsilon": 1e-6, "gated": True, "activation": "silu", "biases": []}
    model = Network(Architecture.model_validate(shape), VOCABULARY)
    model.initialise(torch.Generator().manual_seed(1))
    stage = Stage(
        start="model",
        tokens=1000 * ROWS * LENGTH,
        batch_tokens=ROWS * LENGTH,
        sequence_length=LENGTH,
        mixture={"random/en": 1},
        schedule=Schedule(peak=1e-4),
    )
    engine = OneProcess(model, runtime)
    if variant in COMPILED:
        compile_blocks(engine.blocks, runtime.device)
    return Trainer(engine, stage, Random(), ROWS, lambda step: "")


def theirs(variant: str, family: str) -> dict[str, float]:
    """transformers' Trainer on its own network."""
    import torch
    from transformers import Trainer, TrainerCallback, TrainingArguments

    class Clock(TrainerCallback):
        """Notes when the steps to be timed begin and end."""

        def __init__(self) -> None:
            self.times: list[float] = []

        def on_step_end(self, *arguments: Any, **more: Any) -> None:
            self.times.append(time.perf_counter())

    tuned = variant == "hf_tuned"
    rows = torch.randint(VOCABULARY, (ROWS * (WARM_UP + STEPS), LENGTH), generator=torch.Generator().manual_seed(1))
    data = [{"input_ids": row, "labels": row} for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=ROWS,
            max_steps=WARM_UP + STEPS,
            bf16=variant != "hf_fp32",
            use_cpu=True,
            torch_compile=tuned,
            optim="adamw_torch_fused" if tuned else "adamw_torch",
            save_strategy="no",
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
        )
        clock = Clock()
        Trainer(model=their_network(family), args=arguments, train_dataset=data, callbacks=[clock]).train()
    seconds = clock.times[-1] - clock.times[WARM_UP - 1]
    return {"rate": STEPS * ROWS * LENGTH / seconds, **memory()}


def their_network(family: str) -> Any:
    """The same network in transformers."""
    from transformers import GPTBigCodeConfig, GPTBigCodeForCausalLM, LlamaConfig, LlamaForCausalLM

    if family == "llama":
        return LlamaForCausalLM(LlamaConfig(
            vocab_size=VOCABULARY, max_position_embeddings=LENGTH, hidden_size=WIDTH, num_hidden_layers=LAYERS,
            num_attention_heads=HEADS, num_key_value_heads=SHARED, intermediate_size=INNER, tie_word_embeddings=True,
            use_cache=False, bos_token_id=0, eos_token_id=0,
        ))  # fmt: skip
    return GPTBigCodeForCausalLM(GPTBigCodeConfig(
        vocab_size=VOCABULARY, n_positions=LENGTH, n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS, multi_query=True,
        attn_pdrop=0.0, resid_pdrop=0.0, embd_pdrop=0.0, use_cache=False,
    ))  # fmt: skip


def async_save_share() -> float:
    """How long an asynchronous save of 1 GB stops training, over how long a synchronous one does; best of several."""
    import torch

    from aurora.training.checkpoints.checkpoint import Keep, save_checkpoint
    from aurora.training.checkpoints.saving import Saver
    from aurora.training.process.job import Job
    from aurora.training.process.runtime import keep_memory
    from aurora.training.records.state import State

    keep_memory()
    tensors = {f"w{number}": torch.randn(1024, 1024) for number in range(4 if SMALL else 250)}
    weights = dict(list(tensors.items())[: len(tensors) // 3])
    moments = {name: tensor for name, tensor in tensors.items() if name not in weights}
    state = State("base", {}, [], "fp32", 1, 1, 1, 1, 1, 1, 1.0, 1.0)
    together, apart = [], []
    with tempfile.TemporaryDirectory() as folder:
        saver = Saver(Path(folder), Job(), Keep())
        for _ in range(4):
            begin = time.perf_counter()
            save_checkpoint(Path(folder), state, weights, moments)
            together.append(time.perf_counter() - begin)
            begin = time.perf_counter()
            saver.save(state, weights, moments)
            apart.append(time.perf_counter() - begin)
            saver.wait()
    return min(apart) / min(together)


def memory() -> dict[str, int]:
    """Most memory this process has held."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return {"peak_memory_bytes": next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))}


if __name__ == "__main__":
    main()
