"""The texts in a model's reply to a request for a list.

One decision: a JSON list is what was asked for; a numbered or dashed list, which models write all the same, is one too.
Anything else is no list, and nothing is made of it.
"""

from __future__ import annotations

import json
import re

_ENTRY = re.compile(r"^\s*(?:\d{1,3}[.)]|[-*•])\s+(?P<text>\S.*)$")


def texts_of(reply: str, count: int) -> list[str]:
    """At most `count` texts, each in one line; none where the reply is no list."""
    found = _json_list(reply) or [match["text"] for line in reply.splitlines() if (match := _ENTRY.match(line))]
    texts = [" ".join(text.strip().strip('"“”').split()) for text in found]
    return list(dict.fromkeys(text for text in texts if text))[:count]


def _json_list(reply: str) -> list[str]:
    begin, end = reply.find("["), reply.rfind("]")
    if begin < 0 or end < begin:
        return []
    try:
        found = json.loads(reply[begin : end + 1])
    except (ValueError, RecursionError):
        return []
    return [one for one in found if isinstance(one, str) and _is_text(one)] if isinstance(found, list) else []


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character
        return False
    return not any(ord(letter) < 32 and letter not in "\t\n\r" for letter in text)
