"""Rows of JSON lines, Parquet and data sets as documents: their text, language and facts.

One decision: a key may be a path (`content.text`, `lang.0`), and facts about a document are found under the names that
published corpora use, so that nothing has to be converted first and a document's origin is kept in `meta`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from aurora.corpus.document import Document, new_document
from aurora.languages.labels import UNDETERMINED
from aurora.recipe.sources import HubSource, JsonlSource, ParquetSource

USUAL_TEXT_KEYS = ("text", "content", "raw_content", "body")  # of published corpora, the commonest first
ADDRESS_KEY, ID_KEY, LICENSE_KEY, SCORE_KEY = "url", "id", "license", "language_score"
LONGEST_FACT = 2000  # characters; a longer value is not an address, an id or a licence
# The keys of FineWeb, FineWeb2, CulturaX, mC4 and Dolma, then those of HPLT and OSCAR.
_PLACES = {
    ADDRESS_KEY: (
        "url", "u", "metadata.url", "meta.url", "warc_headers.warc-target-uri", "meta.warc_headers.warc-target-uri",
    ),
    ID_KEY: ("id", "metadata.id", "meta.id", "warc_headers.warc-record-id", "meta.warc_headers.warc-record-id"),
    LICENSE_KEY: ("license", "metadata.license", "meta.license"),
    SCORE_KEY: ("language_score", "prob", "metadata.identification.prob", "meta.identification.prob"),
}  # fmt: skip
_MOST_NAMES = 20  # keys that a message lists
Rows = JsonlSource | ParquetSource | HubSource


class Row(NamedTuple):
    """A row of a source at a place, with the line that it was read from, where it is one."""

    where: str
    value: Any
    line: bytes = b""


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and "://" in value and len(value) <= LONGEST_FACT


def _is_said(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_FACT


def _is_id(value: Any) -> bool:
    return _is_said(value) or (isinstance(value, int) and not isinstance(value, bool))


def _is_score(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_FITS: dict[str, Callable[[Any], bool]] = {
    ADDRESS_KEY: _is_address,
    ID_KEY: _is_id,
    LICENSE_KEY: _is_said,
    SCORE_KEY: _is_score,
}
_PATHS = [(name, place, place.split(".")) for name, places in _PLACES.items() for place in places]


def fact_keys() -> list[str]:
    """Every key that may hold a fact about a document."""
    return [place for _, place, _ in _PATHS]


def document_of(row: Any, name: str, source: Rows, where: str) -> Document:
    """A row as a document; TypeError, ValueError or KeyError if it cannot be one."""
    if not isinstance(row, dict):
        raise TypeError("the line is not a JSON object")
    text = _text(value_at(row, source.text_key), source)
    language = language_of(row, source.language, source.language_key)
    facts = facts_of(row)
    license = str(facts.get(LICENSE_KEY, source.license))
    return new_document(text, language or UNDETERMINED, name, license, where, facts)


def language_of(row: Mapping[str, Any], declared: str | None, key: str | None) -> str | None:
    """The declared language, or the one that stands under a key of the row; raises TypeError for none of text."""
    if declared is not None or key is None:
        return declared
    try:
        language = value_at(row, key)
    except KeyError:
        return None
    if language is not None and not isinstance(language, str):
        raise TypeError(f"{key} is not text")
    return language


def value_at(row: Mapping[str, Any], key: str) -> Any:
    """The value under a key, or under the path that it names; KeyError with the keys that exist."""
    if key in row:
        return row[key]
    value: Any = row
    for part in key.split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise KeyError(f"the key {key} is missing; there are {names_of(row)}")
    return value


def names_of(row: Mapping[str, Any]) -> str:
    """The keys of a row, nested ones as paths, as part of a sentence."""
    names: list[str] = []
    for name, value in row.items():
        names += [f"{name}.{inner}" for inner in value] if isinstance(value, dict) and value else [str(name)]
    shown = [name[:60] for name in names[:_MOST_NAMES]] + ["more"] * (len(names) > _MOST_NAMES)
    return ", ".join(shown) or "none"


def facts_of(row: Mapping[str, Any]) -> dict[str, object]:
    """What a row says about its document: its address, id, licence, and the score of its language."""
    facts: dict[str, object] = {}
    for name, place, path in _PATHS:
        if name in facts or path[0] not in row:
            continue
        try:
            value = value_at(row, place)
        except KeyError:
            continue
        if name == SCORE_KEY and isinstance(value, list) and value:
            value = value[0]  # of several languages the most likely, which comes first
        if _FITS[name](value):
            facts[name] = value
    return facts


def _text(value: Any, source: Rows) -> str:
    """A text given as a string, as UTF-8 bytes (Spark's binary columns), or as a list of lines."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(source, ParquetSource) and isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    if not isinstance(value, str):
        raise TypeError(f"{source.text_key} is not text")
    return value
