"""Paragraphs in another language than their document's: untranslated parts, quotations, comments.

One decision: only documents that identification found mixed are examined, and a paragraph is removed only if it is
certainly in another language: long enough, and by the same rule that drops a document. Code in a text about it stays.
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

# Percent of the examined text in the document's language below which it counts as mixed.
MIXED_BELOW = 80
FENCE = "```"


def is_mixed(languages: Languages) -> npt.NDArray[np.bool_]:
    """Which documents are partly in their language and partly in others."""
    return (languages.percents > 0) & (languages.percents < MIXED_BELOW)


def drop_other_paragraphs(
    texts: pa.LargeStringArray, languages: Languages, identifiers: Sequence[Identifier]
) -> tuple[pa.LargeStringArray, npt.NDArray[np.int32]]:
    """The texts without paragraphs of mixed documents that all identifiers find in another language, and the number of
    these; `texts` itself if there are none."""
    offsets, data = buffers_of(texts)
    dropped = np.zeros(len(texts), np.int32)
    shorter: dict[int, bytes] = {}
    for row in np.flatnonzero(is_mixed(languages)).tolist():
        lang = languages.langs[row]
        if lang != CODE and languages.losses[row] is None:
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
    if not all(denies(identifier.identify(raw), lang) for identifier in able[1:]):
        return False
    return FENCE not in paragraph and code_share(*concatenated([raw]))[0][0] < LEAST_SHARE
