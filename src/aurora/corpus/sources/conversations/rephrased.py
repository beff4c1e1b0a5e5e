"""Rows with what a model says about each, for templates to use.

One decision: a row keeps its place, and the model's words stand beside its own under keys of their own, so that the
answer of a conversation can stay what a person wrote. A row that lacks what the model is asked about goes on as it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from aurora.corpus.document import Quarantined
from aurora.corpus.sources.conversations.asking import Asking
from aurora.corpus.sources.conversations.endpoint import Endpoint, sha256_of
from aurora.corpus.sources.conversations.templates import filled
from aurora.corpus.sources.files import broken
from aurora.corpus.sources.rows import Row
from aurora.recipe.sources import ConversationsSource, Rephrase

REPHRASED = "rephrased"  # of a row and of `meta`: who wrote, and the SHA-256 of each of its answers by key
AHEAD = 4  # rows asked about for each request at a time, so that the next is there when one is answered

Rows = Iterator[Row | Quarantined]


def rephrased(rows: Rows, name: str, source: ConversationsSource, cache: Path) -> Rows:
    """The rows in their order, each with the model's answers; one that it gives none about is quarantined.

    Raises as `Endpoint` does.
    """
    settings = source.rephrase
    if settings is None:
        yield from rows
        return
    endpoint = Endpoint(name, settings, cache)
    asking: Asking[dict[str, str]] = Asking(settings.at_once)
    waiting: deque[tuple[Row | Quarantined, Future[dict[str, str]] | None]] = deque()
    try:
        for row in rows:
            asked = asking.submit(partial(_answers, endpoint, row.value, settings)) if isinstance(row, Row) else None
            waiting.append((row, asked))
            if len(waiting) > AHEAD * settings.at_once:
                yield _answered(*waiting.popleft(), name, source, settings)
        while waiting:
            yield _answered(*waiting.popleft(), name, source, settings)
    finally:
        asking.close()


def _answers(endpoint: Endpoint, value: Any, settings: Rephrase) -> dict[str, str]:
    """What the model says about a row, by key; nothing about one that lacks what it is asked about."""
    if not isinstance(value, Mapping):
        return {}
    asked = {}
    for key, words in settings.keys.items():
        try:
            asked[key] = filled(words, value, {})
        except (KeyError, ValueError):
            continue
    return {key: endpoint.asked(words) for key, words in asked.items()}


def _answered(
    row: Row | Quarantined,
    asked: Future[dict[str, str]] | None,
    name: str,
    source: ConversationsSource,
    settings: Rephrase,
) -> Row | Quarantined:
    if asked is None or not isinstance(row, Row):
        return row
    try:
        answers = asked.result()
    except ValueError as error:
        return broken(name, row.where, error, row.line, source.language)
    if not answers:
        return row
    by = {"model": settings.model, "sha256": {key: sha256_of(answer) for key, answer in sorted(answers.items())}}
    return row._replace(value={**row.value, **answers, REPHRASED: by})
