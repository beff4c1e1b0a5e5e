"""The whole plan of curation: its rate a core, beside datatrove's pipeline, and its memory for a gigabyte of text.

    python benchmarks/curation_plan.py --data DIR [--engines]

Text is drawn from DIR/corpora: documents as they are, then as many more as are needed, made of passages of others.
Rates are UTF-8 bytes of text by CPU seconds of the process and its children, so that other work on the machine does
not count. Memory is the largest sum over all processes of what each holds for itself and its share of the rest (PSS).
datatrove does the same work on a sample of the same documents (datatrove_pipeline.py).
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa

from aurora.recipe.corpus import Corpus
from datatrove_pipeline import run as run_peer
from inputs import add_data, data_of, is_installed

LANGUAGES = {
    "en": "eng_Latn",
    "fi": "fin_Latn",
    "hi": "hin_Deva",
    "ja": "jpn_Jpan",
    "vi": "vie_Latn",
    "code": "eng_Latn",
}
# All that the plan does to a text; the peer does the same (datatrove_pipeline.py).
CURATION = {
    "rules": ["gopher-quality", "gopher-repetition"],
    "personal_data": "placeholders",
    "duplicates": "near",
}
GIGABYTE = 1_000_000_000
PASSAGE = 5  # lines
SAMPLE = 700_000  # bytes of each language, for the peer
SAMPLING_SECONDS = 0.1


def measure(data: Path) -> dict[str, Any]:
    """`plan_mb_per_second_per_core`, `plan_speedup`, `peak_memory_bytes`, and figures beside them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write_text(data, folder / "small", 0)
        ours, peer = [], []
        for _ in range(2):
            ours.append(_in_a_process("ours", folder / "small", workers=1))
            if is_installed("datatrove"):
                peer.append(_in_a_process("peer", folder / "small"))
        rate = max(size / run["cpu"] for run in ours) / 1e6
        peer_rate = max(run["bytes"] / run["cpu"] for run in peer) / 1e6 if peer else None
        moved = _in_a_process("ours", folder / "small", workers=1, moved=True)
        large = write_text(data, folder / "large", min(GIGABYTE, 8 * size))
        whole = _in_a_process("ours", folder / "large", workers=0)
        return {
            "plan_mb_per_second_per_core": round(rate, 2),
            "plan_speedup": peer_rate and round(rate / peer_rate, 1),
            "peak_memory_bytes": whole["peak"],
            "plan_bytes": large,
            "plan_workers": os.cpu_count(),
            "plan_mb_per_second": round(large / whole["wall"] / 1e6, 2),
            "plan_mb_per_second_moved_threshold": round(size / moved["wall"] / 1e6, 1),
            "datatrove_mb_per_second_per_core": peer_rate and round(peer_rate, 3),
        }


