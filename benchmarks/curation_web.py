"""Main content of web pages: what ours finds beside trafilatura, and how fast.

    python benchmarks/curation_web.py --data DIR

DIR/corpora/noisy.jsonl.zst holds web pages (`kind: raw_html`). Of some, DIR/corpora/LANG.jsonl.zst holds a text under
the same id, taken out by a library that is not stated; where `equal` is 1, it was ours, and `f1` says nothing of it. Of
the others there is no text to compare with but the peer's. F1 is over words, each Han or kana character being one,
averaged over pages. Rates are UTF-8 bytes by CPU seconds of one process, from bytes to text. The peer is trafilatura, a
dependency of this benchmark alone: pip install trafilatura lxml_html_clean.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from aurora.corpus.sources.page import Refused, read_page
from inputs import add_data, data_of, is_installed

LANGUAGES = ("en", "fi", "hi", "ja", "vi")
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")
PREFIX = "rawhtml/"


def measure(data: Path) -> dict[str, Any]:
    """`web` {`mb_per_second` {ours, peer}, `pages`, `refused`, `f1` {LANG: {pages, ours, peer, equal}}, `with_peer`
    {pages, f1, words_ours, words_peer}}."""
    pages = {
        row["id"].removeprefix(PREFIX): row["text"]
        for row in _rows(data / "corpora" / "noisy.jsonl.zst")
        if row["kind"] == "raw_html"
    }
    ours, our_rate = _timed(pages, _ours)
    peers, peer_rate = _peer(pages)
    f1: dict[str, Any] = {}
    for lang in LANGUAGES:
        rows = _rows(data / "corpora" / f"{lang}.jsonl.zst")
        known = {row["id"]: row["text"] for row in rows if row["id"] in pages}
        f1[lang] = {
            "pages": len(known),
            "ours": _mean(_f1(ours[name], text) for name, text in known.items()),
            "peer": peers and _mean(_f1(peers[name], text) for name, text in known.items()),
            "equal": _mean(ours[name].split() == text.split() for name, text in known.items()),
        }
    real = [name for name in peers or () if name.startswith("trafilatura/")]
    return {
        "web": {
            "mb_per_second": {"ours": our_rate, "peer": peer_rate},
            "pages": len(pages),
            "refused": sum(not text for text in ours.values()),
            "f1": f1,
            "with_peer": {
                "pages": len(real),
                "f1": _mean(_f1(ours[name], (peers or {})[name]) for name in real),
                "words_ours": sum(_words(ours[name]).total() for name in real),
                "words_peer": sum(_words((peers or {})[name]).total() for name in real),
            },
        }
    }


def _peer(pages: dict[str, str]) -> tuple[dict[str, str] | None, float | None]:
    """As `_timed`, by trafilatura; None where it is not installed."""
    if not is_installed("trafilatura"):
        return None, None
    import trafilatura

    return _timed(pages, lambda page: trafilatura.extract(page) or "")


def _ours(page: bytes) -> str:
    try:
        return read_page(page).text
    except Refused:
        return ""


def _timed(pages: dict[str, str], extract: Callable[[bytes], str]) -> tuple[dict[str, str], float]:
    """The text of each page, and MB/s."""
    encoded = {name: page.encode() for name, page in pages.items()}
    start = time.process_time()
    found = {name: extract(page) for name, page in encoded.items()}
    return found, round(sum(map(len, encoded.values())) / 1e6 / (time.process_time() - start), 1)


def _f1(found: str, expected: str) -> float:
    ours, theirs = _words(found), _words(expected)
    return 2 * (ours & theirs).total() / max(1, ours.total() + theirs.total())


def _words(text: str) -> Counter[str]:
    return Counter(WORD.findall(text.lower()))


def _mean(values: Iterator[float]) -> float:
    found = list(values)
    return round(sum(found) / max(1, len(found)), 3)


def _rows(path: Path) -> Iterator[dict[str, str]]:
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
