"""Records as items of a review: what their keys mean, and what is assumed where they say nothing.

One decision: several mistakes of a file are told at once, and nothing of it is imported; an item that says neither
licence nor source is told to have none, never given one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aurora.errors import UserError
from aurora.redteam.review.importing.records import Record, read_records
from aurora.redteam.review.log.contents import MOST_DRAFTS, MOST_FACTS, Draft, Item
from aurora.redteam.review.log.event import wrong_in
from aurora.redteam.review.log.values import LONGEST_TEXT, cleaned

# The names that published sets give to what we name by the first of each.
KEYS = {
    "prompt": ("prompt", "instruction", "text", "question", "goal", "displayed_text"),
    "response": ("response", "output", "answer", "completion", "target"),
    "policy": ("policy",),
    "category": ("category",),
    "language": ("language", "lang"),
    "kind": ("kind",),
    "template": ("template", "family"),
    "source": ("source", "provenance"),
    "license": ("license", "licence"),
    "url": ("url",),
    "drafts": ("drafts", "responses"),
}
MOST_TOLD, MOST_SHOWN = 50, 5  # mistakes that are looked for, and told in full
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_NOT_NAME = re.compile(r"[^a-z0-9_-]+")


@dataclass(frozen=True)
class Assumed:
    """What holds of items whose file says nothing else. Without a `category`, each item has to name its own."""

    policy: str
    source: str
    category: str | None = None
    language: str | None = None
    kind: str | None = "harmful"
    license: str = "unknown"


def read_items(path: Path, assumed: Assumed) -> list[tuple[str, Item]]:
    """The items of a file or folder, each with its id; `UserError` says what is wrong with them."""
    found: dict[str, tuple[str, Item]] = {}
    wrong: list[str] = []
    for record in read_records(path):
        try:
            id, item = item_of(record, assumed)
        except UserError as error:
            wrong.append(str(error))
        else:
            if id in found and found[id][1] != item:
                wrong.append(
                    f"{record.place}: the id {id} is that of another item, in {found[id][0]}; give it its own."
                )
            found.setdefault(id, (record.place, item))
        if len(wrong) >= MOST_TOLD:
            break
    if wrong:
        more = f" There are {len(wrong) - MOST_SHOWN} or more others." if len(wrong) > MOST_SHOWN else ""
        raise UserError(" ".join(wrong[:MOST_SHOWN]) + more)
    if not found:
        raise UserError(f"{path} holds no item: give a file with a `prompt` in each line.")
    return [(id, item) for id, (_, item) in found.items()]


def item_of(record: Record, assumed: Assumed) -> tuple[str, Item]:
    """The id and item of a record; `UserError` says where it stands and what is wrong."""
    given = {name: first_of(record.values, name) for name in KEYS}
    if given["prompt"] is None:
        given |= dict(zip(("prompt", "response"), _turns(record.values), strict=True))
    if given["prompt"] is None:
        raise UserError(f"{record.place}: there is no prompt: name it `prompt`.")
    values = {
        name: _text(entry) if entry is not None else getattr(assumed, name, None)
        for name, entry in given.items()
        if name != "drafts"
    }
    missing = [name for name in ("category", "language", "kind") if not values[name]]
    if missing:
        raise UserError(f"{record.place}: it has no {missing[0]}: add it to each item, or say it for all of them.")
    table = {name: entry for name, entry in values.items() if entry is not None}
    try:
        item = Item.model_validate(table | {"drafts": _drafts(given["drafts"]), "facts": _facts(record.values)})
    except ValidationError as error:
        raise UserError(f"{record.place}: {wrong_in(error)}.") from error
    return _id(record.values.get("id"), item), item


def first_of(values: Mapping[str, Any], name: str) -> Any:
    """What a record says under any of the names that sets give to a key of ours; None where it says nothing."""
    return _first(values, KEYS[name])


def _first(values: Mapping[str, Any], keys: Iterable[str]) -> Any:
    return next((values[key] for key in keys if values.get(key) not in (None, "")), None)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return cleaned(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _turns(values: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The first prompt of a conversation and the answer to it."""
    turns = values.get("messages", values.get("conversations"))
    if not isinstance(turns, list):
        return None, None
    said = [
        (str(turn.get("role", turn.get("from"))), turn.get("content", turn.get("value")))
        for turn in turns
        if isinstance(turn, dict)
    ]
    asked = next((place for place, (role, text) in enumerate(said) if role in ("user", "human") and text), None)
    if asked is None:
        return None, None
    answered = said[asked + 1][1] if asked + 1 < len(said) else None
    return said[asked][1], answered


def _drafts(value: Any) -> list[Draft]:
    """Answers that came with an item: texts, or tables with a `text` and who it is by."""
    drafts = []
    for number, entry in enumerate(value if isinstance(value, list) else [], 1):
        table = entry if isinstance(entry, dict) else {"text": entry}
        text = _first(table, ("text", "response", "value", "content"))
        if text is not None:
            by = _first(table, ("by", "model"))
            drafts.append(Draft(id=_name(table.get("id"), f"d{number}"), text=_text(text), by=_text(by or "")[:500]))
    return drafts[:MOST_DRAFTS]


def _name(value: Any, otherwise: str) -> str:
    name = _NOT_NAME.sub("-", str(value or "").lower()).strip("-_")[:64]
    return name or otherwise


def _facts(values: Mapping[str, Any]) -> dict[str, str]:
    """What else a record says, as texts, under names of ours."""
    known = {key for keys in KEYS.values() for key in keys} | {
        "id",
        "messages",
        "conversations",
        "_server_id",
        "vectors",
    }
    own = values.get("facts")
    if isinstance(own, str):  # as columns hold a table
        with suppress(ValueError, RecursionError):
            own = json.loads(own)
    rest = {
        **(own if isinstance(own, dict) else {}),
        **{key: value for key, value in values.items() if key not in known},
    }
    facts = {_name(key, ""): _text(value)[:LONGEST_TEXT] for key, value in rest.items() if key != "facts"}
    return dict(sorted((key, value) for key, value in facts.items() if key)[:MOST_FACTS])


def _id(given: Any, item: Item) -> str:
    """An item's own id where it can be one of ours; else a hash of what it is."""
    if given is not None and _ID.fullmatch(str(given)):
        return str(given)
    parts = (str(given or ""), item.policy, item.language, item.prompt)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
