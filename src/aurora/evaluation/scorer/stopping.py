"""Where an answer ends: at an id of the tokenizer's, at a text of the task's, or at its longest length.

One decision: a stop text is looked for in the decoded end of the answer after each token, however it is cut into
tokens; what is given out ends before the first one, and a stop that is still possible holds nothing back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tokenizers import Tokenizer

MARGIN = 8  # tokens looked at before the longest stop: a part of a character, or a space that a decoder strips


@dataclass
class Ending:
    """The answer so far, `ids`, and what ends it: one of `stops`, one of the texts `until`, or `longest` tokens."""

    tokenizer: Tokenizer
    stops: frozenset[int]
    until: tuple[str, ...]
    longest: int
    ids: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.until = tuple(text for text in self.until if text)
        # A token has a byte at least, so a stop has as many tokens as bytes at most.
        self._tail = max((len(text.encode()) for text in self.until), default=0) + MARGIN

    def ends(self, token: int) -> bool:
        """Take one more token; whether the answer is over."""
        if token in self.stops:
            return True
        self.ids.append(token)
        if len(self.ids) >= self.longest:
            return True
        if not self.until:
            return False
        tail = self.tokenizer.decode(self.ids[-self._tail :], skip_special_tokens=True)
        return any(text in tail for text in self.until)

    @property
    def text(self) -> str:
        """The answer, up to the first stop text."""
        return before(str(self.tokenizer.decode(self.ids, skip_special_tokens=True)), self.until)


def before(text: str, until: Sequence[str]) -> str:
    """A text up to the first of the texts `until` in it."""
    return text[: min((place for stop in until if stop and (place := text.find(stop)) >= 0), default=len(text))]
