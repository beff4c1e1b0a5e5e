"""Mojibake: UTF-8 that was once decoded as Latin-1 or Windows-1252, and is decoded correctly again.

One decision: a compiled pass looks for the trace of a wrong decoding, the bytes of one character as two to four
characters in a row ("Ã¤", "â€™", "à¤•"); ftfy repairs only the lines that have one. Its result is used if hardly
anything in it still looks wrong. A text about mojibake stays as it is: it shows words beside their broken forms, or
mentions encodings and has those words, or single characters, anywhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import regex

from aurora.corpus.kernels.columns import buffers_of, replaced, text_at
from aurora.corpus.kernels.compiled import compiled, entry_point
from aurora.languages.labels import CODE

if TYPE_CHECKING:
    import pyarrow as pa

# What Windows-1252 makes of the bytes 80 to 9F; Latin-1 makes control characters of them. Up to BF both agree.
_WINDOWS = "".join(bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xA0))
_TAIL = f"[\x80-\xbf{_WINDOWS}]"
# A repair is used if at most a third of what looked wrong still does: bytes may have been lost as well.
_LEFT = 3
_RUN = re.compile(f"[\xc2-\xdf]{_TAIL}|[\xe0-\xef]{_TAIL}{{2}}|[\xf0-\xf4]{_TAIL}{{3}}")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
# A run of one or two characters by itself: an example, not a word of a text that was decoded wrongly.
_APART = re.compile(rf"(?<![^\W\d_])(?:{_RUN.pattern}){{1,2}}(?![^\W\d_])")
# Names of encodings, which are the same in every language, and words for encoding errors in some.
_ABOUT = re.compile(
    r"utf-?(?:8|16|32)|unicode|latin-?[19]\b|iso[ -]?8859|windows-?12\d\d|\bcp-?12\d\d|mojibake|code[ck]s?\b|charset|"
    r"character (?:set|encoding)|\b(?:en|de)cod(?:e|ing)|文字化け|文字コード|エンコード|merkistö|koodaus|mã hóa|"
    r"bảng mã|यूनिकोड|कूटलेखन",
    re.IGNORECASE,
)


def repair_batch(texts: pa.LargeStringArray, langs: Sequence[str]) -> tuple[pa.LargeStringArray, npt.NDArray[np.int32]]:
    """The texts with wrong decodings undone, and for each 1 if it was changed, else 0; code is left alone.

    `texts` itself if none was changed.
    """
    offsets, data = buffers_of(texts)
    repaired = np.zeros(len(texts), np.int32)
    pieces: dict[int, bytes] = {}
    for row in np.flatnonzero(suspected(offsets, data)).tolist():
        if langs[row] != CODE:
            text = text_at(offsets, data, row)
            better = repair(text)
            if better != text:
                pieces[row] = better.encode()
                repaired[row] = 1
    return replaced(texts, pieces), repaired


def repair(text: str) -> str:
    """The text with each suspected line as ftfy repairs it, unless the line shows mojibake on purpose."""
    words_about = frozenset(_words(text)) if _ABOUT.search(text) else None
    return "\n".join(_repaired(line, words_about) if _RUN.search(line) else line for line in text.split("\n"))


def _repaired(line: str, words_about: frozenset[str] | None) -> str:
    import ftfy
    from ftfy.badness import badness

    better = ftfy.fix_encoding(line)
    if better == line or badness(better) * _LEFT > badness(line):
        return line
    return line if _is_shown(line, better, words_about) else better


def _is_shown(line: str, better: str, words_about: frozenset[str] | None) -> bool:
    """Whether a line shows mojibake on purpose.

    It does if each word that the repair makes is in the line already; or, in a text about encodings (with the words
    `words_about`), is anywhere in the text, or is a single character by itself.
    """
    before = Counter(_words(line))
    made = {word for word in Counter(_words(better)) - before if not word.isascii()}
    if made and made <= before.keys():
        return True
    if words_about is None:
        return False
    return (bool(made) and made <= words_about) or _RUN.search(_APART.sub("", line)) is None


def _words(text: str) -> list[str]:
    words: list[str] = _WORD.findall(text.casefold())
    return words


def suspected(offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Which documents have the bytes of one character as characters of their own; `offsets` int64 [documents + 1] into
    the UTF-8 of `data`."""
    verdicts = np.zeros(len(offsets) - 1, np.bool_)
    _suspected(offsets, data, _tails(), verdicts)
    return verdicts


def _tails() -> npt.NDArray[np.int64]:
    """The code points of _WINDOWS, sorted."""
    return np.array(sorted(map(ord, _WINDOWS)), np.int64)


@entry_point
def _suspected(offsets, data, tails, verdicts):  # type: ignore[no-untyped-def]
    for document in range(len(offsets) - 1):
        end = offsets[document + 1]
        for at in range(offsets[document], end - 1):
            # C3 82 to C3 B4 are U+00C2 to U+00F4: what the lead bytes C2 to F4 of UTF-8 become when read as Latin-1.
            if data[at] == 0xC3 and data[at + 1] >= 0x82 and data[at + 1] <= 0xB4:
                lead = data[at + 1] + 0x40
                tail = at + 2
                for _ in range(1 + (lead >= 0xE0) + (lead >= 0xF0)):
                    tail = _after_tail(data, tail, end, tails)
                    if tail == 0:
                        break
                if tail:
                    verdicts[document] = True
                    break


@compiled
def _after_tail(data, at, end, tails):  # type: ignore[no-untyped-def]
    """The position after the character at `at`, if that may be a wrongly decoded byte from 80 to BF; else 0."""
    if at + 1 >= end:
        return 0
    first, second = np.int64(data[at]), np.int64(data[at + 1])
    if first == 0xC2:  # U+0080 to U+00BF, as Latin-1 reads them; the rest below are Windows-1252's own characters
        return at + 2
    if first >= 0xC5 and first <= 0xCB:
        point, width = (first & 0x1F) << 6 | second & 0x3F, 2
    elif first == 0xE2 and at + 2 < end:
        point, width = 0x2000 | (second & 0x3F) << 6 | np.int64(data[at + 2] & 0x3F), 3
    else:
        return 0
    index = np.searchsorted(tails, point)
    return at + width if index < len(tails) and tails[index] == point else 0
