"""What an endpoint is asked, what it answers, and the key under which an answer is kept.

One decision: the key is a hash of everything that is sent, with the address and the number of the try. So the same
request is paid for once, another model or temperature never meets an old answer, and several drafts differ.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aurora.files import canonical_json
from aurora.redteam.endpoint.settings import Endpoint

OF_A_MESSAGE = 8  # tokens that a chat format adds, at most


@dataclass(frozen=True)
class Request:
    """One request: what is said to the model, and how it answers. `number` tells tries of one request apart."""

    user: str
    system: str = ""
    temperature: float = 0.0
    most_tokens: int = 512
    number: int = 0

    def body(self, endpoint: Endpoint) -> dict[str, Any]:
        """What is sent."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        return {
            "model": endpoint.model,
            "messages": [*system, {"role": "user", "content": self.user}],
            "temperature": self.temperature,
            "max_tokens": self.most_tokens,
        }

    def key(self, endpoint: Endpoint) -> str:
        """The hash of the request."""
        whole = {"url": endpoint.url, "number": self.number, "body": self.body(endpoint)}
        return hashlib.sha256(canonical_json(whole)).hexdigest()

    def most_read(self) -> int:
        """More tokens than the model reads: no token of a model is shorter than a byte."""
        return len(self.user.encode()) + len(self.system.encode()) + 2 * OF_A_MESSAGE

    def likely_read(self) -> int:
        """About as many tokens as the model reads."""
        return self.most_read() // 3


@dataclass(frozen=True)
class Reply:
    """An answer; `read` and `written` are tokens, `whole` says that it did not break off."""

    text: str
    whole: bool
    read: int
    written: int
    cost: float

    def kept(self) -> dict[str, Any]:
        """As it is kept."""
        return {"text": self.text, "whole": self.whole, "read": self.read, "written": self.written, "cost": self.cost}


@dataclass(frozen=True)
class Failure:
    """A request that the endpoint does not answer, however often it is asked, and why."""

    why: str


class Malformed(Exception):
    """What came is no answer."""


def reply_of(answer: Any, request: Request) -> Reply:
    """The answer in what an endpoint sent, without its cost; `Malformed` where there is none.

    What it says of tokens is believed where it can be true, and estimated where it cannot.
    """
    try:
        choice = answer["choices"][0]
        text = choice["message"]["content"]
        finish = choice.get("finish_reason")
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise Malformed("it has no choices[0].message.content") from error
    if text is None and isinstance(choice["message"].get("refusal"), str):
        text = choice["message"]["refusal"]
    if not isinstance(text, str):
        raise Malformed("its content is no text")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise Malformed("its text has half a character") from error
    usage = answer.get("usage")
    read = _tokens(usage, "prompt_tokens", request.likely_read(), request.most_read() * 4)
    written = _tokens(usage, "completion_tokens", size // 3, max(request.most_tokens, size) * 4)
    return Reply(text.strip(), finish != "length", read, written, 0.0)


def _tokens(usage: Any, name: str, likely: int, most: int) -> int:
    """What `usage` says, unless it is no number, none where there is text, or more than can be."""
    said = usage.get(name) if isinstance(usage, Mapping) else None
    if type(said) is not int or said < 0 or said > most or (said == 0 and likely > 0):
        return likely
    return said
