"""Documents that say the same in the five languages, for measuring whether rules treat languages alike.

Two documents are parallel when their ids differ in the language alone; of those, the ones that are in their language
in all five (by CLD2), for much of the translated help is English still.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from aurora.corpus.cleaning.identify import Cld2
from aurora.corpus.cleaning.normalise import normalise

LANGUAGES = ("en", "fi", "hi", "ja", "vi")


def parallel_documents(data: Path) -> dict[str, list[str]]:
    """The texts by language, normalised, the same documents in the same order."""
    found = {lang: {_common(row["id"], lang): row["text"] for row in rows(data, lang)} for lang in LANGUAGES}
    identifier = Cld2()
    texts: dict[str, list[str]] = {lang: [] for lang in LANGUAGES}
    for key in sorted(set.intersection(*map(set, found.values()))):
        versions = {lang: normalise(found[lang][key], lang) for lang in LANGUAGES}
        if all(identifier.identify(text.encode()).best == lang for lang, text in versions.items()):
            for lang, text in versions.items():
                texts[lang].append(text)
    return texts


def rows(data: Path, name: str) -> Iterator[dict[str, Any]]:
    """The lines of DIR/corpora/NAME.jsonl.zst."""
    with pa.input_stream(str(data / "corpora" / f"{name}.jsonl.zst"), compression="zstd") as stream:
        yield from map(json.loads, io.TextIOWrapper(io.BufferedReader(stream), "utf-8", newline="\n"))


def _common(id: str, lang: str) -> str:
    return re.sub(rf"(?<![a-z]){lang}(?![a-z])", "*", id)
