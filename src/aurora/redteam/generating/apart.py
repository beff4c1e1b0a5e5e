"""Texts of which no two are near duplicates, as the corpus counts them.

One decision: one measure of likeness serves corpus and prompts, the MinHash signatures of `aurora.corpus.repeats`; what
came first stays.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from aurora.corpus.kernels.minhash import SIGNATURE, signatures
from aurora.corpus.repeats.duplicates import Signed, near
from aurora.recipe.corpus import Curation

SIMILARITY: float = Curation.model_fields["near_similarity"].default  # share of shingles, as a corpus has it


class Apart:
    """The texts that were taken so far, by group (a language)."""

    def __init__(self, similarity: float = SIMILARITY) -> None:
        self._similarity = similarity
        self._signed = np.zeros(0, SIGNATURE)
        self._groups: list[int] = []
        self._numbers: dict[str, int] = {}

    def take(self, texts: Sequence[str], groups: Sequence[str]) -> list[bool]:
        """Whether each text is unlike all that were taken and those before it, and so is taken now."""
        if not texts:
            return []
        signed = np.concatenate([self._signed, signatures(pa.array(texts, pa.large_string()))])
        numbers = [self._numbers.setdefault(group, len(self._numbers)) for group in groups]
        all_groups = np.array([*self._groups, *numbers], np.int32)
        order = np.arange(len(signed))
        lost = near(Signed([signed]), all_groups, order, order, self._similarity) >= 0
        lost[: len(self._signed)] = False  # a new text may join two that were taken
        self._signed = signed[~lost]
        self._groups = all_groups[~lost].tolist()
        return [not gone for gone in lost[len(lost) - len(texts) :].tolist()]


def near_duplicates(texts: Sequence[str], groups: Sequence[str], similarity: float = SIMILARITY) -> int:
    """How many of the texts are near duplicates of another before them."""
    return len(texts) - sum(Apart(similarity).take(texts, groups))
