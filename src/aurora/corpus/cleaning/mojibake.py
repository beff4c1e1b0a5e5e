"""Mojibake: UTF-8 that was read as Latin-1 or Windows-1252 on its way here, and is read rightly again.

One decision: a compiled pass looks for what only a wrong reading makes likely, the bytes of one character as two to
four characters side by side ("Ã¤", "â€™", "à¤•"); ftfy is asked about the lines that hold such a run, and no others.
What it gives back is taken where hardly anything looks wrong still. A text about such readings stays as it is: it shows
words beside what became of them, or speaks of encodings and holds those words, or single characters, anywhere.
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

# What Windows-1252 makes of the bytes 80 to 9F; Latin-1 makes controls of them, and of those up to BF what both do.
_WINDOWS = "".join(bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xA0))
_TAIL = f"[\x80-\xbf{_WINDOWS}]"
# Of what looks wrong in a line, a third may be left: bytes were lost on the way as well.
_LEFT = 3
_RUN = re.compile(f"[\xc2-\xdf]{_TAIL}|[\xe0-\xef]{_TAIL}{{2}}|[\xf0-\xf4]{_TAIL}{{3}}")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
# A run of a character or two that stands apart, as an example does, and no word of a text that was read wrongly.
_APART = re.compile(rf"(?<![^\W\d_])(?:{_RUN.pattern}){{1,2}}(?![^\W\d_])")
# Names of encodings, the same in every language, and words for what goes wrong with them in those that have one.
_ABOUT = re.compile(
    r"utf-?(?:8|16|32)|unicode|latin-?[19]\b|iso[ -]?8859|windows-?12\d\d|\bcp-?12\d\d|mojibake|code[ck]s?\b|charset|"
    r"character (?:set|encoding)|\b(?:en|de)cod(?:e|ing)|文字化け|文字コード|エンコード|merkistö|koodaus|mã hóa|"
    r"bảng mã|यूनिकोड|कूटलेखन",
    re.IGNORECASE,
)


def repair_batch(texts: pa.LargeStringArray, langs: Sequence[str]) -> tuple[pa.LargeStringArray, npt.NDArray[np.int32]]:
    """The texts with wrong readings undone, and which were changed, 1 or 0; code stays.

    `texts` itself where none was changed.
    """
    offsets, data = buffers_of(texts)
    repaired = np.zeros(len(texts), np.int32)
    pieces: dict[int, bytes] = {}
    for row in np.flatnonzero(suspected(offsets, data)).tolist():
        if langs[row] != CODE:
            text = text_at(offsets, data, row)
            found = repair(text)
            if found != text:
                pieces[row] = found.encode()
                repaired[row] = 1
    return replaced(texts, pieces), repaired


def repair(text: str) -> str:
    """The text, each suspected line as ftfy reads it, but where it shows what wrong readings look like."""
    told = frozenset(_words(text)) if _ABOUT.search(text) else None
    return "\n".join(_repaired(line, told) if _RUN.search(line) else line for line in text.split("\n"))


def _repaired(line: str, told: frozenset[str] | None) -> str:
    import ftfy
    from ftfy.badness import badness

    found = ftfy.fix_encoding(line)
    if found == line or badness(found) * _LEFT > badness(line):
        return line
    return line if _is_shown(line, found, told) else found


def _is_shown(line: str, found: str, told: frozenset[str] | None) -> bool:
    """Whether a line shows wrong readings on purpose: each word that repairing would make stands in it rightly as well,
    or in a text about encodings (of the words `told`) stands anywhere, or is no word but a character by itself."""
    before = Counter(_words(line))
    made = {word for word in Counter(_words(found)) - before if not word.isascii()}
    if made and made <= before.keys():
        return True
    if told is None:
        return False
    return (bool(made) and made <= told) or _RUN.search(_APART.sub("", line)) is None


def _words(text: str) -> list[str]:
    found: list[str] = _WORD.findall(text.casefold())
    return found


def suspected(offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Which documents hold the bytes of a character as characters of their own; `offsets` int64 [documents + 1] into
    the UTF-8 of `data`."""
    found = np.zeros(len(offsets) - 1, np.bool_)
    _suspected(offsets, data, _tails(), found)
    return found


def _tails() -> npt.NDArray[np.int64]:
    """The code points of _WINDOWS, in order."""
    return np.array(sorted(map(ord, _WINDOWS)), np.int64)


@entry_point
def _suspected(offsets, data, tails, found):  # type: ignore[no-untyped-def]
    for document in range(len(offsets) - 1):
        end = offsets[document + 1]
        for at in range(offsets[document], end - 1):
            if data[at] == 0xC3 and data[at + 1] >= 0x82 and data[at + 1] <= 0xB4:
                lead = data[at + 1] + 0x40
                tail = at + 2
                for _ in range(1 + (lead >= 0xE0) + (lead >= 0xF0)):
                    tail = _after_tail(data, tail, end, tails)
                    if tail == 0:
                        break
                if tail:
                    found[document] = True
                    break


@compiled
def _after_tail(data, at, end, tails):  # type: ignore[no-untyped-def]
    """Where the character after the one at `at` begins, if that one may be a byte 80 to BF read wrongly; else 0."""
    if at + 1 >= end:
        return 0
    first, second = np.int64(data[at]), np.int64(data[at + 1])
    if first == 0xC2:
        return at + 2
    if first >= 0xC5 and first <= 0xCB:
        point, width = (first & 0x1F) << 6 | second & 0x3F, 2
    elif first == 0xE2 and at + 2 < end:
        point, width = 0x2000 | (second & 0x3F) << 6 | np.int64(data[at + 2] & 0x3F), 3
    else:
        return 0
    place = np.searchsorted(tails, point)
    return at + width if place < len(tails) and tails[place] == point else 0
