"""Normalisation: one spelling for each text, without removing anything that a reader would see.

One decision: prose gets Unicode NFC and loses invisible characters, except joiners that have an effect (between letters
of Indic and Arabic scripts, inside emoji); code only gets plain line ends and loses control characters. Normalising
twice changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aurora.corpus.cleaning.normalise_pass import HARD, rewrite, scan
from aurora.corpus.kernels.columns import buffers_of, concatenated, text_at, texts_of
from aurora.languages.labels import CODE

if TYPE_CHECKING:
    import pyarrow as pa

# Controls except tab and line feed, the byte order mark, the soft hyphen, and invisible direction and width marks.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
# A joiner has an effect only between two letters or marks of a script that joins, or two parts of one emoji.
_JOINING = "\u0600-\u06ff\u0750-\u077f\u0900-\u0dff\u1780-\u17ff\u2600-\u27bf\ufe0f\U0001f000-\U0001faff"
_STRAY_JOINER = re.compile(f"(?<![{_JOINING}])[\u200c\u200d]+|[\u200c\u200d]+(?![{_JOINING}])")
_LINE_ENDS = re.compile("\r\n?|\u2028|\u2029")
# Form feeds and the like separate words; removing them would join the words.
_PAGE_ENDS = re.compile("[\x0b\x0c\x85]")
_TRAILING = re.compile("[ \t\u00a0\u3000]+$", re.MULTILINE)
_BLANK_LINES = re.compile("\n{3,}")


def normalise(text: str, lang: str) -> str:
    """The normalised text; code keeps its spacing and its characters."""
    text = _LINE_ENDS.sub("\n", text)
    if lang == CODE:
        return _CONTROLS.sub("", text)
    text = _INVISIBLE.sub("", _PAGE_ENDS.sub("\n", text))
    # Repeated, as the order of marks decides which joiners are stray, and removing one may reorder marks.
    while (joined := _STRAY_JOINER.sub("", text := unicodedata.normalize("NFC", text))) != text:
        text = joined
    return _BLANK_LINES.sub("\n\n", _TRAILING.sub("", text)).strip()


def normalise_batch(texts: pa.LargeStringArray, langs: Sequence[str]) -> pa.LargeStringArray:
    """The texts, each normalised as `normalise` does with its language; `texts` itself if none changes."""
    offsets, data = buffers_of(texts)
    code = np.fromiter((lang == CODE for lang in langs), np.bool_, len(langs))
    verdicts = scan(offsets, data, code)
    if not verdicts.any():
        return texts
    rows = np.flatnonzero(verdicts == HARD).tolist()
    hard = [normalise(text_at(offsets, data, row), langs[row]).encode() for row in rows]
    return texts_of(*rewrite(offsets, data, code, verdicts, concatenated(hard)))
