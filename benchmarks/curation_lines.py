"""Boilerplate lines and paragraphs in another language: what is cut out of clean text, and of lines planted there.

    python benchmarks/curation_lines.py --data DIR

DIR/corpora/LANG.jsonl.zst are clean texts, whose `id` begins with their collection. Planted: documents of a language,
with collections mixed, become sites of 40; three lines drawn from other documents head, and three end, a half of each
site's documents. Found are planted lines that are gone, false are other lines that are. As they are: each collection is
a site.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from aurora.corpus.artifact import read_documents
from aurora.corpus.curate import build_corpus
from aurora.recipe.corpus import Corpus
from inputs import add_data, data_of

LANGUAGES = ("en", "fi", "hi", "ja", "vi")
SITE = 40
PLANTED = 3
DOCUMENTS = 2000
Rows = list[dict[str, str]]


def measure(data: Path) -> dict[str, Any]:
    """`boilerplate_planted` {LANG: {recall, false_lines, documents}} and `lines_as_they_are` {LANG: {...}}."""
    planted, natural = {}, {}
    for lang in LANGUAGES:
        rows = list(_rows(data / "corpora" / f"{lang}.jsonl.zst"))
        planted[lang] = _planted(rows, lang)
        sites = [{"text": row["text"], "url": f"https://{row['id'].split('/')[0]}.{lang}/{row['id']}"} for row in rows]
        before, without = _built(sites, lang), _built(sites, lang, boilerplate_lines="drop")
        own = _built(sites, lang, other_language_paragraphs="drop")
        natural[lang] = {
            "boilerplate_lines": without["changes"].get("boilerplate lines", {}).get(lang, 0),
            "boilerplate_bytes": before["bytes"]["kept"] - without["bytes"]["kept"],
            "most_frequent": (before["lines"] - without["lines"]).most_common(8),
            "paragraphs_in_another_language": own["changes"].get("paragraphs in another language", {}).get(lang, 0),
            "bytes_in_another_language": before["bytes"]["kept"] - own["bytes"]["kept"],
        }
    return {"boilerplate_planted": planted, "lines_as_they_are": natural}


def _planted(rows: Rows, lang: str) -> dict[str, Any]:
    chance = random.Random(lang)
    rows = chance.sample(rows, min(DOCUMENTS, len(rows)))
    lines = sorted({line.strip() for row in rows for line in row["text"].split("\n") if 10 <= len(line.strip()) <= 60})
    given: Rows = []
    added = Counter[str]()
    for number, row in enumerate(rows):
        if number % SITE == 0:
            drawn = chance.sample(lines, 2 * PLANTED)
        text = row["text"]
        if number % 2:
            text = "\n".join([*drawn[:PLANTED], "", text, "", *drawn[PLANTED:]])
            added.update(drawn)
        given.append({"text": text, "url": f"https://site{number // SITE}.example/{number}"})
    before, after = _built(given, lang), _built(given, lang, boilerplate_lines="drop")
    gone = before["lines"] - after["lines"]
    found = sum((gone & added).values())
    return {
        "recall": round(found / sum((before["lines"] & added).values()), 4),
        "false_lines": sum((gone - added).values()),
        "documents": len(rows),
    }


def _built(rows: Rows, lang: str, **keys: Any) -> dict[str, Any]:
    """The ledger of a corpus of these documents, and `lines`, which count its lines that are not blank."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "web.jsonl").open("w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        source = {"kind": "jsonl", "paths": ["web.jsonl"], "language": lang}
        corpus = Corpus.model_validate({"sources": {"web": source}, "curation": {"rules": [], **keys}})
        ledger = build_corpus(corpus, folder, folder / "cache", 1, folder / "out")
        lines = Counter[str]()
        for part in ("clean", "held_out"):
            for document in read_documents(folder / "out", part):
                lines.update(line.strip() for line in document.text.split("\n") if line.strip())
    return {**ledger, "lines": lines}


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with io.TextIOWrapper(pa.input_stream(str(path), compression="zstd"), encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


def main() -> None:
    """Measure; the last line printed is the object."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(arguments)
    with data_of(arguments.parse_args()) as data:
        print(json.dumps(measure(data), ensure_ascii=False))


if __name__ == "__main__":
    main()
