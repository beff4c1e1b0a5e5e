"""What a text must hold for a pattern to match, told from the pattern: words, of which many are looked up at once.

One decision: what a filter looks for is derived and never written down, so that it cannot lose a match: a part of a
pattern that tells nothing certain asks for nothing, and a pattern of which nothing is certain is always tried.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Any

# The parser of the standard library. Neither module has types.
_parser: Any = importlib.import_module("re._parser")
_codes: Any = importlib.import_module("re._constants")

_MOST_PIECES = 64  # texts that stand for a part of a pattern: with more, looking for them takes as long as the pattern
_WIDEST_SET = 6  # characters of a set that are told one by one
_MOST_REPEATED = 3
_MOST_SOUGHT = 12  # pieces that are searched for instead of trying a pattern
_LEVELS = 3  # conditions of a pattern that a filter looks at
_CHANCE = 1 / 12  # that a character stands where it is looked for
_BOUNDARY = "\0"  # stands in pieces where words begin or end
_WORD = re.compile(r"\w+")
# What splits ASCII into words at ten times the speed of the expression.
_SPACED = bytes(code if _WORD.match(chr(code)) else 0x20 for code in range(0x100))
_REPEATS = (_codes.MAX_REPEAT, _codes.MIN_REPEAT, _codes.POSSESSIVE_REPEAT)

Pieces = frozenset[str]
"""Texts, one of which every match holds; `_BOUNDARY` in one is the beginning or end of a word."""


class Filter:
    """Tells which of some patterns may match a text; it leaves out none that does.

    Whole words are looked up in a table, so that their number costs nothing; pieces of words are searched for, in
    patterns that name no whole word, as those of scripts without spaces.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        every = (1 << len(patterns)) - 1
        self._free = [every] * _LEVELS  # at each level the patterns that ask for no word
        self._words: list[dict[str, int]] = [{} for _ in range(_LEVELS)]
        pieces: dict[str, int] = {}
        self._unsought = every  # the patterns that no piece is searched for
        for number, pattern in enumerate(patterns):
            conditions = necessary(pattern)
            by_words = sorted({words for one in conditions if (words := _whole_words(one))}, key=_rank)
            for level, words in enumerate(by_words[:_LEVELS]):
                self._free[level] ^= 1 << number
                for word in words:
                    self._words[level][word] = self._words[level].get(word, 0) | 1 << number
            sought = [set(map(_bare, one)) for one in conditions if len(one) <= _MOST_SOUGHT and not by_words]
            if sought:
                self._unsought ^= 1 << number
                for piece in min(sought, key=_rank):
                    pieces[piece] = pieces.get(piece, 0) | 1 << number
        self._pieces = list(pieces.items())
        self._known = [frozenset(words) for words in self._words]

    def __call__(self, text: str) -> list[int]:
        """The numbers of the patterns that may match, in order."""
        spaced = text.encode().translate(_SPACED).decode().split() if text.isascii() else _WORD.findall(text)
        found = set(spaced)
        held = -1
        for level in range(_LEVELS):  # the rarest words first
            free, words = self._free[level], self._words[level]
            for word in self._known[level] & found:
                free |= words[word]
            held &= free
            if not held:
                return []
        if self._pieces and held & ~self._unsought:
            sought = self._unsought
            for piece, mask in self._pieces:
                if piece in text:
                    sought |= mask
            held &= sought
        numbers = []
        while held:
            lowest = held & -held
            numbers.append(lowest.bit_length() - 1)
            held ^= lowest
        return numbers


def necessary(pattern: str) -> list[Pieces]:
    """Conditions of a match: it holds one of the pieces of each. None where nothing is certain."""
    tree = _parser.parse(pattern)
    return _needed(tree) if not tree.state.flags & _codes.SRE_FLAG_IGNORECASE else []


def _whole_words(pieces: Pieces) -> frozenset[str]:
    """Words, one of which stands in every text that holds one of the pieces; none where a piece has no whole word."""
    longest = [max(_within(piece), key=len, default="") for piece in pieces]
    return frozenset(longest) if all(longest) else frozenset()


def _within(piece: str) -> list[str]:
    """The words of a piece that are whole in any text that holds it."""
    return [found[0] for found in _WORD.finditer(piece) if found.start() > 0 and found.end() < len(piece)]


def _bare(piece: str) -> str:
    return piece.replace(_BOUNDARY, "")


