"""Scoring and answering beside lm-evaluation-harness's own backend: requests a second, peak memory, and parity.

    python benchmarks/evaluation.py --checkpoint FOLDER --data DIR [--part NAME ...] [--dtype float32,bfloat16] [--json]

FOLDER is a checkpoint of Aurora's, DIR holds benchmarks/SET.jsonl.gz. Both sides are given the same requests, in turn,
each in a process of its own on one thread: `zero-shot` (HellaSwag), `five-shot` (OpenBookQA after five fixed examples),
`answers` (NQ-open, at most 64 tokens), and `parity` (14 sets in five languages and code, whose speed says little). The
peer runs at each of --batch; its fastest is compared. It needs `accelerate`; without it our side runs alone. Parity is
the largest relative difference of log-likelihoods where no token spans the join of context and continuation, which
the two encode differently on purpose (docs/evaluation.md), and the share of equal answers.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from aurora.api.checkpoints import load_checkpoint
from aurora.model.folder import save_model
from aurora.model.huggingface import export_model
from aurora.model.network import Network
from aurora.recipe.model import Architecture
from inputs import add_data, data_of

PARITY = (
    "hellaswag_en", "openbookqa_en", "truthfulqa_mc_en", "global_mmlu_lite_en", "xwinograd_en", "global_mmlu_lite_vi",
    "xquad_vi", "mmlu_hi", "xquad_hi", "jcommonsenseqa", "xwinograd_ja", "xed_fi", "mkqa_fi", "humaneval",
)  # fmt: skip
PARTS: dict[str, tuple[tuple[str, ...], int]] = {  # sets, and examples
    "zero-shot": (("hellaswag_en",), 0),
    "five-shot": (("openbookqa_en",), 5),
    "answers": (("nq_open_en",), 0),
    "parity": (PARITY, 0),
}
SETTINGS = {"until": ["\n\n\n"], "do_sample": False, "max_gen_toks": 64}
Request = tuple[str, Any]


def main() -> None:
    """Run both sides, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint of Aurora's; made up with --small")
    parser.add_argument("--part", action="append", choices=list(PARTS), help="only this; may be given again")
    parser.add_argument("--dtype", default="float32", help="float32, bfloat16, or both with a comma")
    parser.add_argument("--batch", default="1,8,32,64", help="batch sizes of the peer")
    parser.add_argument("--items", type=int, default=100, help="items of each set")
    parser.add_argument("--rounds", type=int, default=3, help="times that both sides run; the fastest counts")
    parser.add_argument("--json", action="store_true", help="the figures as one object")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        print(json.dumps(one_side(json.loads(given.side))))
        return
    if not given.small and given.checkpoint is None:
        parser.error("--checkpoint is missing: give a checkpoint of Aurora's, or --small")
    files = [f"benchmarks/{name}.jsonl.gz" for part in given.part or PARTS for name in PARTS[part][0]]
    with data_of(given, *files) as data, tempfile.TemporaryDirectory() as name:
        if given.small:
            given.checkpoint, given.items, given.rounds, given.batch = small_checkpoint(data, Path(name)), 4, 1, "2"
        found = compare(given, data, Path(name))
    if given.json or given.small:
        print(json.dumps(found))
        return
    for row in found["rows"]:
        print("  ".join(f"{key} {value}" for key, value in row.items()))


def compare(given: argparse.Namespace, data: Path, folder: Path) -> dict[str, Any]:
    """A row for each part and type."""
    published = folder / "published"
    export_model(given.checkpoint, published)
    peers = [int(size) for size in given.batch.split(",")] if importlib.util.find_spec("accelerate") else []
    rows = []
    for dtype in given.dtype.split(","):
        for part in given.part or PARTS:
            job = {"data": str(data), "part": part, "items": given.items, "dtype": dtype, "small": given.small}
            ours: list[dict[str, Any]] = []
            theirs: dict[int, list[dict[str, Any]]] = {size: [] for size in peers}
            for _ in range(given.rounds):
                ours.append(run({**job, "model": str(given.checkpoint.resolve()), "batch": 0}))
                for size in peers:
                    theirs[size].append(run({**job, "model": str(published), "batch": size}))
            rows.append({"part": part, "dtype": dtype, **figures(ours, theirs)})
    return {"checkpoint": str(given.checkpoint), "peer": bool(peers), "rows": rows}


