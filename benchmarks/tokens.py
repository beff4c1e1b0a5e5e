"""The token layer beside its peers: encoding, mixtures of any length, loading, and tokenizers taught new languages.

    python benchmarks/tokens.py --data DIR [--json]

DIR holds corpora/LANG.jsonl.zst (lines with `text`) and tokenizers/starcoder.json.gz. Every figure of ours is measured
in the same run as its peer's, on one core where it says "per core". Megatron's figures need `pip install --no-deps
megatron-core` and are null without it. Parts whose memory is measured run in a process of their own.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from aurora.corpus.cleaning.identify import Cld2
from aurora.corpus.document import new_document
from aurora.corpus.phases.part_files import PartWriter
from aurora.files import write_json
from aurora.recipe.stages.pace import Pace
from aurora.recipe.tokens import Tokens
from aurora.tokens.build import BATCH_DOCUMENTS, build_tokens
from aurora.tokens.loader import Loader
from aurora.tokens.mixture import Mixture
from aurora.tokens.packing import rows_of
from aurora.tokens.store import HEADER, MAGIC, SCHEMA, TokenStore, file_of, store_stem
from aurora.tokens.text.encoder import HuggingFaceEncoder, TiktokenEncoder, fast_encoder
from aurora.tokens.text.extension import extend_tokenizer
from aurora.tokens.text.fertility import bytes_per_token
from aurora.tokens.text.tokenizer import LEARNT as CUTS
from aurora.tokens.text.tokenizer import pre_tokenizer
from inputs import add_data, data_of

LANGUAGES = ("en", "fi", "hi", "ja", "vi", "code")
LEARNT = ("fi", "hi", "ja", "vi")
ENTRIES = 16_000
# Every tenth document is kept from the merges and measured.
HELD_OUT = 10
REPEATS = 5
SPEED_BYTES = 4_000_000  # of each language, for the rates per core
SOURCES, SOURCE_TOKENS, LONG_SEQUENCE = 500, 2_000_000_000, 8192
SEQUENCE, BATCH = 2048, 512

Texts = dict[str, list[str]]


def main() -> None:
    """Measure everything, or (in a process of its own) one part."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(arguments, required=False)  # its own processes read --folder
    arguments.add_argument("--json", action="store_true", help="print only the one object")
    arguments.add_argument("--part", choices=("mixture", "loader", "blending", "megatron-loader"))
    arguments.add_argument("--folder", type=Path)
    chosen = arguments.parse_args()
    if chosen.part:
        parts = {"mixture": time_mixture, "loader": time_loader, "blending": time_blending}
        print(json.dumps({**parts, "megatron-loader": time_megatron_loader}[chosen.part](chosen.folder)))
        return
    say: Callable[[str], None] = (lambda text: None) if chosen.json else print
    with data_of(chosen, "corpora/en.jsonl.zst", "tokenizers/starcoder.json.gz") as data:
        print(json.dumps(measure(data, say)))


