"""How answers decline to help, by what the files of languages say of it.

One decision: a refusal is a sentence near the beginning of an answer that declines, in whatever language it is written;
so an answer need not be in the language that was asked for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from aurora.errors import UserError
from aurora.languages import lookup
from aurora.languages.language import Refusals
from aurora.languages.necessary import Filter

# Where a refusal has to stand: most answers that decline later still help first. Sentences of courtesy are not counted.
SENTENCES = 2
# Letters of an answer that are looked at, so that no pattern meets more than it was written for.
LOOK = 2_000
# Alternatives that begin with a character each are searched for at the speed of a search for characters.
_SENTENCE_END = re.compile(r"\.\s+|!\s+|\?\s+|।\s*|。\s*|！\s*|？\s*")
_LEFT_OUT = " … "
_MARKUP = re.compile(r"^[\s\"'“”*_#>\-–—:()]+")
_QUOTED = re.compile(
    r"\"[^\"\n]{1,200}\"|“[^”\n]{1,200}”|«[^»\n]{1,200}»|「[^」\n]{1,200}」|『[^』\n]{1,200}』|”[^”\n]{1,200}”"
    # Single marks are apostrophes too: only from the beginning of a word to the end of one.
    r"|'(?<!\w')(?=\w)(?:[^'‘’\n]|(?<=\w)['’](?=\w)){1,200}['’](?!\w)"
    r"|‘(?<!\w‘)(?=\w)(?:[^'‘’\n]|(?<=\w)['’](?=\w)){1,200}['’](?!\w)"
)
# What looks alike is one character: apostrophes, and what languages write for one another; and no joiners.
_APOSTROPHES = dict.fromkeys("’‘ʼ´", "'")
_INVISIBLE = dict.fromkeys("\u200b\u200c\u200d\ufeff\u00ad", "")


def declines_to_help(
    answer: str,
    openings: Collection[str] = (),
    own: Callable[[str], bool] = lambda sentence: False,
    languages: Collection[str] | None = None,
) -> bool:
    """Whether an answer declines to help, in one of the `languages` (codes), or in any that has markers.

    `openings` are folded beginnings of an answer, or of a sentence, that declines; `own` tells further sentences that
    do.
    """
    text = answer[:LOOK].strip()
    whole = _QUOTED.fullmatch(text)
    if whole:  # a quotation as a whole is taken out of its marks
        text = text[1:-1]
    if openings and _begins(_MARKUP.sub("", fold(text if whole else _QUOTED.sub(_LEFT_OUT, text))), openings):
        return True  # an opening may be several sentences
    markers = [declines for code, declines in _declining().items() if languages is None or code in languages]
    told = 0
    for sentence in _sentences(text, whole is None):
        if own(sentence) or _begins(sentence, openings) or any(declines(sentence) for declines in markers):
            return True
        told += not _courtesy().search(sentence.rstrip(".!?।。 "))
        if told == SENTENCES:
            break
    return False


def first_sentences(answer: str, most: int, left_out: Callable[[str], bool]) -> list[str]:
    """The first folded sentences of an answer, without courtesy, quotations and those `left_out`."""
    found: list[str] = []
    text = answer[:LOOK].strip()
    for sentence in _sentences(text, _QUOTED.fullmatch(text) is None):
        if sentence and not _courtesy().search(sentence.rstrip(".!?।。 ")) and not left_out(sentence):
            found.append(sentence)
            if len(found) == most:
                break
    return found


def _sentences(text: str, quotes: bool) -> Iterator[str]:
    """The folded sentences of a text without markup before them, one after another, for few are looked at; with
    `quotes`, without what they quote."""
    for line in text.split("\n"):
        folded = fold(_QUOTED.sub(_LEFT_OUT, line) if quotes else line)
        start = 0
        for end in _SENTENCE_END.finditer(folded):
            yield _MARKUP.sub("", folded[start : end.start() + 1])
            start = end.end()
        if rest := folded[start:]:
            yield _MARKUP.sub("", rest)


def _begins(text: str, openings: Collection[str]) -> bool:
    """Whether a text begins with one of some words; `no` does not begin `notice` where letters have two cases."""
    for opening in openings:
        rest = text[len(opening) : len(opening) + 1]
        if text.startswith(opening) and not (opening[-1:].islower() and rest.islower()):
            return True
    return False


def fold(text: str) -> str:
    """Text as markers are matched on: what looks alike is alike, in lower case, with one space between words."""
    if text.isascii() and not _folds_ascii():
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFKC", text).casefold().translate(_folding()).split())


class _Declines:
    """The refusals of one language, compiled: does a folded sentence decline?"""

    def __init__(self, words: Refusals, place: str) -> None:
        def filled(patterns: Sequence[str]) -> list[str]:
            return [unicodedata.normalize("NFKC", _filled(pattern, words.parts)) for pattern in patterns]

        declining = filled(words.declining)
        try:
            self._declining = [re.compile(pattern) for pattern in declining]
            self._idioms = re.compile("|".join(f"(?:{pattern})" for pattern in filled(words.idioms)) or "(?!)")
        except re.error as error:
            found = f"{error.pattern!r:.60} is not a regular expression ({error})"
            raise UserError(f"{place}: refusals: {found}.") from error
        self._may_match = Filter(declining)

    def __call__(self, sentence: str) -> bool:
        # Idioms are looked for only where something was found: nearly all sentences hold neither.
        return self._found_in(sentence) and self._found_in(self._idioms.sub(_LEFT_OUT, sentence))

    def _found_in(self, sentence: str) -> bool:
        return any(self._declining[number].search(sentence) for number in self._may_match(sentence))


@lookup.cached
def _declining() -> dict[str, _Declines]:
    """The refusals of every language that has some, by its code."""
    found = [(entry, entry.language.refusals) for entry in lookup.entries()]
    return {
        entry.language.language: _Declines(words, entry.place("refusals"))
        for entry, words in found
        if words is not None
    }


@lookup.cached
def _courtesy() -> re.Pattern[str]:
    """Thanks, regrets and the like, which come before what is said, in any language."""
    words = [entry.language.refusals for entry in lookup.entries()]
    found = [pattern for one in words if one is not None for pattern in one.courtesy]
    return re.compile(rf"^(?:{'|'.join(found)})[^.!?।。]{{0,60}}$")


@lookup.cached
def _folding() -> dict[int, str]:
    alike = _APOSTROPHES | _INVISIBLE
    for entry in lookup.entries():
        alike |= entry.language.look_alikes
    return str.maketrans(alike)


@lookup.cached
def _folds_ascii() -> bool:
    """Whether a language takes an ASCII character for another one."""
    return min(_folding()) < 0x80


def _filled(pattern: str, parts: Mapping[str, str]) -> str:
    """A pattern with its {parts}; braces of repetitions stay."""
    for name, part in parts.items():
        pattern = pattern.replace("{" + name + "}", part)
    return pattern
