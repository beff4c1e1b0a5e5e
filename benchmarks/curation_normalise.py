"""Normalisation and repair of mojibake: rates on clean text beside plain Python and ftfy, and what is repaired.

    python benchmarks/curation_normalise.py --data DIR

DIR/corpora/LANG.jsonl.zst are clean texts; DIR/corpora/noisy.jsonl.zst holds lines of `kind: mojibake`, of which those
count whose text is not that of the clean document of their `id` (pure ASCII has no wrong reading). A repair is right
where it gives back that document, but for what was lost on the way (U+FFFD). Rates are UTF-8 bytes by CPU seconds of
one process.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pyarrow as pa

from aurora.corpus.mojibake import repair, repair_batch
from aurora.corpus.normalise import normalise, normalise_batch

LANGUAGES = ("en", "fi", "hi", "ja", "vi", "code")
PEER_SAMPLE = 1_000_000
ALIKE = 0.99


def measure(data: Path) -> dict[str, Any]:
    """`normalise_mb_per_second` and `repair_mb_per_second` {LANG: {ours, peer}}, `mojibake` {LANG: {texts, repaired}}
    and `mojibake_in_clean_text` [places to judge by eye]."""
    rates: dict[str, dict[str, Any]] = {"normalise": {}, "repair": {}}
    clean: dict[str, str] = {}
    places: list[str] = []
    for lang in LANGUAGES:
        rows = list(_rows(data / "corpora" / f"{lang}.jsonl.zst"))
        texts, langs = pa.array([row["text"] for row in rows], pa.large_string()), [lang] * len(rows)
        clean |= {row["id"]: row["text"] for row in rows}
        rates["normalise"][lang] = {
            "ours": _rate(lambda texts, langs=langs: normalise_batch(texts, langs), texts),
            "peer": _rate(lambda texts, lang=lang: [normalise(text, lang) for text in texts.to_pylist()], _some(texts)),
        }
        rates["repair"][lang] = {
            "ours": _rate(lambda texts, langs=langs: repair_batch(texts, langs), texts),
            "peer": _rate(_ftfy, _some(texts)),
        }
        _, repaired = repair_batch(texts, langs)
        places += [row["id"] for row, changed in zip(rows, repaired.tolist(), strict=True) if changed]
    labelled = [row for row in _rows(data / "corpora" / "noisy.jsonl.zst") if row["kind"] == "mojibake"]
    return {
        **{f"{step}_mb_per_second": table for step, table in rates.items()},
        "mojibake": _repaired(labelled, clean),
        "mojibake_in_clean_text": places,
    }


def _repaired(rows: list[dict[str, Any]], clean: dict[str, str]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for row in rows:
        text, right = row["text"], clean.get(row["id"].removeprefix("mojibake/"), "")
        if text == right or text.isascii():
            continue
        counts = table.setdefault(row["lang"], {"texts": 0, "repaired": 0})
        counts["texts"] += 1
        counts["repaired"] += SequenceMatcher(None, repair(text), right, autojunk=False).ratio() >= ALIKE
    return table


def _ftfy(texts: pa.LargeStringArray) -> list[str]:
    import ftfy

    return [ftfy.fix_text(text) for text in texts.to_pylist()]


def _some(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Documents in equal steps, about PEER_SAMPLE bytes of them."""
    return texts.take(pa.array(range(0, len(texts), max(1, texts.nbytes // PEER_SAMPLE))))


def _rate(step: Callable[[pa.LargeStringArray], object], texts: pa.LargeStringArray) -> float:
    step(texts.slice(0, 1))  # compiles
    start = time.process_time()
    step(texts)
    return round(texts.nbytes / 1e6 / (time.process_time() - start), 1)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with io.TextIOWrapper(pa.input_stream(str(path), compression="zstd"), encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True)
    print(json.dumps(measure(arguments.parse_args().data)))
