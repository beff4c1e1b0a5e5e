"""What the steps of preparing change by itself: each document, or each turn of a conversation.

One decision: a step that repairs, normalises or masks sees pieces and not documents, so nothing is found across two
turns and the lengths of turns always are those of the text that is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aurora.corpus.conversation import BETWEEN, Turn, said, turns_of, with_turns

_Counts = npt.NDArray[np.int32]


class Pieces(Protocol):
    """The pieces of a batch of documents; a step replaces `texts` by as many others."""

    texts: pa.LargeStringArray

    def langs(self, langs: Sequence[str]) -> Sequence[str]:
        """The language of each piece, from those of the documents."""
        ...

    def sums(self, counts: Any) -> _Counts:
        """What was counted in pieces, by document."""
        ...

    def joined(self) -> pa.LargeStringArray:
        """The texts of the documents."""
        ...

    def described(self, metas: pa.Array) -> pa.Array:
        """The `meta` of the documents, from what it was before."""
        ...


class Documents:
    """Documents that are one piece each."""

    def __init__(self, texts: pa.LargeStringArray) -> None:
        self.texts = texts

    def langs(self, langs: Sequence[str]) -> Sequence[str]:
        """The languages themselves."""
        return langs

    def sums(self, counts: Any) -> _Counts:
        """The counts themselves."""
        return np.asarray(counts, np.int32)

    def joined(self) -> pa.LargeStringArray:
        """The pieces themselves."""
        return self.texts

    def described(self, metas: pa.Array) -> pa.Array:
        """What they were."""
        return metas


class Turns:
    """Conversations, a piece for each of their turns."""

    def __init__(self, texts: pa.LargeStringArray, metas: pa.Array) -> None:
        turns = [turns_of(*pair) for pair in zip(texts.to_pylist(), metas.to_pylist(), strict=True)]
        self._turns = [(number, turn) for number, mine in enumerate(turns) for turn in mine]
        self._starts = np.cumsum([0, *map(len, turns)])[:-1]
        self.texts = _column([turn.text for _, turn in self._turns])
        self._given = self._now = turns
        self._now_of = self.texts
        self._joined: pa.LargeStringArray | None = None

    def langs(self, langs: Sequence[str]) -> Sequence[str]:
        """The language of the conversation for each of its turns."""
        return [langs[number] for number, _ in self._turns]

    def sums(self, counts: Any) -> _Counts:
        """The sums over the turns of each conversation."""
        return np.add.reduceat(np.asarray(counts, np.int32), self._starts).astype(np.int32)

    def joined(self) -> pa.LargeStringArray:
        """The turns of each conversation with what stands between two."""
        now = self.now()
        if self._joined is None:
            self._joined = _column([BETWEEN.join([turn.text for turn in turns]) for turns in now])
        return self._joined

    def described(self, metas: pa.Array) -> pa.Array:
        """Who speaks, and for how many characters now."""
        rows = zip(metas.to_pylist(), self._given, self.now(), strict=True)
        return pa.array(
            [meta if _as_long(given, now) else with_turns(meta, now) for meta, given, now in rows], pa.string()
        )

    def said_by(self, role: str) -> pa.LargeStringArray:
        """What one side says in each conversation."""
        return _column([said(turns, role) for turns in self.now()])

    def now(self) -> list[list[Turn]]:
        """The turns of each conversation as the steps have left them."""
        if self._now_of is not self.texts:  # many steps ask between two changes
            texts = self.texts.to_pylist()
            now = [(number, turn._replace(text=text)) for (number, turn), text in zip(self._turns, texts, strict=True)]
            self._now = [[turn for _, turn in group] for _, group in groupby(now, itemgetter(0))]
            self._now_of, self._joined = self.texts, None
        return self._now


def _as_long(given: Sequence[Turn], now: Sequence[Turn]) -> bool:
    """Whether no turn has become shorter or longer."""
    return all(len(before.text) == len(after.text) for before, after in zip(given, now, strict=True))


def _column(texts: list[str]) -> pa.LargeStringArray:
    return pa.array(texts, pa.large_string())
