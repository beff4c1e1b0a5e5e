"""What is odd in a set of items: empty or foreign texts, unknown categories, duplicates, one prompt with two labels.

One decision: only what a reader would agree is wrong is told: a near duplicate beside the first of its kind alone, and
a language only where a text is certainly in another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aurora.errors import UserError
from aurora.files import open_regular
from aurora.languages.labels import canonical
from aurora.languages.lookup import language_name
from aurora.redteam.prompts import WHOLE
from aurora.redteam.review.exporting.apart import clusters_of
from aurora.redteam.review.exporting.rows import rows_of
from aurora.redteam.review.importing.items import first_of
from aurora.redteam.review.importing.records import Record, read_records
from aurora.redteam.review.log.file import read_state
from aurora.redteam.review.log.values import plain

SHORTEST_JUDGED = 60  # bytes: in a shorter text, a name or two look like another language
LONGEST_SHOWN = 60  # characters of a prompt in a sentence


@dataclass(frozen=True)
class Finding:
    """Something odd: the rule it breaks, where, and a sentence."""

    rule: str
    place: str
    sentence: str


@dataclass(frozen=True)
class _Read:
    """What rules look at in a record."""

    place: str
    prompt: str
    response: str | None
    category: str
    language: str
    label: str
    waits: bool  # for an answer: a whole prompt that nobody has reviewed


def lint(path: Path, categories: Collection[str] | None = None) -> tuple[int, list[Finding]]:
    """How many items there are at a path (a log, an export, or a file of items), and what is odd in them.

    With `categories`, of a policy, any other is told.
    """
    records = list(_records(path))
    if not records:
        raise UserError(
            f"{path} holds no item: give a log, an exported folder, or a file with a `prompt` in each line."
        )
    read = [_read(record) for record in records]
    found = [finding for rule in _RULES for finding in rule(read)]
    if categories is not None:
        found += _other_categories(read, categories)
    return len(read), found


def _records(path: Path) -> Iterator[Record]:
    if not _is_log(path):
        yield from read_records(path)
        return
    state = read_state(path)
    for row in rows_of(state):
        yield Record(f"{path}, item {row.id}", row.table())


def _is_log(path: Path) -> bool:
    if not path.is_file():
        return False
    with open_regular(path) as stream:
        return b'"aurora-review-log"' in stream.read(4_096)


def _read(record: Record) -> _Read:
    values: Mapping[str, Any] = record.values

    def text(name: str) -> str:
        return str(first_of(values, name) or "")

    answered = any(key in values for key in ("response", "output", "answer", "completion", "target"))
    label = str(values.get("label") or values.get("kind") or "")
    response = text("response") if answered else None
    waits = values.get("template") == WHOLE and "label" not in values
    return _Read(record.place, text("prompt"), response, text("category"), text("language"), label, waits)


def _empty(read: Sequence[_Read]) -> Iterator[Finding]:
    for one in read:
        if not one.prompt.strip():
            yield Finding("empty", one.place, "the prompt is empty")
        if one.response is not None and not one.response.strip() and not one.waits:
            yield Finding("empty", one.place, "the answer is empty")


def _unwritable(read: Sequence[_Read]) -> Iterator[Finding]:
    for one in read:
        for what, text in (("prompt", one.prompt), ("answer", one.response or "")):
            try:
                plain(text)
            except ValueError as error:
                yield Finding("characters", one.place, f"in the {what}, {error}")


def _no_category(read: Sequence[_Read]) -> Iterator[Finding]:
    if len(read) > 1 and not any(one.category for one in read):
        yield Finding("category", read[0].place, "no item has a category")
        return
    for one in read:
        if not one.category:
            yield Finding("category", one.place, "it has no category")


def _other_categories(read: Sequence[_Read], categories: Collection[str]) -> Iterator[Finding]:
    from aurora.nearest import meant

    for one in read:
        if one.category and one.category not in categories:
            hint = meant(one.category, categories, "categories")
            yield Finding("category", one.place, f"{one.category} is no category of the policy ({hint})")


def _language(read: Sequence[_Read]) -> Iterator[Finding]:
    from aurora.redteam.readable import other_language

    if len(read) > 1 and not any(one.language for one in read):
        yield Finding("language", read[0].place, "no item has a language")
        return
    for one in read:
        asked = canonical(one.language) if one.language else None
        if not one.language:
            yield Finding("language", one.place, "it has no language")
            continue
        if asked is None:
            yield Finding("language", one.place, f"{one.language[:40]!r} is no label of a language")
            continue
        for what, text in (("prompt", one.prompt), ("answer", one.response or "")):
            if len(text.encode(errors="replace")) >= SHORTEST_JUDGED and (other := other_language(text, asked)):
                sentence = f"the {what} is in {language_name(other)}, not in {language_name(asked)}"
                yield Finding("language", one.place, sentence)


def _duplicates(read: Sequence[_Read]) -> Iterator[Finding]:
    """Copies of a prompt, and near duplicates, each told of the later one."""
    first: dict[tuple[str, ...], _Read] = {}
    for one, best in zip(read, clusters_of([(one.language, one.prompt) for one in read]), strict=True):
        if not one.prompt.strip():
            continue
        copy = first.setdefault((one.language, _alike(one.prompt), one.label), one)
        same = first.setdefault((one.language, _alike(one.prompt)), one)
        if copy is not one:
            yield Finding("duplicate", one.place, f"{_shown(one.prompt)} stands in {copy.place} too")
        elif same is one and read[best] is not one:
            other = read[best]
            yield Finding("near duplicate", one.place, f"{_shown(one.prompt)} is nearly that of {other.place}")


def _two_labels(read: Sequence[_Read]) -> Iterator[Finding]:
    by_prompt: dict[tuple[str, str], list[_Read]] = {}
    for one in read:
        if one.prompt.strip():
            by_prompt.setdefault((one.language, _alike(one.prompt)), []).append(one)
    for same in by_prompt.values():
        labels = Counter(one.label for one in same if one.label)
        if len(labels) > 1:
            told = " and ".join(sorted(labels))
            places = ", ".join(one.place for one in same[:4])
            yield Finding("two labels", same[0].place, f"{_shown(same[0].prompt)} is labelled {told}, in {places}")


def _alike(text: str) -> str:
    return " ".join(text.casefold().split())


def _shown(text: str) -> str:
    return repr(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}...")


_RULES: tuple[Callable[[Sequence[_Read]], Iterator[Finding]], ...] = (
    _empty,
    _unwritable,
    _no_category,
    _language,
    _duplicates,
    _two_labels,
)
