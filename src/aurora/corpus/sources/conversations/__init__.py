"""Conversations of files and data sets, in whatever layout they are published.

One decision: a row becomes a conversation or is quarantined with the reason. Rows of a tree of replies are read
together while they follow one another, so that memory is bounded by a tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from aurora.corpus.conversation import LEFT_OUT, UNANSWERED, new_conversation
from aurora.corpus.document import Document, Quarantined
from aurora.corpus.sources.conversations.layouts import Said, is_reply, layout_of, said_in
from aurora.corpus.sources.conversations.parallel import parallel_rows
from aurora.corpus.sources.conversations.rephrased import REPHRASED, rephrased
from aurora.corpus.sources.conversations.replies import left_out, nested_tree, paths, tree_of
from aurora.corpus.sources.conversations.soundness import mended, taken
from aurora.corpus.sources.conversations.templates import asked_about
from aurora.corpus.sources.files import (
    broken,
    find_files,
    is_parquet,
    json_rows,
    parquet_rows,
    rows_of_stretch,
    until_broken,
)
from aurora.corpus.sources.hub import hub_rows
from aurora.corpus.sources.rows import LICENSE_KEY, Row, facts_of, language_of
from aurora.languages.labels import UNDETERMINED
from aurora.recipe.sources import ConversationsSource

Found = Iterator[Document | Quarantined]
_ERRORS = (ValueError, TypeError, KeyError)  # raised by a row that is not a conversation


def read_conversations(name: str, source: ConversationsSource, base: Path, cache: Path) -> Found:
    """One document a conversation. Raises as the sources `jsonl`, `parquet`, `hub` and `wheels` do, and as an endpoint
    does that is asked about rows."""

    def found(rows: Iterator[Row | Quarantined]) -> Found:
        return _conversations(rephrased(rows, name, source, cache), name, source)

    if source.wheels is not None:
        yield from found(parallel_rows(name, source.wheels, cache))
    elif source.dataset is not None:
        yield from found(hub_rows(name, source.dataset, source.configuration, source.split, source.revision, base))
    else:
        for place, path in find_files(name, source.paths, base).items():
            read = parquet_rows if is_parquet(path) else json_rows
            rows = read(name, source, place, path)
            yield from until_broken(name, place, path, source, found(rows))


def read_stretch(
    name: str, source: ConversationsSource, base: Path, cache: Path, place: str, start: int, end: int, first_line: int
) -> Found:
    """One document for each conversation of a line that begins in bytes [start, end) of a file whose rows stand
    alone."""
    rows = rows_of_stretch(name, source, base, place, start, end, first_line)
    yield from _conversations(rephrased(rows, name, source, cache), name, source)


def rows_stand_alone(source: ConversationsSource, path: Path) -> bool:
    """Whether no conversation of a file of JSON lines has several rows, by what the recipe says or the first row is."""
    if source.templates or source.layout is not None:
        return bool(source.templates) or source.layout != "replies"
    first = next(json_rows("", source, "", path), None)
    return isinstance(first, Row) and isinstance(first.value, dict) and not is_reply(first.value, source)


def _conversations(rows: Iterator[Row | Quarantined], name: str, source: ConversationsSource) -> Found:
    for tree, group in groupby(rows, _Trees(source)):
        if tree is not None:
            yield from _documents([row for row in group if isinstance(row, Row)], name, source)
            continue
        for row in group:
            if isinstance(row, Quarantined):
                yield row
            else:
                yield from _documents([row], name, source)


class _Trees:
    """Tells the rows of one tree of replies: those that name it, or those from one first message to the next."""

    def __init__(self, source: ConversationsSource) -> None:
        self._source = source
        self._number = 0

    def __call__(self, row: Row | Quarantined) -> object:
        """What the rows of a tree have in common; None of a row by itself."""
        if isinstance(row, Quarantined) or not isinstance(row.value, dict) or self._source.templates:
            return None
        if not is_reply(row.value, self._source):
            return None
        parent = row.value.get("parent_id")
        self._number += not parent or parent != parent  # NaN, as tables of numbers write none
        named = row.value.get("message_tree_id")
        return self._number if named is None else str(named)


def _documents(rows: Sequence[Row], name: str, source: ConversationsSource) -> Found:
    """The conversations of a row, or of the rows of one tree."""
    first = rows[0]
    try:
        found = _said(rows, source)
    except _ERRORS as error:
        yield broken(name, first.where, error, first.line, source.language)
        return
    for row, said, language, others in found:
        try:
            yield _document(row, said, language, others, name, source)
        except _ERRORS as error:
            yield broken(name, row.where, error, first.line, source.language)


def _said(rows: Sequence[Row], source: ConversationsSource) -> list[tuple[Row, list[Said], str | None, int]]:
    """The turns that rows say: of each conversation the row that has its facts, its language where that is known
    beforehand, and how many messages of its tree are in no conversation."""
    first = rows[0]
    if not isinstance(first.value, dict):
        raise TypeError("the line is not a JSON object")
    if source.templates:
        return [(first, *asked, 0) for asked in asked_about(first.value, first.where, source)]
    layout = layout_of(first.value, source)
    if layout not in ("replies", "tree"):
        return [(first, said_in(first.value, layout, source), source.language, 0)]
    root = tree_of(rows) if layout == "replies" else nested_tree(first.value, first.where)
    found = [(row, said, source.language) for row, said in paths(root, source)]
    counts = [left_out(root, source), *[0] * (len(found) - 1)]  # once a tree
    return [(*one, others) for one, others in zip(found, counts, strict=True)]


def _document(
    row: Row, said: Sequence[Said], language: str | None, others: int, name: str, source: ConversationsSource
) -> Document:
    whole, unanswered = mended(said, source)
    turns = taken(whole, source)
    others += len(whole) - len(turns)
    facts = facts_of(row.value) | ({UNANSWERED: True} if unanswered else {}) | ({LEFT_OUT: others} if others else {})
    if source.rephrase is not None and REPHRASED in row.value:
        facts[REPHRASED] = row.value[REPHRASED]
    license = str(facts.get(LICENSE_KEY, source.license))
    lang = language_of(row.value, language or source.language, source.language_key) or UNDETERMINED
    return new_conversation(turns, lang, name, license, row.where, facts)
