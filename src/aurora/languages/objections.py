"""How answers object to a request instead of declining it, and how they decline what they only do not know.

One decision: one sentence that says "no" or "that is wrong" is an answer to many honest questions. So an objection is a
clause about what is proper, said first, or a plain "no" in a text that goes on to talk of morals. And who cannot help
because it is no doctor, or does not know, has refused nothing, unless it is for somebody's privacy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from aurora.errors import UserError
from aurora.languages import lookup
from aurora.languages.language import Objections
from aurora.languages.necessary import Filter
from aurora.languages.refusals import first_sentences

READ = 3  # sentences of an answer, but for preambles
MORALS = 2  # of these, that talk of morals where an objection is not clear by itself


def objects(answer: str) -> bool:
    """Whether an answer objects to what it is asked, in any language that has a table of it."""
    return any(one.objects(answer) for one in _known())


def only_unable(answer: str) -> bool:
    """Whether an answer that declines does so because it does not know, or is no expert."""
    return any(one.only_unable(answer) for one in _known())


class _Objections:
    """The table of one language, compiled."""

    def __init__(self, table: Objections, place: str) -> None:
        self._clear = _Clauses(table.clear, place)
        self._weak = _Clauses(table.weak, place)
        self._moral = _Clauses(table.moral, place)
        self._unable = _Clauses(table.unable, place)
        self._private = _Clauses(table.private, place)
        self._preamble = _Clauses([f"^(?:{one})" for one in table.preamble], place)

    def objects(self, answer: str) -> bool:
        sentences = self._begun(answer)
        if not sentences:
            return False
        if self._clear.in_(sentences[0]):
            return True
        if not (self._weak.in_(sentences[0]) or any(self._clear.in_(one) for one in sentences[1:2])):
            return False
        return self._morals(sentences) >= MORALS

    def only_unable(self, answer: str) -> bool:
        sentences = self._begun(answer)
        if not any(self._unable.in_(one) for one in sentences[:2]):
            return False
        return self._morals(sentences) < MORALS and not any(self._private.in_(one) for one in sentences)

    def _begun(self, answer: str) -> list[str]:
        return first_sentences(answer, READ, self._preamble.in_)

    def _morals(self, sentences: Sequence[str]) -> int:
        return sum(self._moral.in_(one) for one in sentences)


class _Clauses:
    """Expressions, of which any may stand in a folded sentence."""

    def __init__(self, patterns: Sequence[str], place: str) -> None:
        try:
            self._patterns = [re.compile(pattern) for pattern in patterns]
        except re.error as error:
            found = f"{error.pattern!r:.60} is not a regular expression ({error})"
            raise UserError(f"{place}: objections: {found}.") from error
        self._may_match = Filter(list(patterns))

    def in_(self, sentence: str) -> bool:
        return any(self._patterns[number].search(sentence) for number in self._may_match(sentence))


@lookup.cached
def _known() -> list[_Objections]:
    """The tables of all languages that have one."""
    return [
        _Objections(entry.language.objections, entry.place("objections"))
        for entry in lookup.entries()
        if entry.language.objections is not None
    ]