def figures(ours: list[dict[str, Any]], theirs: dict[int, list[dict[str, Any]]]) -> dict[str, Any]:
    """The fastest run of each side, their ratio, and how far the answers agree."""
    best = min(ours, key=lambda run: run["seconds"])
    count = len(best["answers"])
    found = {"requests": count, "ours_per_s": round(count / best["seconds"], 1), "ours_mb": best["megabytes"]}
    if not theirs:
        return found
    size, peer = min(
        ((size, run) for size, runs in theirs.items() for run in runs), key=lambda pair: pair[1]["seconds"]
    )
    both = zip(best["answers"], peer["answers"], best["spans"], strict=True)
    same = [(one, other) for one, other, spans in both if not spans]
    found |= {
        "peer_per_s": round(count / peer["seconds"], 1),
        "peer_batch": size,
        "peer_mb": peer["megabytes"],
        "ratio": round(peer["seconds"] / best["seconds"], 2),
        "ratio_cpu": round(peer["cpu"] / best["cpu"], 2),
        "spanned": count - len(same),
    }
    if isinstance(same[0][0], str):
        return {**found, "equal": round(sum(one == other for one, other in same) / len(same), 4)}
    differences = [abs(one[0] - other[0]) / max(abs(other[0]), 1e-9) for one, other in same]
    return {**found, "largest_difference": float(f"{max(differences):.1e}"),
            "greedy_equal": round(sum(one[1] == other[1] for one, other in same) / len(same), 4)}  # fmt: skip


def run(job: dict[str, Any]) -> dict[str, Any]:
    """One side in a process of its own."""
    command = [sys.executable, __file__, "--small", "--side", json.dumps(job)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    found: dict[str, Any] = json.loads(done.stdout.strip().split("\n")[-1])
    return found


def one_side(job: dict[str, Any]) -> dict[str, Any]:
    """Ours, or the peer with a batch size: seconds, peak memory of the process, and the answers."""
    from lm_eval.api.instance import Instance

    torch.set_num_threads(1)
    asked = requests(Path(job["data"]) / "benchmarks", job["part"], job["items"], job["small"])
    kind = "generate_until" if job["part"] == "answers" else "loglikelihood"
    instances = [Instance(kind, {}, request, number) for number, request in enumerate(asked)]
    spans = [False] * len(asked)
    if job["batch"]:
        from lm_eval.models.huggingface import HFLM

        lm = HFLM(pretrained=job["model"], batch_size=job["batch"], dtype=job["dtype"], device="cpu")
    else:
        from aurora.evaluation.scorer.lm import AuroraLM

        checkpoint = load_checkpoint(Path(job["model"]))
        lm = AuroraLM(checkpoint.network.to(getattr(torch, job["dtype"])), checkpoint.text)
    began, busy = time.perf_counter(), time.process_time()
    answers = getattr(lm, kind)(instances)
    seconds, cpu = time.perf_counter() - began, time.process_time() - busy
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if kind == "loglikelihood":
        spans = [spanned(lm.tok_encode, *request) for request in asked]
    return {"seconds": seconds, "cpu": cpu, "megabytes": memory, "answers": answers, "spans": spans}


def spanned(encode: Any, context: str, continuation: str) -> bool:
    """Whether a token spans the join, as the context's ids are not those that the whole begins with."""
    before = encode(context.rstrip())
    return encode(context + continuation)[: len(before)] != before


def requests(folder: Path, part: str, items: int, small: bool) -> list[Request]:
    """The requests of a part, plainly worded."""
    names, shots = PARTS[part]
    asked: list[Request] = []
    for name in names[:1] if small else names:
        path = folder / ("made-up.jsonl.gz" if small else f"{name}.jsonl.gz")
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines][: items + shots]
        if part == "answers":
            asked.extend((f"Question: {row['question']}\nAnswer:", dict(SETTINGS)) for row in rows)
            continue
        examples = "".join(f"{context}{continuation}\n\n" for context, continuation in map(right, rows[:shots]))
        asked.extend((examples + context, after) for row in rows[shots:] for context, after in pairs(row))
    return asked


def pairs(row: dict[str, Any]) -> Sequence[tuple[str, str]]:
    """What an item compares, or what it expects."""
    if row.get("task") == "cloze_choice":
        before, _, behind = row["question"].partition("_")
        return [(before + choice, behind) for choice in row["choices"]]
    if "choices" in row:
        return [(row["question"], f" {choice}") for choice in row["choices"]]
    if "prompt" in row:
        return [(row["prompt"], row["canonical_solution"])]
    asked = f"{row['context']}\n{row['question']}" if "context" in row else row["question"]
    return [(asked, f" {answer}") for answer in row["answers"]]


def right(row: dict[str, Any]) -> tuple[str, str]:
    """The pair that is right."""
    return pairs(row)[row["answer"] if isinstance(row.get("answer"), int) else 0]


def small_checkpoint(data: Path, folder: Path) -> Path:
    """A network that knows nothing, with the made-up tokenizer."""
    (folder / "text").mkdir()
    path = folder / "text/tokenizer.json"
    path.write_bytes(gzip.decompress((data / "tokenizers/starcoder.json.gz").read_bytes()))
    model = Network(Architecture(layers=2, width=32, heads=4, positions=512, initializer_range=0.3), 640)
    model.initialise(torch.Generator().manual_seed(1))
    (folder / "small").mkdir()
    save_model(model, folder / "small", path)
    return folder / "small"


if __name__ == "__main__":
    main()