def measure(data: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """The object of the last line."""
    texts = {path.name.split(".")[0]: read(path) for path in sorted((data / "corpora").glob("*.zst"))}
    tokenizer = Tokenizer.from_str(gzip.decompress((data / "tokenizers/starcoder.json.gz").read_bytes()).decode())
    tokenizer.encode_special_tokens = True
    say(f"{sum(len(text.encode()) for part in texts.values() for text in part) / 1e6:.0f} MB of text")
    found: dict[str, Any] = {"ids_equal": equal_ids(tokenizer, texts)}
    say(f"ids equal on all of it, with both pre-tokenisations: {found['ids_equal']}")
    found |= encoding_speed(tokenizer, texts)
    say(f"encoding: {found}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        found |= store_share(tokenizer, texts, folder)
        say(f"store: {found['store_share_of_encoder_rate']:.3f} of the encoder's rate")
        ours, peer = run_part("loader", folder), run_part("megatron-loader", folder)
        found |= {
            "loader_tokens_per_second": ours["tokens_per_second"],
            "loader_peak_memory_bytes": ours["peak_memory_bytes"],
            "peer_loader_tokens_per_second": peer and peer["tokens_per_second"],
        }
        say(f"loader: {ours}, Megatron's: {peer}")
        write_sparse_stores(folder / "sparse")
        blending = run_part("blending", folder / "sparse")
        seconds = blending and blending["seconds"]
        found["mixture"] = {**run_part("mixture", folder / "sparse"), "megatron_start_seconds": seconds}
        say(f"mixture: {found['mixture']}")
    return found | extension(tokenizer, texts)


def read(path: Path) -> list[str]:
    """The texts of a file of JSON lines, compressed by zstd."""
    import pyarrow as pa

    with pa.input_stream(str(path), compression="zstd") as stream:
        return [json.loads(line)["text"] for line in stream.read().split(b"\n") if line]


def with_pattern(tokenizer: Tokenizer, pattern: str) -> Tokenizer:
    """The same merges after another pre-tokenisation."""
    changed = Tokenizer.from_str(tokenizer.to_str())
    changed.encode_special_tokens = True
    changed.pre_tokenizer = pre_tokenizer(CUTS[pattern])
    return changed


def equal_ids(tokenizer: Tokenizer, texts: Texts) -> bool:
    """Whether every document of every corpus has the tokenizer's own ids."""
    for pattern in ("starcoder", "marks"):
        changed = with_pattern(tokenizer, pattern)
        fast, own = TiktokenEncoder(changed, os.cpu_count() or 1), HuggingFaceEncoder(changed)
        for part in texts.values():
            for a, b in zip(fast.encode(part), own.encode(part), strict=True):
                if not np.array_equal(a, b):
                    return False
    return True


def encoding_speed(tokenizer: Tokenizer, texts: Texts) -> dict[str, float]:
    """Our encoder's rate on one core over that of `encode_batch_fast` on one core, in turns."""
    sample = [text for language in LANGUAGES for text in beginning(texts[language], SPEED_BYTES)]
    num_bytes = sum(len(text.encode()) for text in sample)
    fast = fast_encoder(tokenizer)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    best = {"ours": float("inf"), "theirs": float("inf")}
    for _ in range(REPEATS):
        best["ours"] = min(best["ours"], seconds_of(lambda: fast.encode(sample)))
        best["theirs"] = min(
            best["theirs"], seconds_of(lambda: tokenizer.encode_batch_fast(sample, add_special_tokens=False))
        )
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    return {
        "encode_speedup_per_core": round(best["theirs"] / best["ours"], 3),
        "encode_megabytes_per_second_per_core": round(num_bytes / best["ours"] / 1e6, 2),
    }


def store_share(tokenizer: Tokenizer, texts: Texts, folder: Path) -> dict[str, float]:
    """The rate of building stores from a corpus over the encoder's own on the same texts, on every core.

    Both run in turns; the middle one of the ratios counts.
    """
    (folder / "corpus/clean").mkdir(parents=True)
    (folder / "tokenizer").mkdir()
    tokenizer.save(str(folder / "tokenizer/tokenizer.json"))
    with PartWriter(folder / "corpus", "web") as writer:
        for language in LANGUAGES:
            for text in texts[language]:
                writer.write("clean", new_document(text, language, "web"))
    settings = Tokens(path="tokenizer")
    encoder = fast_encoder(tokenizer, os.cpu_count() or 1)

    def encode() -> None:
        for language in LANGUAGES:
            for start in range(0, len(texts[language]), BATCH_DOCUMENTS):
                encoder.encode(texts[language][start : start + BATCH_DOCUMENTS])

    shares = []
    for repeat in range(REPEATS):
        out = folder / f"stores-{repeat}"
        raw = seconds_of(encode)
        stored = seconds_of(lambda: build_tokens(settings, folder, folder / "corpus", None, folder / "tokenizer", out))  # noqa: B023
        shares.append(raw / stored)
    return {"store_share_of_encoder_rate": round(median(shares), 3)}


def extension(tokenizer: Tokenizer, texts: Texts) -> dict[str, dict[str, dict[str, float]]]:
    """Bytes per token of documents that no merge was learnt on, before and after, by language.

    A third of the Vietnamese documents is English, so those are told apart that language identification finds to be in
    their language, as curation does; the figures over all documents stand beside them.
    """
    learnt = [text for language in LEARNT for i, text in enumerate(texts[language]) if i % HELD_OUT]
    extended = extend_tokenizer(tokenizer, learnt, ENTRIES)
    extended.encode_special_tokens = True
    encoders = {"before": fast_encoder(tokenizer), "after": fast_encoder(extended)}
    held_out = {language: texts[language][::HELD_OUT] for language in LANGUAGES}
    in_language = {
        language: [text for text in part if language == "code" or is_in(language, text)]
        for language, part in held_out.items()
    }
    return {
        name: {
            language: {when: round(bytes_per_token(encoder, part), 3) for when, encoder in encoders.items()}
            for language, part in parts.items()
        }
        for name, parts in (("bytes_per_token", in_language), ("bytes_per_token_of_all_documents", held_out))
    }


def is_in(language: str, text: str) -> bool:
    """Whether nine tenths of a text are in the language."""
    found = Cld2().identify(text).languages
    return bool(found) and found[0][0] == language and found[0][1] >= 90


def write_sparse_stores(folder: Path) -> None:
    """Stores of one document each whose files have their full length and no content on disk."""
    folder.mkdir()
    for number in range(SOURCES):
        stem = store_stem(folder, f"s{number}/en")
        with open(file_of(stem, "bin"), "wb") as stream:
            stream.truncate(2 * SOURCE_TOKENS)
        index = HEADER.pack(MAGIC, 1, 8, 1, 2)
        index += np.int32(SOURCE_TOKENS).tobytes() + np.array([0, 0, 1], np.int64).tobytes()
        file_of(stem, "idx").write_bytes(index)
        facts = {"licenses": [], "tokenizer": "t", "dtype": "uint16", "documents": 1, "tokens": SOURCE_TOKENS}
        facts |= {"loss_tokens": SOURCE_TOKENS, "infilling": None}
        side = {"schema": SCHEMA, "source": f"s{number}", "language": "en", **facts, "num_bytes": 0, "sha256": {}}
        write_json(file_of(stem, "json"), side)


def weights_of(count: int) -> list[float]:
    """Weights without a short common ratio."""
    return [round(1 + (i * 0.618034) % 1, 6) for i in range(count)]


def loader_of(stores: dict[str, TokenStore], weights: dict[str, float], length: int) -> Loader:
    """The loader of a stage over stores of joined documents."""
    rows = {name: rows_of(store, length, 0, 0) for name, store in stores.items()}
    counts = {name: part.count for name, part in rows.items()}
    loss_tokens = {name: part.held().loss_tokens for name, part in rows.items()}
    return Loader(rows, Mixture(weights, counts, loss_tokens, 1, "cap"), length, Pace([], BATCH))


def time_mixture(folder: Path) -> dict[str, float]:
    """Start of a stage over all sparse stores, and the slowest of a few lookups."""
    begin = time.perf_counter()
    names = [f"s{number}/en" for number in range(SOURCES)]
    stores = {name: TokenStore.open(store_stem(folder, name), "t") for name in names}
    loader = loader_of(stores, dict(zip(names, weights_of(SOURCES), strict=True)), LONG_SEQUENCE)
    start = time.perf_counter() - begin
    last = SOURCES * SOURCE_TOKENS // LONG_SEQUENCE - 1
    slowest = max(seconds_of(lambda n=n: loader.mixture.sequence(n)) for n in (0, 10**6, last))
    return {
        "start_seconds": round(start, 4),
        "lookup_milliseconds": round(1000 * slowest, 4),
        "peak_memory_bytes": peak_memory(),
    }


def time_blending(folder: Path) -> dict[str, float]:
    """Megatron's own kernel on the same shares and length: what it computes before the first batch."""
    from megatron.core.datasets import helpers

    size = SOURCES * SOURCE_TOKENS // LONG_SEQUENCE
    weights = np.array(weights_of(SOURCES))
    source, place = np.zeros(size, np.int16), np.zeros(size, np.int64)
    begin = time.perf_counter()
    helpers.build_blending_indices(source, place, list(weights / weights.sum()), SOURCES, size, False)
    return {"seconds": round(time.perf_counter() - begin, 3)}


def time_loader(folder: Path) -> dict[str, float]:
    """Our batches from the stores just written, on one core."""
    stores = {name: TokenStore.open(store_stem(folder / "stores-0", name)) for name in web_sources()}
    loader = loader_of(stores, dict.fromkeys(stores, 1.0), SEQUENCE)
    return {**rate_of(loader.batch(step).targets for step in range(10**9)), "peak_memory_bytes": peak_memory()}


def time_megatron_loader(folder: Path) -> dict[str, float]:
    """torch's DataLoader over Megatron's blend of its GPTDatasets on the same stores, on one core."""
    import torch
    from megatron.core.datasets.blended_dataset import BlendedDataset
    from megatron.core.datasets.gpt_dataset import GPTDataset, GPTDatasetConfig
    from megatron.core.datasets.indexed_dataset import IndexedDataset
    from megatron.core.datasets.utils import Split

    class Ends:
        """What Megatron asks of a tokenizer."""

        eod, pad, vocab_size, unique_identifiers = 0, 0, 49152, {"class": "Ends"}

    torch.set_num_threads(1)
    samples = 64 * BATCH
    config = GPTDatasetConfig(
        random_seed=1,
        sequence_length=SEQUENCE,
        split="1,0,0",
        reset_position_ids=False,
        reset_attention_mask=False,
        eod_mask_loss=False,
        create_attention_mask=False,
        tokenizer=Ends(),
    )
    stems = [str(store_stem(folder / "stores-0", name)) for name in web_sources()]
    stores = [IndexedDataset(stem) for stem in stems]
    datasets = [
        GPTDataset(store, stem, np.arange(len(store), dtype=np.int32), samples, Split.train, config)
        for store, stem in zip(stores, stems, strict=True)
    ]
    blend = BlendedDataset(datasets, [1.0] * len(datasets), samples, config)
    batches = torch.utils.data.DataLoader(blend, batch_size=BATCH, num_workers=0)
    return rate_of(batch["tokens"] for batch in batches)


def web_sources() -> list[str]:
    """Names of the stores that `store_share` writes."""
    return [f"web/{language}" for language in sorted(LANGUAGES)]


def rate_of(batches: Iterator[Any]) -> dict[str, float]:
    """Tokens a second: the best of several runs of batches, after one to warm the memory map."""
    rates = []
    for _ in range(REPEATS + 1):
        begin = time.perf_counter()
        num_tokens = sum(next(batches).shape[0] * SEQUENCE for _ in range(8))
        rates.append(num_tokens / (time.perf_counter() - begin))
    return {"tokens_per_second": round(max(rates[1:]))}


def run_part(part: str, folder: Path) -> Any:
    """What a part of this program prints in a process of its own on one core; None where Megatron is not installed."""
    command = [sys.executable, __file__, "--part", part, "--folder", str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode and "No module named 'megatron" in done.stderr:
        return None
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.strip().split("\n")[-1])


def beginning(texts: list[str], num_bytes: int) -> list[str]:
    """The first texts, of about `num_bytes`."""
    chosen: list[str] = []
    for text in texts:
        if num_bytes <= 0:
            break
        chosen.append(text)
        num_bytes -= len(text.encode())
    return chosen


def seconds_of(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def peak_memory() -> int:
    """Most memory this process has held, in bytes. Linux's `ru_maxrss` would count the parent's before the start."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
