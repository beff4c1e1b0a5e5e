"""Instructions made of records: a parallel pair or a labelled text, put into the words of a template.

One decision: every record is asked about once, by a template that its place chooses, so that templates take turns and
the same files give the same instructions.
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


def asked_about(row: Mapping[str, Any], where: str, source: ConversationsSource) -> tuple[list[Said], str | None]:
    """A prompt and its response about a row, and the language of the response, where the template says it.

    Raises KeyError for a key that the row lacks, ValueError for one that holds no text and for a value without a name.
    """
    number = xxhash.xxh3_64_intdigest(where.encode("utf-8", "surrogatepass")) % len(source.templates)
    template = source.templates[number]
    texts = (_filled(text, row, template) for text in (template.prompt, template.response))
    return [Said(role, text) for role, text in zip(("user", "assistant"), texts, strict=True)], template.language


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