def measure_engines(data: Path) -> dict[str, Any]:
    """The same shards by each engine: seconds, CPU seconds and memory, and those of a corpus of two documents."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write_text(data, folder / "small", 0)
        (folder / "tiny").mkdir()
        for language in ("en", "fi"):
            (folder / "tiny" / f"{language}.jsonl").write_text(json.dumps({"text": "word " * 100}) + "\n")
        found = {}
        for engine in ("daft-native", "daft-ray", "ray-data"):
            run = _in_a_process("ours", folder / "small", workers=2, engine=engine)
            start = _in_a_process("ours", folder / "tiny", workers=2, engine=engine)
            found[engine] = {
                "mb_per_second": round(size / run["wall"] / 1e6, 2),
                "peak_memory_bytes": run["peak"],
                "start_seconds": round(start["wall"], 2),
                "start_memory_bytes": start["peak"],
            }
        return found


def write_text(data: Path, folder: Path, size: int) -> int:
    """Write LANG.jsonl with all documents of each language, and more until there are `size` bytes of text in all;
    returns how many there are."""
    folder.mkdir()
    total = 0
    for language in LANGUAGES:
        texts = list(_texts(data / "corpora" / f"{language}.jsonl.zst"))
        written = 0
        with (folder / f"{language}.jsonl").open("w", encoding="utf-8") as stream:
            for number, text in enumerate(_endless(texts, random.Random(language))):
                if number >= len(texts) and written >= size / len(LANGUAGES):
                    break
                stream.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
                written += len(text.encode())
        total += written
    return total


def _texts(path: Path) -> Iterator[str]:
    with pa.input_stream(str(path), compression="zstd") as stream:
        for line in io.BufferedReader(stream):
            yield json.loads(line)["text"]


def _endless(texts: list[str], chance: random.Random) -> Iterator[str]:
    """The texts, then as long ones again and again, each passage from a text chosen by chance."""
    yield from texts
    lines = [text.split("\n") for text in texts]
    while True:
        for text in texts:
            made: list[str] = []
            while sum(map(len, made)) < len(text):
                donor = chance.choice(lines)
                start = chance.randrange(len(donor))
                made += donor[start : start + PASSAGE]
            yield "\n".join(made)


def _in_a_process(kind: str, folder: Path, **options: Any) -> dict[str, Any]:
    """What a run in a process of its own says, and the most memory that it and its children held."""
    order = json.dumps({"kind": kind, "folder": str(folder), **options})
    command = [sys.executable, __file__, "--data", str(folder), "--run", order]
    # To files: what nobody reads meanwhile would fill a pipe, and stop the process.
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as complained:
        with subprocess.Popen(command, stdout=said, stderr=complained) as process:
            peak = 0
            while process.poll() is None:
                peak = max(peak, _memory(psutil.Process(process.pid)))
                time.sleep(SAMPLING_SECONDS)
        said.seek(0)
        complained.seek(0)
        if process.returncode:
            raise SystemExit(f"{order} failed:\n{complained.read()[-2000:]}")
        return {**json.loads(said.read().splitlines()[-1]), "peak": peak}


def _memory(process: psutil.Process) -> int:
    total = 0
    try:
        for part in (process, *process.children(recursive=True)):
            total += part.memory_full_info().pss
    except psutil.Error:  # one of them has just ended
        pass
    return total


def run(order: dict[str, Any]) -> dict[str, Any]:
    """Carry out one run in this process; returns {"wall", "cpu" (both seconds), "bytes"}.

    CPU seconds miss the daemons of Ray, which are no children to be waited for.
    """
    folder = Path(order["folder"])
    begin = time.perf_counter()
    done = run_peer(folder, LANGUAGES, SAMPLE) if order["kind"] == "peer" else _run_ours(folder, order)
    wall = time.perf_counter() - begin
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {"wall": wall, "cpu": sum(use.ru_utime + use.ru_stime for use in used), "bytes": done}


def _run_ours(folder: Path, order: dict[str, Any]) -> int:
    from aurora.corpus import curate
    from aurora.corpus.phases import workers as engine

    if "engine" in order:
        engine.WORTHWHILE = 0
    if order.get("engine") == "ray-data":
        curate.carry_out = _ray_data  # type: ignore[assignment]
    files = {path.stem: path.name for path in sorted(folder.glob("*.jsonl"))}
    moved = {"thresholds": {"fi": {"gopher_max_mean_word": 15.5}}} if order.get("moved") else {}
    curation = {**CURATION, **moved}
    corpus = Corpus.model_validate(
        {
            "sources": {name: {"kind": "jsonl", "paths": [file], "language": name} for name, file in files.items()},
            "curation": curation,
            "execution": {
                "workers": order["workers"],
                "runner": "ray" if order.get("engine") == "daft-ray" else "local",
            },
        }
    )
    if not order.get("moved"):
        shutil.rmtree(folder / "out.work", ignore_errors=True)
    shutil.rmtree(folder / "out", ignore_errors=True)
    ledger = curate.build_corpus(corpus, folder, folder / "cache", 1, folder / "out")
    return int(ledger["bytes"]["in"])


def _ray_data(tasks: list[Any], size: int | None, execution: Any, work: Any, tick: Any) -> Iterator[Any]:
    """The tasks by Ray Data, as `engine.carry_out` gives them to Daft."""
    import ray

    from aurora.corpus.phases.workers import guarded

    if not ray.is_initialized():
        ray.init(num_cpus=execution.workers, include_dashboard=False, log_to_driver=False)
    rows = ray.data.from_items([{"task": json.dumps(task)} for task in tasks], override_num_blocks=len(tasks))
    for row in rows.map(lambda row: {"result": guarded(work, row["task"])}).iter_rows():
        answer = json.loads(row["result"])
        if "error" in answer:
            raise SystemExit(answer["error"])
        yield answer["result"]


def main() -> None:
    """Measure; the last line printed is the object."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(arguments, required=False)  # its own processes read what they are told by --run
    arguments.add_argument("--engines", action="store_true", help="compare the engines that could carry out the plan")
    arguments.add_argument("--run", help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.run:
        print(json.dumps(run(json.loads(chosen.run))))
    else:
        with data_of(chosen) as data:
            print(json.dumps((measure_engines if chosen.engines else measure)(data)))


if __name__ == "__main__":
    main()
