"""Requests as rows of tokens: which tokens a continuation has, and what stands before them.

One decision: context and continuation are encoded together, as a model reads them, and each token that the continuation
has a part in counts. Where a token spans the join it is neither lost nor taken for context, so a continuation always
has a token. As in lm-eval, white space at the end of a context counts with the continuation; where no token spans the
join, the two encode the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aurora.evaluation.scorer.tree import Row

if TYPE_CHECKING:
    from aurora.tokens.text.text_facts import TextFacts

TEXTS = 1000  # encoded at a time


@dataclass
class Encoder:
    """Requests as rows for a model of so many `positions`.

    One start token stands before every text that begins with one as published models read it, before all if `always`,
    and where there would be nothing before the first token that counts. `conversations` are rendered conversations and
    their ids: what follows is encoded apart from them, as in training.
    """

    text: TextFacts
    positions: int
    always: bool = False
    conversations: dict[str, list[int]] = field(default_factory=dict)

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> list[list[Row]]:
        """Of each (context, continuation) the rows whose sum is asked for: one, unless the continuation is too long."""
        contexts = {context: context.rstrip() for context, _ in pairs if context not in self.conversations}
        apart = {continuation for context, continuation in pairs if context in self.conversations}
        joined = {context + continuation for context, continuation in pairs if context not in self.conversations}
        known = self._encoded({*contexts.values(), *joined, *apart})
        rows = []
        for context, continuation in pairs:
            if context in self.conversations:
                before = self.conversations[context]
                ids = [*before, *known[continuation]]
                rows.append(self._rows(ids, len(before), started=True))
            else:
                ids = known[context + continuation]
                rows.append(self._rows(ids, common(known[contexts[context]], ids), started=False))
        return rows

    def texts(self, texts: Sequence[str]) -> list[list[Row]]:
        """Of each text the rows that count each of its tokens once, the first after the start token."""
        known = self._encoded(set(texts))
        return [self._rows(known[text], 0, started=False) if known[text] else [] for text in texts]

    def prompts(self, contexts: Sequence[str], rooms: Sequence[int]) -> list[list[int]]:
        """Contexts to continue, each with room for so many tokens behind it: a longer one loses its beginning."""
        known = self._encoded({context for context in contexts if context not in self.conversations})
        prompts = []
        for context, room in zip(contexts, rooms, strict=True):
            if context in self.conversations:
                ids = self.conversations[context]
                prompts.append(self._cut(ids, len(ids) + room - self.positions))
            else:
                begun = self.always or self.text.started or not known[context]
                ids = [*([self.text.start] if begun else []), *known[context]]
                prompts.append(self._cut(ids, len(ids) + room - self.positions))
        return prompts

    def _rows(self, ids: Sequence[int], first: int, started: bool) -> list[Row]:
        """`ids` whose counted tokens begin at number `first`, at least the last one."""
        first = min(first, len(ids) - 1)
        begun = not started and (self.always or self.text.started)
        if begun or first <= 0:
            ids, first = [self.text.start, *ids], max(first, 0) + 1
        return list(self._windows(ids, first)) if len(ids) > first else []

    def _windows(self, ids: Sequence[int], first: int) -> Iterator[Row]:
        """Rows that count each token from number `first` on once, after as many of those before it as there is room."""
        while first < len(ids):
            end = min(first + self.positions, len(ids))
            row = self._cut(ids[:end], end - self.positions - 1)
            yield Row(tuple(row), len(row) - (end - first))
            first = end

    def _cut(self, ids: Sequence[int], excess: int) -> list[int]:
        """`ids` without so many of their first, but with the start token where every text begins with it."""
        if excess <= 0:
            return list(ids)
        keep = ids[0] == self.text.start and (self.always or self.text.started)
        return [*([ids[0]] if keep else []), *ids[excess + keep :]]

    def _encoded(self, texts: set[str]) -> Mapping[str, list[int]]:
        ordered = sorted(texts)
        known: dict[str, list[int]] = {}
        for start in range(0, len(ordered), TEXTS):
            part = ordered[start : start + TEXTS]
            found = self.text.tokenizer.encode_batch_fast(part, add_special_tokens=False)
            known.update((text, encoding.ids) for text, encoding in zip(part, found, strict=True))
        return known


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many first ids are the same."""
    end = min(len(one), len(other))
    if list(one[:end]) == list(other[:end]):
        return end
    return next(place for place in range(end) if one[place] != other[place])
