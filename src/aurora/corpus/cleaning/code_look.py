"""Whether a document of unknown language looks like code.

One decision: lines are weighed by their bytes. A line is code because of how it ends, how it begins, or operators and
calls that prose does not have, in any programming language. Half of a program is such lines; a page about programs has
fewer, or fences them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from aurora.corpus.kernels.columns import buffers_of, read_only
from aurora.corpus.kernels.compiled import compiled, entry_point
from aurora.languages.labels import CODE, UNDETERMINED

if TYPE_CHECKING:
    import pyarrow as pa

# A document is code if it has at least so many lines that are not blank, and such a share of code among their bytes:
# so labelled, 96.2 % of code and at most 1.0 % of prose (benchmarks/results.md, "Normalisation and languages").
FEWEST_LINES = 4
LEAST_SHARE = 0.4
# A line that ends with a semicolon is code only with few spaces: lines of verse end so too.
_MOST_SPACES = 4
# Words that, before a space, begin lines of code and hardly ever lines of prose.
_WORDS = """
    def elif async await fn pub impl struct enum trait mod func var const typedef namespace template public private
    protected static final void int bool char unsigned size_t export function #include #define #if #ifdef #ifndef
    #endif #else #elif #pragma package import
""".split()  # noqa: SIM905
_LONGEST = max(map(len, _WORDS))


def label_code(texts: pa.LargeStringArray, langs: list[str]) -> list[str]:
    """The languages, with `code` for each document that declares none and looks like code."""
    if UNDETERMINED not in langs:
        return langs
    shares, lines = code_share(*buffers_of(texts))
    verdicts = ((shares >= LEAST_SHARE) & (lines >= FEWEST_LINES)).tolist()
    return [CODE if lang == UNDETERMINED and is_code else lang for lang, is_code in zip(langs, verdicts, strict=True)]


def code_share(
    offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """The share of code among the bytes of each document's lines, and the number of lines that are not blank.

    A document with a code fence (```) is prose: its share is 0.
    """
    shares, lines = np.zeros(len(offsets) - 1), np.zeros(len(offsets) - 1, np.int64)
    _code_share(read_only(offsets), read_only(data), _words(), shares, lines)
    return shares, lines


@lru_cache(maxsize=1)
def _words() -> npt.NDArray[np.uint64]:
    """Hashes of _WORDS, in order."""
    return np.array(sorted(_word_hash(np.frombuffer(word.encode(), np.uint8), 0, len(word)) for word in _WORDS))


@entry_point
def _word_hash(data, start, end):  # type: ignore[no-untyped-def]
    """The FNV-1a hash of some bytes."""
    hashed = np.uint64(0xCBF29CE484222325)
    for at in range(start, end):
        hashed = (hashed ^ np.uint64(data[at])) * np.uint64(0x100000001B3)
    return hashed


@entry_point
def _code_share(offsets, data, words, shares, lines):  # type: ignore[no-untyped-def]
    for document in range(len(offsets) - 1):
        at, end = offsets[document], offsets[document + 1]
        code = size = number = 0
        while at < end:
            stop = at
            while stop < end and data[stop] != 0x0A:
                stop += 1
            first, last = at, stop - 1
            while first <= last and data[first] <= 0x20:
                first += 1
            while last >= first and data[last] <= 0x20:
                last -= 1
            if first <= last:
                number += 1
                size += last - first + 1
                if first == at and stop - at >= 3 and data[at] == data[at + 1] == data[at + 2] == ord("`"):
                    code = 0
                    break
                if (
                    _ends_as_code(data, first, last)
                    or _begins_as_code(data, at, first, last, words)
                    or _holds_code(data, first, last)
                ):
                    code += last - first + 1
            at = stop + 1
        lines[document] = number
        shares[document] = code / size if size else 0.0


@compiled
def _ends_as_code(data, first, last):  # type: ignore[no-untyped-def]
    byte = data[last]
    if byte == ord(";"):
        spaces = 0
        for at in range(first, last):
            spaces += data[at] == 0x20
        return spaces <= _MOST_SPACES
    if byte == ord("{") or byte == ord("}") or byte == ord("[") or byte == ord("\\"):
        return True
    before = data[last - 1] if last > first else 0
    if byte == ord("("):
        return _is_name(before)
    if byte == ord(",") or byte == ord(":"):
        return before == ord(")") or before == ord("}") or before == ord("]") or before == ord('"')
    return False


@compiled
def _begins_as_code(data, start, first, last, words):  # type: ignore[no-untyped-def]
    byte = data[first]
    after = data[first + 1] if first < last else 0
    if byte == ord("}") or (byte == ord(")") and first == last) or byte == ord("]"):
        return True
    if byte == ord("/"):
        return after == ord("/") or after == ord("*")
    if byte == ord("*") or (byte == ord("#") and after == 0x20):  # comments; at the left margin, markup
        return first > start
    if byte == ord("@") or byte == ord("#"):
        if _is_name(after) and byte == ord("@"):
            return True
        if after == ord("[") or after == ord("!"):
            return True
    if byte == ord("f") and _imports(data, first, last):
        return True
    stop = first
    while stop <= last and stop - first <= _LONGEST and data[stop] > 0x20:
        stop += 1
    word = _word_hash(data, first, stop)
    index = np.searchsorted(words, word)
    return index < len(words) and words[index] == word and stop < last


@compiled
def _imports(data, first, last):  # type: ignore[no-untyped-def]
    """Whether a line is `from name import ...`."""
    at = first + 5
    if at > last or data[first + 1] != ord("r") or data[first + 3] != ord("m") or data[first + 4] != 0x20:
        return False
    while at <= last and (_is_name(data[at]) or data[at] == ord(".")):
        at += 1
    return at + 7 <= last and data[at + 1] == ord("i") and data[at + 2] == ord("m") and data[at + 6] == ord("t")


@compiled
def _holds_code(data, first, last):  # type: ignore[no-untyped-def]
    """Whether a line has operators or a call that prose does not have."""
    for at in range(first, last):
        byte, after = data[at], data[at + 1]
        if byte == ord("="):
            before = data[at - 1] if at > first else 0
            if after == ord("=") and before != ord("=") and (at + 2 > last or data[at + 2] != ord("=")):
                return True
            if after == ord(">"):
                return True
            if before == 0x20 and after == 0x20 and at > first + 1:
                return True
        elif after == ord("="):
            if byte == ord("!") or byte == ord("+") or byte == ord("-") or byte == ord("|") or byte == ord(":"):
                return True
        elif byte == after:
            if (byte == ord("&") or byte == ord("|") or byte == ord(":")) and at > first:
                return True
        elif byte == ord("-") and after == ord(">"):
            if at > first and data[at - 1] != ord("-"):
                return True
        elif after == ord("(") and _is_name(byte) and at + 2 <= last:
            inner = data[at + 2]
            if not (inner >= 0x30 and inner <= 0x39) and inner != ord("s") and inner < 0x80:
                return True
    return False


@compiled
def _is_name(byte):  # type: ignore[no-untyped-def]
    lower = byte | 0x20
    return (lower >= ord("a") and lower <= ord("z")) or byte == ord("_") or (byte >= 0x30 and byte <= 0x39)
