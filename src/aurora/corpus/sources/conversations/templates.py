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

    Raises KeyError for a key that the row lacks, ValueError for one that holds no text and for a value without a name,
    where no template can be filled.
    """
    filled: dict[str | None, list[Asked]] = {}
    errors: list[Exception] = []
    for template in source.templates:
        try:
            turns = [
                Said(role, _filled(text, row, template))
                for role, text in (("user", template.prompt), ("assistant", template.response))
            ]
        except (KeyError, ValueError) as error:
            errors.append(error)
            continue
        group = template.language if source.asked == "in-every-language" else None
        filled.setdefault(group, []).append((turns, template.language))
    if not filled:
        raise errors[_chosen(where, len(errors))]
    return [found[_chosen(where, len(found))] for found in filled.values()]


def _chosen(where: str, count: int) -> int:
    """Which of `count` templates a place chooses."""
    return xxhash.xxh3_64_intdigest(where.encode("utf-8", "surrogatepass")) % count


def _filled(text: str, row: Mapping[str, Any], template: Template) -> str:
    return _PLACE.sub(lambda place: _value(place[1], row, template), text)


def _value(key: str, row: Mapping[str, Any], template: Template) -> str:
    value = value_at(row, key)
    if value is None or isinstance(value, list | dict | bytes) or not str(value).strip():
        raise ValueError(f"the key {key} holds no text")
    if key not in template.names:
        return str(value)
    if str(value) not in template.names[key]:
        raise ValueError(f"the value {str(value)[:40]!r} of {key} has no name in the template")
    return template.names[key][str(value)]
