"""What the pass over the bytes looks for, and the kinds of places that it finds: tables, made once from the patterns.

One decision: the pass knows only shapes (a run of seven digits, an at sign between letters) and what it is told here,
so what a type looks like, and where a country's addresses end, stays data.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from aurora.corpus.kernels.compiled import inlined
from aurora.corpus.personal.beginnings import MOST, Beginning
from aurora.languages.personal_data import PlaceKind

# Kinds of places, which patterns name.
KINDS: tuple[str, ...] = get_args(PlaceKind)
AT, DIGITS, COLONS, CODES, TOKENS, ASSIGNED, ADDRESSES = range(7)

# Classes of bytes: those passed over at once (letters too: a token is looked at from its first digit), and those not.
SKIP, LETTER, UPPER, JOINER, HYPHEN, DIGIT, AT_SIGN, PERCENT, LEAD = range(9)


def _byte_classes() -> npt.NDArray[np.uint8]:
    table = np.zeros(256, np.uint8)
    table[ord("a") : ord("z") + 1] = table[ord("_")] = LETTER
    table[ord("A") : ord("Z") + 1] = UPPER
    table[[ord("+"), ord("/")]] = JOINER
    table[ord("0") : ord("9") + 1] = DIGIT
    table[ord("-")] = HYPHEN
    table[ord("@")] = AT_SIGN
    table[ord("%")] = PERCENT
    table[[0xE0, 0xEF]] = LEAD  # Devanagari; full-width forms
    return table


CLASSES = _byte_classes()
# Added to the class of a byte by which beginnings of secrets are found, with the low bits of it and of two before it.
RARE = 16
_TRIPLES = 1 << 13
_COMMON = " etaoinsrlhducmfpgybvw.,kxzjq-_SAETICRNPDLMOFBHGUVWKYXJQZ"


class AddressTables(NamedTuple):
    """Where addresses end, by language: see `addresses`."""

    ends: npt.NDArray[np.int64]  # [ends, addresses.COLUMNS]
    words: npt.NDArray[np.uint8]  # [words, LONGEST_WORD], UTF-8 in lower case
    word_facts: npt.NDArray[np.int64]  # [words, 3] language, place of the first byte that is not of ASCII, length


class Sought(NamedTuple):
    """What the pass looks for besides shapes: how secrets begin, how names of them end, where addresses end.

    A beginning is found by its rarest character and the two before it, so that most bytes are passed over at once.
    """

    steps: npt.NDArray[np.uint8]  # [256] class of a byte, plus RARE where a beginning is found by it
    triples: npt.NDArray[np.uint16]  # [_TRIPLES] by `low_bits`: the first of the beginnings found so, plus one
    characters: npt.NDArray[np.uint8]  # [beginnings, MOST], those of one triple together
    facts: npt.NDArray[np.int64]  # [beginnings, 5] triple, place of the rarest, length, begins a word, longest secret
    endings: npt.NDArray[np.bool_]  # [65536] by the last two bytes, in lower case
    addresses: AddressTables


def sought_for(beginnings: Iterable[Beginning], endings: Iterable[str], addresses: AddressTables) -> Sought:
    """What the pass looks for, for these beginnings of secrets, endings of the names of others, and addresses."""
    found = []
    for one in set(beginnings):
        encoded = one.characters.encode()
        rarest = max(range(1, len(encoded)), key=lambda place: _rarity(one.characters[place]))
        firsts = [encoded[rarest - 2] & 15] if rarest > 1 else range(16)  # any byte before the beginning
        for first in firsts:
            triple = first << 9 | (encoded[rarest - 1] & 15) << 5 | encoded[rarest] & 31
            found.append((triple, rarest, len(encoded), one.begins_word, one.longest, encoded))
    found.sort()
    steps, triples = CLASSES.copy(), np.zeros(_TRIPLES, np.uint16)
    steps[addresses.words[np.arange(len(addresses.words)), addresses.word_facts[:, 1]]] = LEAD
    characters = np.zeros((len(found), MOST), np.uint8)
    for index, (triple, rarest, length, *_, encoded) in reversed(list(enumerate(found))):
        steps[encoded[rarest]] = CLASSES[encoded[rarest]] + RARE
        triples[triple] = index + 1
        characters[index, :length] = np.frombuffer(encoded, np.uint8)
    facts = np.array([one[:5] for one in found], np.int64).reshape(len(found), 5)
    ends = np.zeros(65536, np.bool_)
    ends[[int.from_bytes(one.encode(), "big") for one in endings]] = True
    return Sought(steps, triples, characters, facts, ends, addresses)


def _rarity(character: str) -> int:
    """How rare a character is in text and code; digits are looked at anyway."""
    place = _COMMON.find(character)
    return place if place >= 0 else len(_COMMON)


@inlined
def low_bits(data, begin, at):  # type: ignore[no-untyped-def]
    """Low bits of a byte and the two before it."""
    first = data[at - 2] if at >= begin + 2 else 0
    return ((first & 15) << 9) | ((data[at - 1] & 15) << 5) | (data[at] & 31)


@inlined
def put(places, owners, count, document, kind, start, end):  # type: ignore[no-untyped-def]
    """Write a place down if there is room; returns how many there are."""
    if count < len(owners):
        places[count, 0], places[count, 1], places[count, 2] = kind, start, end
        owners[count] = document
    return count + 1


@inlined
def is_word(byte):  # type: ignore[no-untyped-def]
    """Whether a byte is a letter, a digit or the underscore of ASCII."""
    lower = byte | 0x20
    return (lower >= ord("a") and lower <= ord("z")) or byte == ord("_") or (byte >= ord("0") and byte <= ord("9"))
