"""Where personal data may stand: one pass over the bytes of many documents that finds the few places worth a pattern.

One decision: the pass knows only shapes (a run of seven digits, an at sign between letters, a long token with digits)
and what it is told of how secrets begin, never the types; so it runs at memory speed without the interpreter's lock,
and what a type looks like stays data. It takes a fixed number of steps a byte, whatever the bytes are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aurora.corpus.kernels.compiled import compiled, entry_point, inlined
from aurora.corpus.personal.beginnings import MOST, Beginning

# Kinds of places; the patterns of data/personal_data.yaml name them.
AT, DIGITS, COLONS, CODES, TOKENS, ASSIGNED, ADDRESSES = range(7)
KINDS = ("at", "digits", "colons", "codes", "tokens", "assigned", "addresses")
# Languages whose addresses have a shape the pass knows; others are 0.
ADDRESS_LANGUAGES = {"en": 1, "fi": 2, "hi": 3, "ja": 4, "vi": 5}
_EN, _FI, _HI, _JA, _VI = 1, 2, 3, 4, 5

FEWEST_DIGITS = 7
SHORTEST_TOKEN = 16
_MOST_DIGITS = 40  # a longer run is a table of numbers; its next digits start another place
_SHORTEST_IBAN = 15
_ADDRESS_REACH = 120  # bytes between a Vietnamese house number and the ward's name

_LONGEST_VALUE = 256  # bytes of what is assigned, before its first digit
_MOST_COLONS = 8

# Classes of bytes: those passed over at once (letters too: a token is looked at from its first digit), and those not.
_SKIP, _LETTER, _UPPER, _JOINER, _HYPHEN, _DIGIT, _AT, _PERCENT, _LEAD = range(9)


def _byte_classes() -> npt.NDArray[np.uint8]:
    table = np.zeros(256, np.uint8)
    table[ord("a") : ord("z") + 1] = table[ord("_")] = _LETTER
    table[ord("A") : ord("Z") + 1] = _UPPER
    table[[ord("+"), ord("/")]] = _JOINER
    table[ord("0") : ord("9") + 1] = _DIGIT
    table[ord("-")] = _HYPHEN
    table[ord("@")] = _AT
    table[ord("%")] = _PERCENT
    table[[0xC3, 0xC6, 0xE0, 0xEF]] = _LEAD  # ã, ư; Devanagari; full-width forms
    return table


# Added to the class of a byte by which beginnings of secrets are found, with the low bits of it and of two before it.
_RARE = 16
_TRIPLES = 1 << 13
_COMMON = " etaoinsrlhducmfpgybvw.,kxzjq-_SAETICRNPDLMOFBHGUVWKYXJQZ"
_CLASS = _byte_classes()


class Wanted(NamedTuple):
    """What the pass looks for besides shapes, told from the patterns: how secrets begin, how names of them end.

    A beginning is found by its rarest character and the two before it, so that most bytes are passed over at once.
    """

    steps: npt.NDArray[np.uint8]  # [256] class of a byte, plus _RARE where a beginning is found by it
    triples: npt.NDArray[np.uint16]  # [_TRIPLES] by `_triple`: the first of the beginnings found so, plus one
    characters: npt.NDArray[np.uint8]  # [beginnings, MOST], those of one triple together
    facts: npt.NDArray[np.int64]  # [beginnings, 5] triple, place of the rarest, length, begins a word, longest secret
    endings: npt.NDArray[np.bool_]  # [65536] by the last two bytes, in lower case


def wanted(beginnings: Iterable[Beginning], endings: Iterable[str]) -> Wanted:
    """What the pass looks for, for these beginnings of secrets and endings of the names of others."""
    found = []
    for one in set(beginnings):
        encoded = one.characters.encode()
        rarest = max(range(1, len(encoded)), key=lambda place: _rarity(one.characters[place]))
        firsts = [encoded[rarest - 2] & 15] if rarest > 1 else range(16)  # any byte before the beginning
        for first in firsts:
            triple = first << 9 | (encoded[rarest - 1] & 15) << 5 | encoded[rarest] & 31
            found.append((triple, rarest, len(encoded), one.begins_word, one.longest, encoded))
    found.sort()
    steps, triples = _CLASS.copy(), np.zeros(_TRIPLES, np.uint16)
    characters = np.zeros((len(found), MOST), np.uint8)
    for index, (triple, rarest, length, *_, encoded) in reversed(list(enumerate(found))):
        steps[encoded[rarest]] = _CLASS[encoded[rarest]] + _RARE
        triples[triple] = index + 1
        characters[index, :length] = np.frombuffer(encoded, np.uint8)
    facts = np.array([one[:5] for one in found], np.int64).reshape(len(found), 5)
    ends = np.zeros(65536, np.bool_)
    ends[[int.from_bytes(one.encode(), "big") for one in endings]] = True
    return Wanted(steps, triples, characters, facts, ends)


def _rarity(character: str) -> int:
    """How rare a character is in text and code; digits are looked at anyway."""
    place = _COMMON.find(character)
    return place if place >= 0 else len(_COMMON)


def scan(
    offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8], languages: npt.NDArray[np.uint8], sought: Wanted
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Places of all documents, [places, 3] of kind, first byte and byte after the last; and the document of each.

    `offsets` int64 [documents + 1] into `data`, `languages` uint8 [documents] by ADDRESS_LANGUAGES. Documents are in
    order.
    """
    capacity = 1024 + len(data) // 64
    while True:
        places = np.empty((capacity, 3), np.int64)
        owners = np.empty(capacity, np.int64)
        count = int(_scan(offsets, data, languages, _CLASS, sought, places, owners))
        if count <= capacity:
            return places[:count], owners[:count]
        capacity = count


