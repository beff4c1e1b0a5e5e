"""A look at the user's text: the kind of its files, where the text is in them, and its language.

One decision: files are read by the corpus's own readers, so what is found here is what a run will read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from aurora.corpus.cleaning.identify import Cld2, contradicts
from aurora.corpus.sources.files import json_rows, parquet_rows, size_of_text
from aurora.corpus.sources.rows import USUAL_TEXT_KEYS, Row
from aurora.corpus.sources.streams import opened_text
from aurora.errors import UserError
from aurora.languages.labels import CODE, UNDETERMINED, canonical
from aurora.recipe.sources import JsonlSource, ParquetSource
from aurora.starting.files import Kind, Texts, texts_of

LOOKED_AT = 200  # rows
SHOWN = 72  # letters of the first document
ENOUGH = 0.9  # of the rows, to say what a key holds
FEWEST = 10  # documents that tell a language


@dataclass(frozen=True)
class Look:
    """What somebody's text is: `size` in bytes of text, an estimate; `languages` are those of the first documents."""

    texts: Texts
    size: float
    text_key: str
    language_key: str | None
    document: str
    languages: Mapping[str, int]
    documents: int
    first: str

    @property
    def kind(self) -> Kind:
        """The kind of source that reads it."""
        return self.texts.kind

    def share(self, language: str) -> float:
        """The share of the first documents that is not surely in another language than this one."""
        return self.languages.get(language, 0) / self.documents


def look_at(patterns: Sequence[str], language: str) -> Look:
    """The files that are named, as far as their first rows tell; `UserError` for what is no text."""
    texts = texts_of(patterns)
    files, kind = texts.files, texts.kind
    text_key, language_key, document = "text", None, "file"
    if kind == "text":
        document, documents = _texts(files)
    else:
        rows = _rows(kind, files[0])
        text_key, language_key = _text_key(rows, files[0]), _language_key(rows)
        documents = [text for row in rows if isinstance(text := _value(row, text_key), str) and text.strip()]
    if not documents:
        raise UserError(f"{files[0]} has no text in its first {LOOKED_AT} rows: give other files as --text.")
    size = sum(map(size_of_text, files))
    languages = _languages(documents, language)
    share = _share_of_text(files[0], documents) if kind == "jsonl" else 1.0
    first = " ".join(documents[0].split())[:SHOWN]
    return Look(texts, size * share, text_key, language_key, document, languages, len(documents), first)


def _rows(kind: Kind, path: Path) -> list[Mapping[str, Any]]:
    """The first rows of a file that are tables."""
    values = {"kind": kind, "paths": [str(path)]}
    found = (
        parquet_rows("text", ParquetSource.model_validate(values), path.name, path)
        if kind == "parquet"
        else json_rows("text", JsonlSource.model_validate(values), path.name, path)
    )
    return [row.value for row in islice(found, LOOKED_AT) if isinstance(row, Row) and isinstance(row.value, dict)]


def _text_key(rows: Sequence[Mapping[str, Any]], path: Path) -> str:
    """The key that most of the text stands under; the usual one where it is there."""
    lengths: Counter[str] = Counter()
    for row in rows:
        for key, value in _flat(row):
            if isinstance(value, str):
                lengths[key] += len(value)
    if not lengths:
        raise UserError(f"{path} has no rows with text: give JSON lines, Parquet or text files as --text.")
    usual = next((key for key in USUAL_TEXT_KEYS if lengths[key] > 0.2 * lengths.total()), None)
    return usual or lengths.most_common(1)[0][0]


def _language_key(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """The key that the language of a row stands under, by its name and by what it holds."""
    for key in dict.fromkeys(key for row in rows for key, _ in _flat(row)):
        if not any(part in key.lower() for part in ("lang", "locale")):
            continue
        values = [_value(row, key) for row in rows]
        labels = [value for value in values if isinstance(value, str) and canonical(value) not in (None, UNDETERMINED)]
        if len(labels) >= ENOUGH * len(rows):
            return key
    return None


def _flat(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in row.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{inner}", item) for inner, item in value.items())
        else:
            yield key, value


def _value(row: Mapping[str, Any], key: str) -> Any:
    return next((value for name, value in _flat(row) if name == key), None)


def _texts(files: Sequence[Path]) -> tuple[str, list[str]]:
    """(what counts as a document, the first of them): a file each; of one file its paragraphs, or its lines."""
    texts = []
    for path in files[:LOOKED_AT]:
        with opened_text(path) as stream:
            texts.append(stream.read(1 << 20).decode("utf-8", "replace"))
    if len(texts) > 1:
        return "file", [text for text in texts if text.strip()]
    document, border = ("paragraph", "\n\n") if "\n\n" in texts[0].strip() else ("line", "\n")
    return document, [part for part in texts[0].split(border) if part.strip()][:LOOKED_AT]


def _languages(documents: Sequence[str], language: str) -> dict[str, int]:
    """What the documents read as; only a language that is surely another counts against the one that is named."""
    if language == CODE:
        return {CODE: len(documents)}
    identifier = Cld2()
    found = Counter(
        contradicts(identifier.identify(text[:4000].encode("utf-8", "replace")), language) or language
        for text in documents
    )
    return dict(found.most_common())


def _share_of_text(path: Path, documents: Sequence[str]) -> float:
    """How much of a file of JSON lines is the documents' text."""
    with opened_text(path) as stream:
        lines = [line for _, line in zip(range(LOOKED_AT), stream, strict=False)]
    whole = sum(map(len, lines)) or 1
    return min(1.0, sum(len(text.encode("utf-8", "replace")) for text in documents) / whole)
