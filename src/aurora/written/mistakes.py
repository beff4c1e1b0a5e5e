"""What is wrong with a file, in the words of its writer: which key, what, and what to write instead.

One decision: what pydantic says is translated kind by kind and never shown, and several complaints with one cause are
one mistake: a misspelt key makes another missing, and a table that is no entry of the file lacks all of its keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from aurora.nearest import meant, nearest
from aurora.written.complaints import FOLLOWS, MISSING, UNKNOWN, Wrong, complaint
from aurora.written.sections import section_at
from aurora.written.yaml_nodes import Key

Root = type[BaseModel]

# What pydantic calls a member of a union that has no tag: no key of a file is called so.
_FORM = re.compile(r"literal\[.*\]|function-.*|[A-Z]\w*")
LONGEST_MESSAGE = 600  # characters: some quote what stood there


@dataclass(frozen=True)
class Mistake:
    """What is wrong at a key; the sentence about it begins with `subject`, or the key alone.

    `judged` is of several keys together, which are sound each by itself.
    """

    key: Key
    what: str
    subject: str = ""
    judged: bool = field(default=False, compare=False)

    def sentence(self, place: str, whole: str = "the recipe") -> str:
        """As a user reads it; `place` says where the key stands, and `whole` what the file is."""
        # A name may be anything here: line breaks in it must not make two lines of the sentence.
        dotted = ".".join(part if part.isprintable() else repr(part)[1:-1] for part in self.key)
        said = f"{self.subject} {dotted} {self.what}" if self.subject else f"{dotted or whole}: {self.what}"
        return f"{place}: {said}."


def mistakes_of(error: ValidationError, values: Mapping[str, Any], root: Root) -> list[Mistake]:
    """Everything that a validation of `values` as `root` complained about, each cause once."""
    complaints = [(_key(details, values), details) for details in error.errors() if details["type"] != FOLLOWS]
    complaints = [(key, details) for key, details in complaints if not _of_other_form(key, details, complaints)]
    misspelt = [(key[:-1], _meant_key(key, values, root)) for key, details in complaints if _is_unknown(details)]
    found: list[Mistake] = []
    missing: list[Key] = []
    for key, details in complaints:
        if details["type"] in (MISSING, "union_tag_not_found"):
            if (key[:-1], key[-1]) not in misspelt:
                missing.append(key)
        else:
            found += _translated(key, details, values, root)
    found += [_lacking(key, [*keys], values, root) for key, keys in groupby(missing, key=lambda key: key[:-1])]
    return found


def _key(details: ErrorDetails, values: Any) -> Key:
    """Where a complaint is, without the union tags and names of types that pydantic puts into it."""
    location = details["loc"]
    if location[-1:] == ("[key]",):  # what is wrong with a key itself
        location = location[:-1]
    key: list[str] = []
    for depth, part in enumerate(location):
        # A list is a table of its positions here, so that both are looked into the same way.
        table = dict(enumerate(values)) if isinstance(values, list) else values
        if isinstance(table, Mapping) and part in table:
            values = table[part]
        elif (
            depth < len(location) - 1
            or _FORM.fullmatch(str(part))
            or (isinstance(table, Mapping) and table.get("kind") == part)
        ):
            continue
        key.append(str(part))
    return (*key, "kind") if details["type"].startswith("union_tag") else tuple(key)


def _of_other_form(key: Key, details: ErrorDetails, complaints: Sequence[tuple[Key, ErrorDetails]]) -> bool:
    """Whether a complaint is that a value has not the one form of a key, where another complaint is of the other form:
    of a key that takes a word or a table, a table is no word and a wrong word is no table."""
    table = isinstance(details["input"], Mapping)
    others = [(at, one["type"]) for at, one in complaints if one is not details and at[: len(key)] == key]
    if details["type"] == "literal_error":
        return table and bool(others)
    return details["type"] == "model_type" and not table and (key, "literal_error") in others


def _translated(key: Key, details: ErrorDetails, values: Mapping[str, Any], root: Root) -> Iterator[Mistake]:
    if isinstance(error := details.get("ctx", {}).get("error"), ValueError):
        for words in error.found if isinstance(error, Wrong) else [str(error)]:
            yield replace(said(key, words), judged=True)
        return
    if _is_unknown(details):
        yield Mistake(key, f"({_meant(key, values, root)})", "unknown key")
    else:
        yield Mistake(key, complaint(details, _description(key, values, root)))


def said(key: Key, message: str) -> Mistake:
    """A message of ours; it may name a key below the one that it is about."""
    if named := re.match(r"^([\w./-]+): (.*)$", message, re.DOTALL):
        key, message = (*key, *named[1].split(".")), named[2]
    message = message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}..."
    return Mistake(key, f"{message[:1].lower()}{message[1:]}" if message[1:2].islower() else message)


def _lacking(table: Key, keys: Sequence[Key], values: Mapping[str, Any], root: Root) -> Mistake:
    """A table without keys that it needs; where there are others of its kind, it may be meant to be one of them."""
    names = [key[-1] for key in keys]
    if len(names) == 1:
        return Mistake(keys[0], "is missing", "the key")
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    others = [name for name in _at(values, table[:-1]) or () if name != table[-1]] if table else []
    close = nearest(table[-1], others) if others and section_at(root, table[:-1], values) is None else None
    return Mistake(table, f"the keys {listed} are missing{f' (did you mean {close}?)' if close else ''}")


def _is_unknown(details: ErrorDetails) -> bool:
    return details["type"] == UNKNOWN


def _known(key: Key, values: Mapping[str, Any], root: Root) -> list[str]:
    section = section_at(root, key[:-1], values)
    return list(section.model_fields) if section else []


def _meant_key(key: Key, values: Mapping[str, Any], root: Root) -> str | None:
    return nearest(key[-1], _known(key, values, root))


def _meant(key: Key, values: Mapping[str, Any], root: Root) -> str:
    return meant(key[-1], _known(key, values, root), "known keys")


def _description(key: Key, values: Mapping[str, Any], root: Root) -> str:
    section = section_at(root, key[:-1], values)
    known = section.model_fields.get(key[-1]) if section else None
    return (known.description or "").rstrip(".") if known else "see its documentation"


def _at(values: Any, key: Key) -> Mapping[str, Any] | None:
    for part in key:
        values = values.get(part) if isinstance(values, Mapping) else None
    return values if isinstance(values, Mapping) else None
