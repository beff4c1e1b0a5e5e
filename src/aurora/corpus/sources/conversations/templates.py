"""Instructions made of records: a parallel pair or a labelled text, put into the words of a template.

One decision: a record is asked about by a template that its place chooses among those it can fill, once in all or once
in every language of answers, so that templates take turns and the same files give the same instructions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import xxhash

from aurora.corpus.sources.conversations.layouts import Said
from aurora.corpus.sources.rows import value_at
from aurora.recipe.sources import PLACE, ConversationsSource, Template

_PLACE = re.compile(PLACE)


Asked = tuple[list[Said], str | None]  # turns, and the language of the answer where its template says it


def asked_about(row: Mapping[str, Any], where: str, source: ConversationsSource) -> list[Asked]:
    """What is asked about a row: a prompt and its response, once or in every language.

    Templates that use what a model wrote of the row go before those that do not. Raises KeyError for a key that the row
    lacks, ValueError for one that holds no text and for a value without a name, where no template can be filled.
    """
    errors: list[Exception] = []
    for templates in filter(None, _written_first(source)):
        errors = []
        found: dict[str | None, list[Asked]] = {}
        for template in templates:
            try:
                texts = [filled(text, row, template.names) for text in (template.prompt, template.response)]
            except (KeyError, ValueError) as error:
                errors.append(error)
                continue
            turns = [Said(role, text) for role, text in zip(("user", "assistant"), texts, strict=True)]
            group = template.language if source.asked == "in-every-language" else None
            found.setdefault(group, []).append((turns, template.language))
        if found:
            return [one[_chosen(where, len(one))] for one in found.values()]
    raise errors[_chosen(where, len(errors))]


def _chosen(where: str, count: int) -> int:
    """Which of `count` templates a place chooses."""
    return xxhash.xxh3_64_intdigest(where.encode("utf-8", "surrogatepass")) % count


def filled(text: str, row: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]) -> str:
    """Words with the values of a row in the places named for them, by the `names` of values.

    Raises as `asked_about` does.
    """
    return _PLACE.sub(lambda place: _value(place[1], row, names), text)


def _value(key: str, row: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]) -> str:
    value = value_at(row, key)
    if value is None or isinstance(value, list | dict | bytes) or not str(value).strip():
        raise ValueError(f"the key {key} holds no text")
    if key not in names:
        return str(value)
    if str(value) not in names[key]:
        raise ValueError(f"the value {str(value)[:40]!r} of {key} has no name in the template")
    return names[key][str(value)]


def _written_first(source: ConversationsSource) -> tuple[list[Template], list[Template]]:
    """The templates that use what a model writes, and the others."""
    written = set(source.rephrase.keys) if source.rephrase else set()
    uses = [bool(written & {*_PLACE.findall(it.prompt), *_PLACE.findall(it.response)}) for it in source.templates]
    pairs = list(zip(source.templates, uses, strict=True))
    return [it for it, used in pairs if used], [it for it, used in pairs if not used]
