"""Paragraphs in another language than their document's: untranslated parts, quotations, comments.

One decision: only documents that a look found mixed are gone through, and only what is surely in another language goes:
a paragraph long enough to tell, by the same rule that drops a document. Code in a text about it stays.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aurora.corpus.cleaning.code_look import LEAST_SHARE, code_share
from aurora.corpus.cleaning.identify import SHORTEST, Identifier, Languages, contradicts, denies
from aurora.corpus.kernels.columns import buffers_of, concatenated, replaced, text_at
from aurora.languages.labels import CODE

# Percent of what was looked at in the document's language, below which its languages are said to be mixed.
MIXED_BELOW = 80
FENCE = "```"


def is_mixed(found: Languages) -> npt.NDArray[np.bool_]:
    """Which documents are partly in their language, and partly in others."""
    return (found.percents > 0) & (found.percents < MIXED_BELOW)


def drop_other_paragraphs(
    texts: pa.LargeStringArray, found: Languages, identifiers: Sequence[Identifier]
) -> tuple[pa.LargeStringArray, npt.NDArray[np.int32]]:
    """The texts of mixed documents without the paragraphs that all identifiers find in another language, and how many
    these are; `texts` itself where there are none."""
    offsets, data = buffers_of(texts)
    dropped = np.zeros(len(texts), np.int32)
    shorter: dict[int, bytes] = {}
    for row in np.flatnonzero(is_mixed(found)).tolist():
        lang = found.langs[row]
        if lang != CODE and found.losses[row] is None:
            paragraphs = text_at(offsets, data, row).split("\n\n")
            own = [paragraph for paragraph in paragraphs if not _is_other(paragraph, lang, identifiers)]
            if own and len(own) < len(paragraphs):
                shorter[row] = "\n\n".join(own).encode()
                dropped[row] = len(paragraphs) - len(own)
    return replaced(texts, shorter), dropped


def _is_other(paragraph: str, lang: str, identifiers: Sequence[Identifier]) -> bool:
    raw = paragraph.encode()
    able = [identifier for identifier in identifiers if identifier.knows(lang)]
    if not able or len(raw) < SHORTEST or not contradicts(able[0].identify(raw), lang):
        return False
    if not all(denies(one.identify(raw), lang) for one in able[1:]):
        return False
    return FENCE not in paragraph and code_share(*concatenated([raw]))[0][0] < LEAST_SHARE
