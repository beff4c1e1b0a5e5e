"""datatrove doing the plan's work: read, repair, quality and repetition rules, personal data, near duplicates, Parquet.

One decision: every step is datatrove's own, with its defaults and the tokenizer it names for the language, in the order
of its published examples. It identifies no language here (its model would have to be fetched), and what its rules drop
it does not look at again; both are to its advantage.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace


def run(folder: Path, languages: dict[str, str], sample: int) -> int:
    """Curate a sample of each LANG.jsonl in `folder`, of at least `sample` bytes; returns the bytes of text read.

    `languages` gives datatrove's name of each language. Files go to `folder`/peer.
    """
    total = 0
    for language, tag in languages.items():
        place = folder / "peer" / language
        place.mkdir(parents=True, exist_ok=True)
        total += take_sample(folder / f"{language}.jsonl", place / "in.jsonl", sample)
        curate(place, tag)
    return total


def take_sample(source: Path, target: Path, sample: int) -> int:
    """Copy the first lines of a file until they hold `sample` bytes of text; returns how many they hold."""
    size = 0
    with source.open(encoding="utf-8") as lines, target.open("w", encoding="utf-8") as stream:
        for line in lines:
            stream.write(line)
            size += len(json.loads(line)["text"].encode())
            if size >= sample:
                break
    return size


def hash_text() -> None:
    """Have datatrove's text encoded on its way to xxhash, which takes bytes alone since its version 4."""
    import xxhash
    from datatrove.utils.hashes import xxhash as peer

    def encoded(data: str | bytes) -> bytes:
        return data.encode() if isinstance(data, str) else data

    peer.xxhash = SimpleNamespace(
        xxh32_intdigest=lambda data: xxhash.xxh32_intdigest(encoded(data)),
        xxh64_intdigest=lambda data: xxhash.xxh64_intdigest(encoded(data)),
    )


def curate(place: Path, tag: str) -> None:
    """From `place`/in.jsonl to Parquet files in `place`/out."""
    try:
        from datatrove.executor import LocalPipelineExecutor
        from datatrove.pipeline.dedup import MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
        from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets
        from datatrove.pipeline.filters import GopherQualityFilter, GopherRepetitionFilter
        from datatrove.pipeline.formatters import FTFYFormatter, PIIFormatter
        from datatrove.pipeline.readers import JsonlReader
        from datatrove.pipeline.writers import JsonlWriter, ParquetWriter
    except ImportError as error:
        raise SystemExit(f"{error}: pip install 'datatrove[io,processing,multilingual]' ftfy") from error
    hash_text()
    shutil.rmtree(place / "filtered", ignore_errors=True)
    work = {name: str(place / name) for name in ("filtered", "signatures", "buckets", "removed", "out")}
    config = MinhashConfig()
    pipelines = (
        [
            JsonlReader(str(place), glob_pattern="in.jsonl"),
            FTFYFormatter(),
            GopherRepetitionFilter(language=tag),
            GopherQualityFilter(language=tag),
            PIIFormatter(),
            JsonlWriter(work["filtered"], compression=None),
        ],
        [JsonlReader(work["filtered"]), MinhashDedupSignature(work["signatures"], config, language=tag)],
        [MinhashDedupBuckets(work["signatures"], work["buckets"], config=config)],
        [MinhashDedupCluster(work["buckets"], work["removed"], config=config)],
        [JsonlReader(work["filtered"]), MinhashDedupFilter(work["removed"]), ParquetWriter(work["out"])],
    )
    for number, steps in enumerate(pipelines):
        if number and not any(Path(work["filtered"]).glob("*.jsonl")):  # its rules left nothing
            return
        tasks = config.num_buckets if number == 2 else 1
        logs = str(place / f"logs.{number}")
        LocalPipelineExecutor(steps, tasks=tasks, workers=1, logging_dir=logs, skip_completed=False).run()
