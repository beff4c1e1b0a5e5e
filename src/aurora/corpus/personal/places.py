"""Where personal data may stand: one pass over the bytes of many documents that finds the few places worth a pattern.

One decision: it takes a fixed number of steps a byte, whatever the bytes are, without the interpreter's lock and at the
speed of memory. What it looks for are shapes (`numbers`, `codes`, `addresses`) and beginnings of secrets (`sought`),
never types.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aurora.corpus.kernels.columns import read_only
from aurora.corpus.kernels.compiled import compiled, entry_point, inlined
from aurora.corpus.personal.addresses import names_part
from aurora.corpus.personal.codes import token_at
from aurora.corpus.personal.numbers import digit_width, digits_from
from aurora.corpus.personal.sought import (
    ADDRESSES,
    AT,
    AT_SIGN,
    CLASSES,
    DIGIT,
    HYPHEN,
    KINDS,
    PERCENT,
    RARE,
    TOKENS,
    Sought,
    is_word,
    low_bits,
    put,
)

__all__ = ["KINDS", "scan"]

_ADDRESS_REACH = 120  # bytes between the number of a house and the word behind which its address goes on


def scan(
    offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8], languages: npt.NDArray[np.uint8], sought: Sought
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Places of all documents, [places, 3] of kind, first byte and byte after the last; and the document of each.

    `offsets` int64 [documents + 1] into `data`, `languages` uint8 [documents] by `addresses.address_languages`.
    Documents are in order.
    """
    given = read_only(offsets), read_only(data), read_only(languages)
    capacity = 1024 + len(data) // 64
    while True:
        places = np.empty((capacity, 3), np.int64)
        owners = np.empty(capacity, np.int64)
        count = int(_scan(*given, CLASSES, sought, places, owners))
        if count <= capacity:
            return places[:count], owners[:count]
        capacity = count


@entry_point
def _scan(offsets, data, languages, classes, sought, places, owners):  # type: ignore[no-untyped-def]
    """All places, as many as fit; returns how many there are."""
    count = 0
    steps, triples, endings = sought.steps, sought.triples, sought.endings
    characters, facts = sought.characters, sought.facts
    for document in range(len(offsets) - 1):
        begin, end = offsets[document], offsets[document + 1]
        language = languages[document]
        digits_end = token_end = begin  # what ends before here belongs to a place already looked at
        at = begin
        while at < end:
            kind = steps[data[at]]
            if kind <= HYPHEN:
                at += 1
                continue
            if kind >= RARE:
                kind -= RARE
                first = triples[low_bits(data, begin, at)] if at > begin else 0
                if first:
                    count = _secrets(data, begin, at, end, characters, facts, first, document, places, owners, count)
            if kind <= HYPHEN:
                at += 1
            elif kind == DIGIT:
                if at >= digits_end:
                    count, digits_end = digits_from(
                        data, begin, at, end, language, sought.addresses, document, places, owners, count
                    )
                if at >= token_end:
                    count, token_end = token_at(data, classes, begin, at, end, endings, document, places, owners, count)
                at += 1
            elif kind == AT_SIGN:
                if at > begin and at + 1 < end and _names_mail(data[at - 1]) and _begins_domain(data[at + 1]):
                    count = put(places, owners, count, document, AT, at, at + 1)
                at += 1
            elif kind == PERCENT:
                if at > begin and at + 3 < end and data[at + 1] == ord("4") and data[at + 2] == ord("0"):
                    count = put(places, owners, count, document, AT, at, at + 3)
                at += 1
            elif digit_width(data, at, end):
                if at >= digits_end:
                    count, digits_end = digits_from(
                        data, begin, at, end, language, sought.addresses, document, places, owners, count
                    )
                at += 3
            else:
                if data[at] == 0xEF and at + 2 < end and data[at + 1] == 0xBC and data[at + 2] == 0xA0:
                    count = put(places, owners, count, document, AT, at, at + 3)
                elif (
                    language
                    and at - digits_end < _ADDRESS_REACH
                    and names_part(data, begin, at, end, language, sought.addresses)
                ):
                    count = put(places, owners, count, document, ADDRESSES, at, at + 1)
                at += 1
    return count


@inlined
def _names_mail(byte):  # type: ignore[no-untyped-def]
    """Whether a byte may end the name of an e-mail address."""
    return (
        is_word(byte)
        or byte >= 0x80
        or byte == ord(".")
        or byte == ord("-")
        or byte == ord("+")
        or byte == ord("%")
        or byte == ord('"')
    )


@inlined
def _begins_domain(byte):  # type: ignore[no-untyped-def]
    return byte >= 0x80 or (is_word(byte) and byte != ord("_"))


@compiled
def _secrets(data, begin, at, end, characters, facts, first, document, places, owners, count):  # type: ignore[no-untyped-def]
    """A place for what begins like a secret and has the rarest character of that at `at`; `first` is the first
    beginning of this triple, plus one."""
    bits = low_bits(data, begin, at)
    for index in range(np.int64(first) - 1, len(facts)):
        if facts[index, 0] != bits:
            break
        start, length = at - facts[index, 1], facts[index, 2]
        if start < begin or start + length > end:
            continue
        if facts[index, 3] and start > begin and is_word(data[start - 1]):
            continue
        same = 0
        while same < length and characters[index, same] == data[start + same]:
            same += 1
        if same == length:
            count = put(places, owners, count, document, TOKENS, start, min(end, start + facts[index, 4]))
    return count
