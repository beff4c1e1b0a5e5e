"""The document table: the form in which documents pass through every step after the sources.

One decision: a document's id is the hash of its source, URL and text, so the same input always yields the same ids, in
any order and on any machine. What is held out depends on the text alone, so copies never end up on both sides.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import xxhash

from aurora.languages.labels import UNDETERMINED, canonical

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("id", "text", "lang", "source", "license", "url", "meta")
# Key of `meta` for a language label that names no language.
UNKNOWN_LABEL = "unknown_language_label"
_LONGEST_LABEL = 100  # characters kept of such a label: a wrong key may point to whole texts


@dataclass(frozen=True, slots=True)
class Document:
    """One text before tokens. `lang` is BCP 47, `code` or `und`; `license` SPDX or `unknown`; `meta` a JSON object."""

    id: str
    text: str
    lang: str
    source: str
    license: str = "unknown"
    url: str = ""
    meta: str = "{}"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An input that could not become a document: its source, place, error and beginning.

    `unread` is the number of bytes of its file that could not be read because of it.
    """

    source: str
    where: str
    error: str
    excerpt: str = ""
    lang: str = UNDETERMINED
    unread: int = 0


def document_id(source: str, url: str, text: str) -> str:
    """Stable 128-bit hash of a document, hex."""
    return xxhash.xxh3_128_hexdigest("\0".join((source, url, text)).encode("utf-8", "surrogatepass"))


def new_document(
    text: str, lang: str, source: str, license: str = "unknown", url: str = "", meta: dict[str, object] | None = None
) -> Document:
    """A document with its id computed and its language label as a BCP 47 tag.

    A label that names no language goes to `meta`, and the language is undetermined.
    """
    facts = meta or {}
    tag = canonical(lang)
    if tag is None:
        facts = {**facts, UNKNOWN_LABEL: lang[:_LONGEST_LABEL].encode("utf-8", "replace").decode()}
    return Document(document_id(source, url, text), text, tag or UNDETERMINED, source, license, url, encoded(facts))


# Made once: `json.dumps` would make one for each document.
encoded = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def schema() -> pa.Schema:
    """The Arrow schema: every column is a string."""
    import pyarrow as pa

    return pa.schema([(name, pa.string()) for name in COLUMNS])


def table_of(documents: Iterable[Document]) -> pa.Table:
    """Documents as an Arrow table, in the given order."""
    import pyarrow as pa

    rows = list(documents)
    return pa.table({name: [getattr(row, name) for row in rows] for name in COLUMNS}, schema=schema())
