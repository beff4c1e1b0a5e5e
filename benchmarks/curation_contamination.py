"""Benchmark items planted in clean text: what is found, what is found wrongly, and how fast.

    python benchmarks/curation_contamination.py --data DIR

DIR/benchmarks/*.jsonl.gz are sets whose rows have `id`, `lang` (`code:...` for code) and the fields of FIELDS;
DIR/corpora/LANG.jsonl.zst are clean texts. Items with even numbers were for choosing limits, those with odd ones are
measured, and likewise documents. An item is planted by its first field that is long enough to be looked for, whole,
into a document of its language: verbatim, re-cased, re-spaced and re-punctuated in turn. `false_share` counts the clean
documents in which anything is found; what is found is listed, to be judged by eye, for a set may well quote what a
document quotes.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from aurora.corpus.contamination.items import ContaminationIndex
from aurora.corpus.contamination.sets import Item
from inputs import add_data, data_of

LANGUAGES = ("en", "fi", "hi", "ja", "vi", "code")
FIELDS = ("question", "context", "prompt", "canonical_solution", "test", "choices", "answers")
# The texts of an item that are the item, and not its answers.
PLANTED = ("question", "context", "prompt")
DISGUISES: dict[str, Callable[[str], str]] = {
    "verbatim": lambda text: text,
    "re-cased": lambda text: text.upper(),
    "re-spaced": lambda text: re.sub(r"[ \n]+", "\n  ", text),
    "re-punctuated": lambda text: re.sub(r"[.,:;!?、。।()\"]+", " ~ ", text),
}


def measure(data: Path) -> dict[str, Any]:
    """`contamination`: recall, false_share, by_language {LANG: ...}, mb_per_second {LANG: x}."""
    rows = [row for path in sorted((data / "benchmarks").glob("*.jsonl.gz")) for row in _rows(path)]
    index = ContaminationIndex(Item(row["set"], row["id"], _texts(row, FIELDS)) for row in rows)
    by_language, rates = {}, {}
    found_total, planted_total, false_total, clean_total = 0, 0, 0, 0
    for lang in LANGUAGES:
        texts = _corpus(data / "corpora" / f"{lang}.jsonl.zst")
        table = pa.array(texts, pa.large_string())
        index.find(table.slice(0, 1))
        start = time.process_time()
        found = index.find(table)
        rates[lang] = round(table.nbytes / 1e6 / (time.process_time() - start), 1)
        false = [(number, item) for number, item in enumerate(found) if item and number % 2]
        planted = _planted(lang, rows, texts, index)
        by_language[lang] = planted | {
            "clean_documents": len(texts) // 2,
            "false": len(false),
            "found_in_clean": [f"{item[0]}: {item[1]}" for _, item in false],
        }
        false_total += len(false)
        clean_total += len(texts) // 2
        planted_total += planted["planted"]
        found_total += planted["found"]
    return {
        "contamination": {
            "recall": round(found_total / planted_total, 4),
            "false_share": round(false_total / clean_total, 6),
            "by_language": by_language,
            "mb_per_second": rates,
        }
    }


def _planted(lang: str, rows: list[dict[str, Any]], texts: list[str], index: ContaminationIndex) -> dict[str, Any]:
    chance = random.Random(0)
    mine = [row for row in rows if row["lang"].split(":")[0] == lang and row["number"] % 2]
    documents, names, manners, short = [], [], [], 0
    for number, row in enumerate(mine):
        long = [text for text in _texts(row, PLANTED) if _is_looked_for(text)]
        if not long:
            short += 1
            continue
        manner = list(DISGUISES)[number % len(DISGUISES)]
        lines = chance.choice(texts)[:20_000].split("\n")
        lines.insert(chance.randrange(len(lines) + 1), DISGUISES[manner](long[0]))
        documents.append("\n".join(lines))
        names.append(row)
        manners.append(manner)
    found = index.find(pa.array(documents, pa.large_string()))
    total, hits, missed = Counter(manners), Counter[str](), defaultdict(list)
    for item, row, manner in zip(found, names, manners, strict=True):
        hits[manner] += item is not None
        if item is None:
            missed[manner].append(row["id"])
    return {
        "items": len(mine),
        "too_short": round(short / max(1, len(mine)), 4),
        "planted": len(documents),
        "found": sum(hits.values()),
        "recall": {manner: round(hits[manner] / total[manner], 4) for manner in total},
        "missed": {manner: ids[:5] for manner, ids in missed.items()},
    }


def _is_looked_for(text: str) -> bool:
    """Whether a text is long enough for an index to look for it."""
    index = ContaminationIndex([Item("set", "id", (text,))])
    return index.find(pa.array([text], pa.large_string())) != [None]


def _texts(row: dict[str, Any], fields: tuple[str, ...]) -> tuple[str, ...]:
    values = [row.get(field) for field in fields]
    return tuple(
        text for value in values for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row | {"set": path.name.split(".")[0], "number": number} for number, row in enumerate(rows)]


def _corpus(path: Path) -> list[str]:
    with pa.input_stream(str(path), compression="zstd") as stream:
        return [json.loads(line)["text"] for line in io.BufferedReader(stream)]


def main() -> None:
    """Print the object."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(arguments)
    with data_of(arguments.parse_args(), "benchmarks", "corpora/en.jsonl.zst") as data:
        print(json.dumps(measure(data), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
