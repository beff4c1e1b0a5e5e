"""Street addresses in the pass over the bytes: digits in which one may end, and words behind which one goes on.

One decision: what these are is told by the files of languages, as rows of numbers; so an address costs the pass a look
at the end of a run of digits, and only in texts of languages that have some.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aurora.corpus.kernels.compiled import compiled, inlined
from aurora.corpus.personal.sought import AddressTables, is_word
from aurora.languages import lookup
from aurora.languages.personal_data import CAPITAL, LONGEST_WORD, WIDE, WORD, Addresses

# A row of an end: language; fewest and most digits; fewest and most groups; digits of the last group, 0 for any; then
# what stands before, from the digits on, 0 behind the last; then the bytes of what stands behind, 0 behind the last.
_LANGUAGE, _DIGITS, _GROUPS, _LAST_GROUP, _BEFORE, _AFTER = 0, 1, 3, 5, 6, 10
COLUMNS = 18
_KINDS = {CAPITAL: -1, WORD: -2, WIDE: -3}


@lookup.cached
def address_languages() -> dict[str, int]:
    """The languages whose addresses are known, by numbers from 1 on."""
    known = [entry.language for entry in lookup.entries() if entry.language.personal_data.addresses is not None]
    return {language.language: number for number, language in enumerate(known, 1)}


@lookup.cached
def address_tables() -> AddressTables:
    """What the pass looks for in texts of these languages."""
    ends: list[list[int]] = []
    words: list[tuple[int, bytes]] = []
    for tag, number in address_languages().items():
        found = addresses_of(tag)
        assert found is not None
        ends += _rows(number, found)
        words += [(number, word.encode()) for word in found.words]
    spelled = np.zeros((len(words), LONGEST_WORD), np.uint8)
    facts = np.zeros((len(words), 3), np.int64)
    for row, (number, word) in enumerate(words):
        spelled[row, : len(word)] = np.frombuffer(word, np.uint8)
        facts[row] = number, next(place for place, byte in enumerate(word) if byte >= 0x80), len(word)
    return AddressTables(np.array(ends, np.int64).reshape(len(ends), COLUMNS), spelled, facts)


def addresses_of(lang: str) -> Addresses | None:
    """The addresses of a language; None where they are not known."""
    known = lookup.find(lang)
    return None if known is None else known.personal_data.addresses


def _rows(number: int, found: Addresses) -> Iterator[list[int]]:
    for end in found.ends:
        before = [_KINDS.get(one) or ord(one) for one in reversed(end.before)]
        for after in end.after or [""]:
            row = [number, *end.digits, *end.groups, end.last_group, *before, *[0] * (4 - len(before)), *after.encode()]
            yield row + [0] * (COLUMNS - len(row))


@compiled
def ends_address(data, begin, start, last, end, digits, group, groups, language, ends):  # type: ignore[no-untyped-def]
    """Whether digits at [start, last) may be the postal code or the block number of an address in a language."""
    for row in range(len(ends)):
        if (
            ends[row, _LANGUAGE] == language
            and digits >= ends[row, _DIGITS]
            and digits <= ends[row, _DIGITS + 1]
            and groups >= ends[row, _GROUPS]
            and groups <= ends[row, _GROUPS + 1]
            and (ends[row, _LAST_GROUP] == 0 or ends[row, _LAST_GROUP] == group)
            and _stands_before(data, begin, start, ends, row)
            and _stands_behind(data, last, end, ends, row)
        ):
            return True
    return False


@compiled
def _stands_before(data, begin, start, ends, row):  # type: ignore[no-untyped-def]
    at = start
    for column in range(_BEFORE, _AFTER):
        wanted = ends[row, column]
        if wanted == 0:
            return True
        at -= 3 if wanted == -3 else 1
        if at < begin:
            return False
        byte = np.int64(data[at])
        if wanted == -1:
            if byte < ord("A") or byte > ord("Z"):
                return False
        elif wanted == -2:
            if not is_word(data[at]):
                return False
        elif wanted == -3:  # kana and Han
            if byte < 0xE3 or byte > 0xE9:
                return False
        elif byte != wanted:
            return False
    return True


@compiled
def _stands_behind(data, last, end, ends, row):  # type: ignore[no-untyped-def]
    for column in range(_AFTER, COLUMNS):
        wanted = ends[row, column]
        if wanted == 0:
            return True
        at = last + column - _AFTER
        if at >= end or np.int64(data[at]) != wanted:
            return False
    return True


@compiled
def names_part(data, begin, at, end, language, tables):  # type: ignore[no-untyped-def]
    """Whether one of a language's words has its first letter that is not of ASCII at `at`."""
    words, facts = tables.words, tables.word_facts
    for row in range(len(facts)):
        start, length = at - facts[row, 1], facts[row, 2]
        if facts[row, 0] != language or start < begin or start + length > end:
            continue
        same = 0
        while same < length and _small(data[start + same]) == words[row, same]:
            same += 1
        if same == length:
            return True
    return False


@inlined
def _small(byte):  # type: ignore[no-untyped-def]
    return byte | 0x20 if byte >= 0x41 and byte <= 0x5A else byte
