"""Runs of letters and digits in the pass over the bytes: values of secrets, bank accounts, codes of people, IPv6.

One decision: a run is looked at once, from its first digit; what an account or an address may look like is told by its
form alone, and whether it is one by its check digits.
"""

from __future__ import annotations

import numpy as np

from aurora.corpus.kernels.compiled import compiled, inlined
from aurora.corpus.personal.numbers import space_width
from aurora.corpus.personal.sought import ASSIGNED, CODES, COLONS, DIGIT, HYPHEN, LETTER, UPPER, is_word, put

SHORTEST_TOKEN = 16  # characters; shorter values that are assigned to a name are mostly words and names themselves
_SHORTEST_IBAN = 15  # characters, of Norway
_LONGEST_VALUE = 256  # bytes of what is assigned, before its first digit
_MOST_COLONS = 8  # seven between the eight groups of an IPv6 address, and one more if `::` ends it


@compiled
def token_at(data, classes, begin, digit, end, endings, document, places, owners, count):  # type: ignore[no-untyped-def]
    """The run of ASCII letters, digits and joiners around its first digit; returns (count, its end)."""
    start = at = digit
    letters = 0
    while start > begin and _in_token(classes[data[start - 1]]):
        start -= 1
        letters += classes[data[start]] <= UPPER
    while at < end and _in_token(classes[data[at]]):
        letters += classes[data[at]] <= UPPER
        at += 1
    if letters:
        if at - start >= SHORTEST_TOKEN and _is_assigned(data, begin, start, at, endings):
            count = put(places, owners, count, document, ASSIGNED, start, at)
        account = _account_end(data, classes, start, end)
        if account > 0:
            count = put(places, owners, count, document, CODES, start, account)
        # The form of an Indian tax number (PAN): five capitals, four digits, a capital.
        elif at - start == 10 and _upper(classes, data, start, 5) and classes[data[at - 2]] == DIGIT:
            count = put(places, owners, count, document, CODES, start, at)
    # Public IPv6 addresses begin with 2 or 3 (2000::/3); times of day mostly do not.
    if at < end and data[at] == ord(":") and at - start <= 4 and (data[start] == ord("2") or data[start] == ord("3")):
        address = _colons_end(data, at, end)
        if address > 0:
            count = put(places, owners, count, document, COLONS, start, address)
    return count, at


@compiled
def _is_assigned(data, begin, start, end, endings):  # type: ignore[no-untyped-def]
    """Whether a token belongs to what is assigned to a name of secrets; most do not."""
    at = start
    while at > begin and start - at < _LONGEST_VALUE:
        byte = data[at - 1]
        if byte == ord("="):
            if _names_secret(data, begin, at - 1, endings):
                return True
        elif not (is_word(byte) or byte == ord(".") or byte == ord("-") or byte == ord("+") or byte == ord("/")):
            break
        at -= 1
    if at > begin and (data[at - 1] == ord('"') or data[at - 1] == ord("'")):
        at -= 1
    at = _before_spaces(data, begin, at)
    return at > begin and _names_secret(data, begin, at - 1, endings)


@compiled
def _names_secret(data, begin, operator, endings):  # type: ignore[no-untyped-def]
    """Whether the sign at `operator` assigns, and to a name that ends like those of secrets."""
    at = operator
    if data[at] != ord("=") and data[at] != ord(":") and data[at] != ord(">"):
        return False
    while at > begin and (data[at - 1] == ord("=") or data[at - 1] == ord(":")):
        at -= 1
    at = _before_spaces(data, begin, at)
    if at > begin and (data[at - 1] == ord('"') or data[at - 1] == ord("'")):
        at -= 1
    if at < begin + 2:
        return False
    return endings[(np.int64(data[at - 2] | 0x20) << 8) | np.int64(data[at - 1] | 0x20)]


@compiled
def _before_spaces(data, begin, at):  # type: ignore[no-untyped-def]
    """The place before at most four characters of white space."""
    spaces = 0
    while at > begin and spaces < 4 and (data[at - 1] == 0x20 or (data[at - 1] >= 0x09 and data[at - 1] <= 0x0D)):
        at -= 1
        spaces += 1
    return at


@inlined
def _in_token(kind):  # type: ignore[no-untyped-def]
    return kind >= LETTER and kind <= DIGIT


@compiled
def _upper(classes, data, start, length):  # type: ignore[no-untyped-def]
    for at in range(start, start + length):  # noqa: SIM110 (compiled)
        if classes[data[at]] != UPPER:
            return False
    return True


@compiled
def _account_end(data, classes, start, end):  # type: ignore[no-untyped-def]
    """The end of what has an IBAN's form (two letters, two digits, then more with single separators), or 0."""
    if start + _SHORTEST_IBAN > end or not (_is_letter(classes[data[start]]) and _is_letter(classes[data[start + 1]])):
        return 0
    if classes[data[start + 2]] != DIGIT or classes[data[start + 3]] != DIGIT:
        return 0
    at = last = start
    length = 0
    while at < end and length < 34:  # the longest that ISO 13616 allows
        kind = classes[data[at]]
        if data[at] != ord("_") and (_is_letter(kind) or kind == DIGIT):
            length += 1
            at += 1
            last = at
            continue
        width = 1 if kind == HYPHEN else space_width(data, at, end)
        if width == 0 or last < at:
            break
        at += width
    return last if length >= _SHORTEST_IBAN else 0


@inlined
def _is_letter(kind):  # type: ignore[no-untyped-def]
    return kind >= LETTER and kind <= UPPER


@compiled
def _colons_end(data, at, end):  # type: ignore[no-untyped-def]
    """The end of hexadecimal groups between colons: eight groups, or fewer with `::`; else 0."""
    colons = doubled = 0
    while at < end and colons <= _MOST_COLONS:
        byte = data[at]
        if byte == ord(":"):
            doubled += data[at - 1] == ord(":")
            colons += 1
        elif not ((byte >= 0x30 and byte <= 0x39) or ((byte | 0x20) >= ord("a") and (byte | 0x20) <= ord("f"))):
            break
        at += 1
    return at if (doubled == 1 and colons >= 2) or colons == 7 else 0