@inlined
def _put(places, owners, count, document, kind, start, end):  # type: ignore[no-untyped-def]
    if count < len(owners):
        places[count, 0], places[count, 1], places[count, 2] = kind, start, end
        owners[count] = document
    return count + 1


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
            if kind <= _HYPHEN:
                at += 1
                continue
            if kind >= _RARE:
                kind -= _RARE
                first = triples[_triple(data, begin, at)] if at > begin else 0
                if first:
                    count = _secrets(data, begin, at, end, characters, facts, first, document, places, owners, count)
            if kind <= _HYPHEN:
                at += 1
            elif kind == _DIGIT:
                if at >= digits_end:
                    count, digits_end = _digits(data, begin, at, end, language, document, places, owners, count)
                if at >= token_end:
                    count, token_end = _token(data, classes, begin, at, end, endings, document, places, owners, count)
                at += 1
            elif kind == _AT:
                if at > begin and at + 1 < end and _names_mail(data[at - 1]) and _begins_domain(data[at + 1]):
                    count = _put(places, owners, count, document, AT, at, at + 1)
                at += 1
            elif kind == _PERCENT:
                if at > begin and at + 3 < end and data[at + 1] == ord("4") and data[at + 2] == ord("0"):
                    count = _put(places, owners, count, document, AT, at, at + 3)
                at += 1
            elif _digit_width(data, at, end):
                if at >= digits_end:
                    count, digits_end = _digits(data, begin, at, end, language, document, places, owners, count)
                at += 3
            else:
                if data[at] == 0xEF and at + 2 < end and data[at + 1] == 0xBC and data[at + 2] == 0xA0:
                    count = _put(places, owners, count, document, AT, at, at + 3)
                elif language == _VI and at - digits_end < _ADDRESS_REACH and _names_ward(data, begin, at, end):
                    count = _put(places, owners, count, document, ADDRESSES, at, at + 1)
                at += 1
    return count


