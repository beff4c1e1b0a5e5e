"""Evaluation sets in another language, translated by a model: what a model is attacked with, and never tuned on.

One decision: a translated set has the names of the set's own items, so a task asks both and counts what is refused in
one language and answered in the other; each line says first that a model translated it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aurora.corpus.sources.streams import opened_text
from aurora.errors import UserError
from aurora.files import atomic_file, keep_from_overwriting
from aurora.languages.lookup import language_name
from aurora.redteam.endpoint.asking import ask_all
from aurora.redteam.endpoint.client import Client
from aurora.redteam.endpoint.request import Failure, Request
from aurora.redteam.judge import Judge
from aurora.redteam.readable import is_unusable, other_language
from aurora.redteam.variants.replies import texts_of
from aurora.redteam.variants.ways import OF_A_TEXT, SYSTEM, translation

LONGEST = 20_000  # characters of an item
_BEGINNING = b'{"made": {"how": "translation"'


@dataclass(frozen=True)
class Text:
    """An item of a set: its name and what it asks."""

    id: str
    text: str


def read_set(path: Path) -> list[Text]:
    """The items of a set of JSON lines with `id` and `text`; `UserError` names the first line that is none."""
    if not path.is_file():
        raise UserError(f"{path} is no file: give an evaluation set, JSON lines with `id` and `text`.")
    found: dict[str, Text] = {}
    for number, row in _rows(path):
        text = row.get("text") if isinstance(row, dict) else None
        if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
            raise UserError(
                f"{path}, line {number}: `text` is no text of at most {LONGEST:,} characters: correct the line."
            )
        name = str(row.get("id", number))
        if name in found:
            raise UserError(f"{path}, line {number}: the item {name} stands there twice: remove one.")
        found[name] = Text(name, text)
    if not found:
        raise UserError(f"{path} holds no items: give an evaluation set, JSON lines with `id` and `text`.")
    return list(found.values())


def _rows(path: Path) -> Iterator[tuple[int, Any]]:
    number = 1
    try:
        with opened_text(path) as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    row = json.loads(line)
                    json.dumps(row, ensure_ascii=False).encode()  # half a character ends whatever has to write it
                    yield number, row
    except (OSError, EOFError, ValueError, RecursionError) as error:
        said = getattr(error, "reason", "") or str(error)
        raise UserError(f"{path}, line {number}: this is no line of a set ({said}): correct it.") from error


def translate(
    client: Client, items: Sequence[Text], language: str, cache: Path
) -> tuple[list[dict[str, Any]], Counter[str], int]:
    """The items in a language, as rows of a set; how many were left out for which reason; how many answers were kept
    from before."""
    requests = [
        Request(translation(item.text, language_name(language)), SYSTEM, 0.0, OF_A_TEXT + 2 * len(item.text.encode()))
        for item in items
    ]
    asked = ask_all(client, requests, cache, "translations")
    rows: list[dict[str, Any]] = []
    left_out: Counter[str] = Counter()
    for item, request, answer in zip(items, requests, asked.answers, strict=True):
        text = "" if isinstance(answer, Failure) else next(iter(texts_of(answer.text, 1)), "")
        if reason := _wrong_with(text, language):
            left_out[reason] += 1
            continue
        made = {"how": "translation", "endpoint": client.endpoint.url, "model": client.endpoint.model}
        rows.append(
            {"made": {**made, "request": request.key(client.endpoint)}, "id": item.id, "lang": language, "text": text}
        )
    return rows, left_out, asked.kept


def _wrong_with(text: str, language: str) -> str | None:
    if not text:
        return "not translated"
    if Judge().is_refusal(text):
        return "refused by the model"
    if is_unusable(text):
        return "unreadable"
    return "in another language" if other_language(text, language) else None


def keep_other_sets(path: Path) -> None:
    """`UserError` where a file stands at `path` that no model translated."""
    keep_from_overwriting(path, lambda beginning: not beginning or beginning.startswith(_BEGINNING))


def write_set(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write one line an item, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path, "w") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
