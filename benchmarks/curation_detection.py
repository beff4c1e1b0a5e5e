"""Personal data in labelled documents: recall and precision by language and type, and the rate on clean text.

    python benchmarks/curation_detection.py --data DIR

DIR/corpora/noisy.jsonl.zst holds lines of `kind: pii_synthetic` with `pii` as [start, end, type] in characters. A piece
counts as found where one of its type covers it whole; a find that touches no label is false. Labels call the Finnish
number `ssn`, as its makers do. Rates are UTF-8 bytes of clean text by CPU seconds of one process.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from aurora.corpus.personal.definitions import types
from aurora.corpus.personal.find import find, mask_batch
from inputs import add_data, data_of

LANGUAGES = ("en", "fi", "hi", "ja", "vi", "code")
NAMES = {"ssn": "henkilotunnus"}
SAMPLE = 8_000_000


def measure(data: Path) -> dict[str, Any]:
    """`personal_data` {LANG: {TYPE: {recall, precision}}}, and `personal_data_mb_per_second` {LANG: rate}."""
    return {
        "personal_data": _labelled(data / "corpora" / "noisy.jsonl.zst"),
        "personal_data_mb_per_second": {
            lang: _rate(data / "corpora" / f"{lang}.jsonl.zst", lang) for lang in LANGUAGES
        },
    }


def _labelled(path: Path) -> dict[str, dict[str, dict[str, float]]]:
    labels, hits, finds, false = Counter[Any](), Counter[Any](), Counter[Any](), Counter[Any]()
    for row in _rows(path):
        if row.get("kind") != "pii_synthetic":
            continue
        lang, found = row["lang"], find(row["text"], row["lang"])
        pieces = [(start, end, NAMES.get(name, name)) for start, end, name in row["pii"]]
        for start, end, name in pieces:
            labels[lang, name] += 1
            hits[lang, name] += any(it.type == name and it.start <= start and end <= it.end for it in found)
        for it in found:
            finds[lang, it.type] += 1
            false[lang, it.type] += not any(it.start < end and start < it.end for start, end, _ in pieces)
    table: dict[str, dict[str, dict[str, float]]] = {}
    for (lang, name), number in sorted(labels.items()):
        if name in types():
            key = (lang, name)
            precision = 1 - false[key] / finds[key] if finds[key] else 0.0
            table.setdefault(lang, {})[name] = {
                "recall": round(hits[key] / number, 4),
                "precision": round(precision, 4),
            }
    return table


def _rate(path: Path, lang: str) -> float:
    texts, size = [], 0
    for row in _rows(path):
        texts.append(row["text"])
        size += len(row["text"].encode())
        if size >= SAMPLE:
            break
    column, langs = pa.array(texts, pa.large_string()), [lang] * len(texts)
    mask_batch(column.slice(0, 1), langs[:1])  # compiles
    start = time.process_time()
    mask_batch(column, langs)
    return round(size / 1e6 / (time.process_time() - start), 1)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with io.TextIOWrapper(pa.input_stream(str(path), compression="zstd"), encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


def main() -> None:
    """Measure; the last line printed is the object."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(arguments)
    with data_of(arguments.parse_args(), "corpora/noisy.jsonl.zst") as data:
        print(json.dumps(measure(data)))


if __name__ == "__main__":
    main()
