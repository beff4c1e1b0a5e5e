"""Runs of digits in the pass over the bytes: numbers of phones, cards and people, addresses of networks.

One decision: a run is told by how its digits and separators follow one another, in any script; how many digits it must
have is the same for all types, and what it is, patterns say.
"""

from __future__ import annotations

from aurora.corpus.kernels.compiled import compiled, inlined
from aurora.corpus.personal.addresses import ends_address
from aurora.corpus.personal.sought import ADDRESSES, DIGITS, is_word, put

FEWEST_DIGITS = 7  # shorter numbers are years, amounts and counts far more often than anybody's number
_MOST_DIGITS = 40  # a longer run is a table of numbers; its next digits start another place


@compiled
def digits_from(data, begin, start, end, language, addresses, document, places, owners, count):  # type: ignore[no-untyped-def]
    """Digits from `start` on, with at most two separators between two of them; returns (count, their end)."""
    at = last = start
    digits = groups = dots = separators = group = 0
    while at < end and digits < _MOST_DIGITS:
        width = digit_width(data, at, end)
        if width:
            if separators or digits == 0:
                groups, group = groups + 1, 0
            digits, group, separators = digits + 1, group + 1, 0
            at += width
            last = at
            continue
        width = _separator_width(data, at, end)
        if width == 0 or separators == 2:
            break
        separators += 1
        dots += _is_dot(data, at, width)
        at += width
    dots -= separators > 0 and _is_dot(data, last, 1)
    if language and ends_address(data, begin, start, last, end, digits, group, groups, language, addresses.ends):
        count = put(places, owners, count, document, ADDRESSES, start, last)
    if digits == 6 and groups == 1 and last + 4 < end and _three_digits(data, last + 1):
        digits, last = 10, last + 5  # of an identity code with a letter in its middle
    decimal = groups == 2 and dots == 1
    octets = groups >= 4 and dots >= 3
    if not (octets or (digits >= FEWEST_DIGITS and not decimal)):
        return count, last
    if start > begin and is_word(data[start - 1]) and not _is_tel(data, begin, start):
        return count, last  # inside a name or a hexadecimal number
    return put(places, owners, count, document, DIGITS, start, last), last


@inlined
def _is_tel(data, begin, at):  # type: ignore[no-untyped-def]
    """Whether `tel` or `fax` stands right before `at`."""
    if at < begin + 3:
        return False
    first, second, third = data[at - 3] | 0x20, data[at - 2] | 0x20, data[at - 1] | 0x20
    return (first == ord("t") and second == ord("e") and third == ord("l")) or (
        first == ord("f") and second == ord("a") and third == ord("x")
    )


@inlined
def _is_dot(data, at, width):  # type: ignore[no-untyped-def]
    return data[at] == ord(".") or (data[at] == 0xEF and data[at + 1] == 0xBC and data[at + 2] == 0x8E)


@inlined
def digit_width(data, at, end):  # type: ignore[no-untyped-def]
    """Bytes of the digit at `at`: ASCII 1, Devanagari and full-width 3, none 0."""
    byte = data[at]
    if byte >= 0x30 and byte <= 0x39:
        return 1
    if at + 2 < end:
        if byte == 0xE0 and data[at + 1] == 0xA5 and data[at + 2] >= 0xA6 and data[at + 2] <= 0xAF:
            return 3
        if byte == 0xEF and data[at + 1] == 0xBC and data[at + 2] >= 0x90 and data[at + 2] <= 0x99:
            return 3
    return 0


@compiled
def _separator_width(data, at, end):  # type: ignore[no-untyped-def]
    """Bytes of a mark that may stand between the digits of one number, or 0."""
    byte = data[at]
    if byte < 0x80:  # space ( ) - . + /
        return (
            byte == 0x20 or byte == 0x28 or byte == 0x29 or byte == 0x2D or byte == 0x2E or byte == 0x2B or byte == 0x2F
        )
    if byte == 0xE2 and at + 2 < end:
        second, third = data[at + 1], data[at + 2]
        if (second == 0x80 and third >= 0x90 and third <= 0x95) or (second == 0x88 and third == 0x92):
            return 3  # hyphens, dashes, minus
        if second == 0x94 and (third == 0x80 or third == 0x81):
            return 3  # lines of a box, typed for dashes
    if byte == 0xEF and at + 2 < end:
        second, third = data[at + 1], data[at + 2]
        if second == 0xBC and (third == 0x88 or third == 0x89 or third == 0x8D or third == 0x8E):
            return 3  # full-width parentheses, hyphen, full stop
        if (second == 0xBD and third == 0xB0) or (second == 0xB9 and third == 0xA3):
            return 3  # half-width long-vowel mark, small hyphen
    if byte == 0xE3 and at + 2 < end and data[at + 1] == 0x83 and data[at + 2] == 0xBC:
        return 3  # the long-vowel mark, typed for a dash
    return space_width(data, at, end)


@compiled
def space_width(data, at, end):  # type: ignore[no-untyped-def]
    """Bytes of a space, of any width and whether a line breaks at it or not; else 0."""
    byte = data[at]
    if byte == 0x20:
        return 1
    if byte == 0xC2 and at + 1 < end and data[at + 1] == 0xA0:
        return 2
    if at + 2 < end:
        second, third = data[at + 1], data[at + 2]
        if byte == 0xE2 and second == 0x80 and (third <= 0x8A or third == 0xAF):
            return 3
        if (byte == 0xE2 and second == 0x81 and third == 0x9F) or (byte == 0xE3 and second == 0x80 and third == 0x80):
            return 3
    return 0


@compiled
def _three_digits(data, at):  # type: ignore[no-untyped-def]
    return is_word(data[at - 1]) and data[at] <= 0x39 and data[at + 1] <= 0x39 and data[at + 2] <= 0x39