@inlined
def _names_mail(byte):  # type: ignore[no-untyped-def]
    """Whether a byte may end the name of an e-mail address."""
    return (
        _is_word(byte)
        or byte >= 0x80
        or byte == ord(".")
        or byte == ord("-")
        or byte == ord("+")
        or byte == ord("%")
        or byte == ord('"')
    )


@inlined
def _begins_domain(byte):  # type: ignore[no-untyped-def]
    return byte >= 0x80 or (_is_word(byte) and byte != ord("_"))


@inlined
def _triple(data, begin, at):  # type: ignore[no-untyped-def]
    first = data[at - 2] if at >= begin + 2 else 0
    return ((first & 15) << 9) | ((data[at - 1] & 15) << 5) | (data[at] & 31)


@compiled
def _secrets(data, begin, at, end, characters, facts, first, document, places, owners, count):  # type: ignore[no-untyped-def]
    """A place for what begins like a secret and has the rarest character of that at `at`; `first` is the first
    beginning of this triple, plus one."""
    triple = _triple(data, begin, at)
    for index in range(np.int64(first) - 1, len(facts)):
        if facts[index, 0] != triple:
            break
        start, length = at - facts[index, 1], facts[index, 2]
        if start < begin or start + length > end:
            continue
        if facts[index, 3] and start > begin and _is_word(data[start - 1]):
            continue
        same = 0
        while same < length and characters[index, same] == data[start + same]:
            same += 1
        if same == length:
            count = _put(places, owners, count, document, TOKENS, start, min(end, start + facts[index, 4]))
    return count


@compiled
def _token(data, classes, begin, digit, end, endings, document, places, owners, count):  # type: ignore[no-untyped-def]
    """The run of ASCII letters, digits and joiners around its first digit; returns (count, its end)."""
    start = at = digit
    letters = 0
    while start > begin and _in_token(classes[data[start - 1]]):
        start -= 1
        letters += classes[data[start]] <= _UPPER
    while at < end and _in_token(classes[data[at]]):
        letters += classes[data[at]] <= _UPPER
        at += 1
    if letters:
        if at - start >= SHORTEST_TOKEN and _is_assigned(data, begin, start, at, endings):
            count = _put(places, owners, count, document, ASSIGNED, start, at)
        account = _account_end(data, classes, start, end)
        if account > 0:
            count = _put(places, owners, count, document, CODES, start, account)
        elif at - start == 10 and _upper(classes, data, start, 5) and classes[data[at - 2]] == _DIGIT:
            count = _put(places, owners, count, document, CODES, start, at)
    if at < end and data[at] == ord(":") and at - start <= 4 and (data[start] == ord("2") or data[start] == ord("3")):
        address = _colons_end(data, at, end)
        if address > 0:
            count = _put(places, owners, count, document, COLONS, start, address)
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
        elif not (_is_word(byte) or byte == ord(".") or byte == ord("-") or byte == ord("+") or byte == ord("/")):
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
    return kind >= _LETTER and kind <= _DIGIT


@compiled
def _digits(data, begin, start, end, language, document, places, owners, count):  # type: ignore[no-untyped-def]
    """Digits from `start` on, with at most two separators between two of them; returns (count, their end)."""
    at = last = start
    digits = groups = dots = separators = group = 0
    while at < end and digits < _MOST_DIGITS:
        width = _digit_width(data, at, end)
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
    if language and _ends_address(data, begin, start, last, end, digits, group, groups, language):
        count = _put(places, owners, count, document, ADDRESSES, start, last)
    if digits == 6 and groups == 1 and last + 4 < end and _three_digits(data, last + 1):
        digits, last = 10, last + 5  # a henkilötunnus with a letter for its century
    decimal = groups == 2 and dots == 1
    octets = groups >= 4 and dots >= 3
    if not (octets or (digits >= FEWEST_DIGITS and not decimal)):
        return count, last
    if start > begin and _is_word(data[start - 1]) and not _is_tel(data, begin, start):
        return count, last  # inside a name or a hexadecimal number
    return _put(places, owners, count, document, DIGITS, start, last), last


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
def _is_word(byte):  # type: ignore[no-untyped-def]
    lower = byte | 0x20
    return (lower >= ord("a") and lower <= ord("z")) or byte == ord("_") or (byte >= ord("0") and byte <= ord("9"))