def _rank(pieces: Iterable[str]) -> tuple[float, list[str]]:
    """How often one of them stands in a text by chance; the pieces themselves decide between equals."""
    found = sorted(pieces)
    return sum(_CHANCE ** len(piece) for piece in found), found


def _needed(items: Sequence[Any]) -> list[Pieces]:
    """What every match of a sequence holds: the pieces of each stretch of items that are spelled out, and of each item
    that is not."""
    found: list[Pieces] = []
    stretches: list[Pieces] = []  # those that end here
    for pieces, item in _grouped(items):
        if pieces is None:
            stretches = []
            found += _needed_by(item)
        else:
            stretches = [longer for one in stretches if (longer := _joined(one, pieces)) is not None] + [pieces]
            found += stretches
    return [pieces for pieces in found if all(map(_bare, pieces))]


def _grouped(items: Sequence[Any]) -> Iterator[tuple[Pieces | None, Any]]:
    """The pieces of each item, or None; letters in a row are one."""
    letters = ""
    for item in items:
        pieces = _spelled(item)
        if pieces is not None and len(pieces) == 1:
            letters += "".join(pieces)
            continue
        if letters:
            yield frozenset([letters]), None
            letters = ""
        yield pieces, item
    if letters:
        yield frozenset([letters]), None


def _needed_by(item: Any) -> list[Pieces]:
    """What every match of one item holds, where that is not spelled out."""
    code, value = item
    if code is _codes.SUBPATTERN:
        return [] if value[1] & _codes.SRE_FLAG_IGNORECASE else _needed(value[-1])
    if code is _codes.ATOMIC_GROUP:
        return _needed(value)
    if code in _REPEATS:
        return _needed(value[2]) if value[0] else []
    if code is _codes.BRANCH:
        best = [min(_needed(branch), key=_rank, default=None) for branch in value[1]]
        sure = [pieces for pieces in best if pieces is not None]
        return [frozenset().union(*sure)] if len(sure) == len(best) else []
    return []


def _spelled(item: Any) -> Pieces | None:
    """All texts that an item matches, where they are few. A condition matches the empty one, where it holds."""
    code, value = item
    if code is _codes.LITERAL:
        return frozenset([chr(value)])
    if code is _codes.IN:
        return _of_set(value)
    if code is _codes.AT:
        return frozenset(["" if value is _codes.AT_NON_BOUNDARY else _BOUNDARY])
    if code in (_codes.ASSERT, _codes.ASSERT_NOT):
        return frozenset([""])
    if code is _codes.SUBPATTERN:
        return None if value[1] & _codes.SRE_FLAG_IGNORECASE else _of_sequence(value[-1])
    if code is _codes.ATOMIC_GROUP:
        return _of_sequence(value)
    if code is _codes.BRANCH:
        return _few(_of_sequence(branch) for branch in value[1])
    if code in _REPEATS and value[1] <= _MOST_REPEATED:
        times = range(value[0], value[1] + 1)
        return _few(_of_sequence([*value[2]] * number) for number in times)
    return None


def _of_set(parts: Sequence[Any]) -> Pieces | None:
    """The characters of a set; None where it is told by what it is not, or by a class."""
    members: list[int] = []
    for code, value in parts:
        if code is _codes.LITERAL:
            members.append(value)
        elif code is _codes.RANGE and value[1] - value[0] < _WIDEST_SET:
            members += range(value[0], value[1] + 1)
        else:
            return None
    return frozenset(map(chr, members)) if len(members) <= _WIDEST_SET else None


def _of_sequence(items: Sequence[Any]) -> Pieces | None:
    pieces: Pieces | None = frozenset([""])
    for item in items:
        more = _spelled(item)
        pieces = None if pieces is None or more is None else _joined(pieces, more)
    return pieces


def _joined(left: Pieces, right: Pieces) -> Pieces | None:
    if len(left) * len(right) > _MOST_PIECES:
        return None
    return frozenset(first + second for first, second in product(left, right))


def _few(parts: Iterable[Pieces | None]) -> Pieces | None:
    """The pieces of all parts; None where one is not spelled out, or there are too many."""
    pieces: set[str] = set()
    for part in parts:
        if part is None:
            return None
        pieces |= part
    return frozenset(pieces) if len(pieces) <= _MOST_PIECES else None
