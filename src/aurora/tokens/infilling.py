"""Fill-in-the-middle: documents cut in three and put in another order, so that a model learns to write a middle.

One decision: whether and where document n of a source is cut follows from n alone, before documents are joined, so no
cut crosses a document's border and encoding again gives the same store. Both orders are StarCoder's, cut on characters
(Bavarian et al., "Efficient training of language models to fill in the middle", 2022):

    PSM  [prefix] prefix [suffix] suffix [middle] middle
    SPM  [prefix] [suffix] suffix [middle] prefix and middle
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aurora.errors import UserError
from aurora.recipe.tokens import Infilling
from aurora.tokens.encoder import Encoder
from aurora.tokens.mixture import permuted
from aurora.tokens.text_facts import INFILLING, Markers, TextFacts

Ids = npt.NDArray[np.uint32]

# Of so many documents in a row, exactly the stated share is cut.
BLOCK = 1000


@dataclass(frozen=True)
class Cut:
    """A document in three parts; `suffix_first` says the order is SPM."""

    prefix: str
    middle: str
    suffix: str
    suffix_first: bool

    @property
    def pieces(self) -> tuple[str, ...]:
        """The texts to encode, in the order they stand in."""
        if self.suffix_first:
            return self.suffix, self.prefix + self.middle
        return self.prefix, self.suffix, self.middle


def markers_of(text: TextFacts) -> Markers:
    """The tokenizer's markers; `UserError` where it has none."""
    if text.markers is None:
        raise UserError(f"tokens.infilling needs a tokenizer with the tokens {', '.join(INFILLING[0])}: leave it away.")
    return text.markers


def cut(n: int, text: str, source: str, infilling: Infilling) -> Cut | None:
    """Document n of a source in three parts, or None where it stays whole."""
    place = permuted(n % BLOCK, BLOCK, f"infilling\0{source}\0{n // BLOCK}")
    if place >= round(infilling.rate * BLOCK):
        return None
    digest = hashlib.blake2b(f"{source}\0{n}".encode(), digest_size=16).digest()
    first, second = sorted(int.from_bytes(half, "little") % (len(text) + 1) for half in (digest[:8], digest[8:]))
    suffix_first = place < round(infilling.rate * infilling.suffix_first * BLOCK)
    return Cut(text[:first], text[first:second], text[second:], suffix_first)


def encode_infilled(encoder: Encoder, texts: Sequence[str], cuts: Sequence[Cut | None], markers: Markers) -> list[Ids]:
    """The ids of each text, with its parts and markers in their order where it is cut."""
    pieces = [found.pieces if found else (text,) for text, found in zip(texts, cuts, strict=True)]
    encoded = iter(encoder.encode([piece for part in pieces for piece in part]))
    return [_joined([next(encoded) for _ in part], markers) for part in pieces]


def original_order(ids: Sequence[int], markers: Markers) -> list[int]:
    """A document's ids (without end-of-text) with its parts as they were written and no markers."""
    found = list(ids)
    if not found or found[0] != markers.prefix or markers.middle not in found:
        return found
    suffix, middle = found.index(markers.suffix), found.index(markers.middle)
    return found[1:suffix] + found[middle + 1 :] + found[suffix + 1 : middle]


def _joined(parts: list[Ids], markers: Markers) -> Ids:
    if len(parts) == 1:
        return parts[0]
    before = [[markers.prefix], [markers.suffix], [markers.middle]]
    if len(parts) == 2:
        before = [[markers.prefix, markers.suffix], [markers.middle]]
    return np.concatenate([np.array(part, np.uint32) for pair in zip(before, parts, strict=True) for part in pair])