@inlined
def _digit_width(data, at, end):  # type: ignore[no-untyped-def]
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
    return _space_width(data, at, end)


@compiled
def _space_width(data, at, end):  # type: ignore[no-untyped-def]
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
    return _is_word(data[at - 1]) and data[at] <= 0x39 and data[at + 1] <= 0x39 and data[at + 2] <= 0x39


@compiled
def _upper(classes, data, start, length):  # type: ignore[no-untyped-def]
    for at in range(start, start + length):  # noqa: SIM110 (compiled)
        if classes[data[at]] != _UPPER:
            return False
    return True


@compiled
def _account_end(data, classes, start, end):  # type: ignore[no-untyped-def]
    """The end of what has an IBAN's form (two letters, two digits, then more with single separators), or 0."""
    if start + _SHORTEST_IBAN > end or not (_is_letter(classes[data[start]]) and _is_letter(classes[data[start + 1]])):
        return 0
    if classes[data[start + 2]] != _DIGIT or classes[data[start + 3]] != _DIGIT:
        return 0
    at = last = start
    length = 0
    while at < end and length < 34:
        kind = classes[data[at]]
        if data[at] != ord("_") and (_is_letter(kind) or kind == _DIGIT):
            length += 1
            at += 1
            last = at
            continue
        width = 1 if kind == _HYPHEN else _space_width(data, at, end)
        if width == 0 or last < at:
            break
        at += width
    return last if length >= _SHORTEST_IBAN else 0


@inlined
def _is_letter(kind):  # type: ignore[no-untyped-def]
    return kind >= _LETTER and kind <= _UPPER


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


@compiled
def _names_ward(data, begin, at, end):  # type: ignore[no-untyped-def]
    """Whether `xã ` or `phường ` (either case) has its letter with a mark at `at`."""
    if at == begin:
        return False
    before = data[at - 1] | 0x20
    if data[at] == 0xC3:
        return before == ord("x") and at + 2 < end and data[at + 1] == 0xA3 and data[at + 2] == 0x20
    return data[at] == 0xC6 and before == ord("h") and at + 7 < end and data[at + 1] == 0xB0 and data[at + 5] == 0x6E


@compiled
def _ends_address(data, begin, start, last, end, digits, group, groups, language):  # type: ignore[no-untyped-def]
    """Whether digits may be the postal code or the block number of an address in this language."""
    if language == _EN:  # "MN 19716"
        return (
            digits >= 5
            and start - 3 > begin
            and data[start - 1] == 0x20
            and data[start - 2] >= 0x41
            and (data[start - 2] <= 0x5A and data[start - 3] >= 0x41 and data[start - 3] <= 0x5A)
        )
    if language == _FI:  # "Elonpolku 95, 11777 Miehikkälä"
        return (
            digits == 5
            and groups == 1
            and start - 3 > begin
            and data[start - 1] == 0x20
            and (data[start - 2] == ord(",") and _is_word(data[start - 3]))
        )
    if language == _HI:  # a PIN code of six digits
        return group == 6 or (digits == 6 and groups <= 2)
    if language == _JA and start - 4 > begin:
        if last + 2 < end:
            block = data[last] == 0xE4 and data[last + 1] == 0xB8 and data[last + 2] == 0x81  # 丁
            number = data[last] == 0xE7 and data[last + 1] == 0x95 and data[last + 2] == 0xAA  # 番
            if block or number:
                return True
        name = data[start - 4] if data[start - 1] == 0x20 else data[start - 3]
        return groups >= 2 and groups <= 4 and name >= 0xE3 and name <= 0xE9
    return False
