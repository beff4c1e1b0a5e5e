"""Fill-in-the-middle: pieces of documents split in three and reordered, so that a model learns to write a middle.

One decision: the piece of a document that is in a sequence is split when the sequence is laid out, so markers, prefix,
suffix and middle are always in it together; split earlier, most middles of long documents would be read without their
context. Stores hold plain text, and whether and where a piece is split depends on its number alone. The rule is that of
StarCoder's training (its fork of Megatron-LM; Bavarian et al., "Efficient training of language models to fill in the
middle", arXiv 2207.14255): two positions are drawn, the three parts are encoded separately, and the end of the suffix
is cut to make room for the markers.

    PSM  [prefix] prefix [suffix] suffix [middle] middle
    SPM  [prefix] [suffix] suffix [middle] prefix middle
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from aurora.errors import UserError
from aurora.recipe.tokens import Infilling
from aurora.tokens.mixture import permuted
from aurora.tokens.text.encoder import HuggingFaceEncoder
from aurora.tokens.text.text_facts import INFILLING, TextFacts

Ids = npt.NDArray[np.integer[Any]]

# Of so many consecutive pieces, exactly the stated share is split.
BLOCK = 1000
SHORTEST = 8  # tokens; a shorter piece has no room for three markers and something to learn
# The published rule leaves a piece whole if the suffix is shorter than the room that the markers need. Positions are
# drawn again instead, so that the share of split pieces stays what the recipe says.
DRAWS = 8
# Decoding part of a character, which has at most CHARACTER bytes, gives this.
BROKEN = "\N{REPLACEMENT CHARACTER}"
CHARACTER = 4
JOINED = "one two  three"  # single and double spaces, by which other than byte-level tokenizers betray themselves


class Infiller:
    """Splits the pieces of one source. Raises `UserError` for a tokenizer without markers, or not byte-level."""

    def __init__(self, text: TextFacts, settings: Infilling, source: str) -> None:
        if text.markers is None:
            raise UserError(
                f"tokens.infilling needs a tokenizer with the tokens {', '.join(INFILLING[0])}: use one, or leave out "
                "tokens.infilling."
            )
        self._markers = text.markers
        self._tokenizer = text.tokenizer
        self._encoder = HuggingFaceEncoder(text.tokenizer)
        self._settings = settings
        self._source = source
        added = text.tokenizer.get_added_tokens_decoder()
        self._special = np.array([index for index, token in added.items() if token.special], np.int64)
        parts = [self._encoder.encode([JOINED[:cut], JOINED[cut:]]) for cut in range(len(JOINED))]
        if any(self._text(np.concatenate(part)) != JOINED for part in parts):
            raise UserError(
                "tokens.infilling needs a byte-level tokenizer, as this one changes the white space of a text encoded "
                "in parts: use one, or leave out tokens.infilling."
            )

    def order(self, n: int) -> str | None:
        """The order of piece n's parts, `psm` or `spm`; None if it stays whole."""
        rank = permuted(n % BLOCK, BLOCK, f"infilling\0{self._source}\0{n // BLOCK}")
        if rank >= round(self._settings.rate * BLOCK):
            return None
        return "spm" if rank < round(self._settings.rate * self._settings.suffix_first * BLOCK) else "psm"

    def infilled(self, ids: Ids, n: int) -> Ids:
        """Piece n with its parts reordered between markers, as long as before; unchanged if it stays whole.

        A piece with a special token in it, or without room for the markers, stays whole too.
        """
        order = self.order(n)
        if order is None or len(ids) < SHORTEST or np.isin(ids, self._special).any():
            return ids
        head, tail = self._whole_characters(ids)
        text = self._text(ids[head:tail])
        for draw in range(DRAWS):
            first, second = self._drawn(n, draw, len(text))
            prefix, middle, suffix = self._encoder.encode([text[:first], text[first:second], text[second:]])
            prefix, suffix = np.concatenate([ids[:head], prefix]), np.concatenate([suffix, ids[tail:]])
            room = len(prefix) + len(middle) + len(suffix) + 3 - len(ids)
            if room < 0 or self._text(np.concatenate([prefix, middle, suffix])) != self._text(ids):
                return ids  # encoded differently than this tokenizer does, in a store made elsewhere: left as it is
            if len(suffix) > room:
                return self._ordered(order, prefix, middle, suffix[: len(suffix) - room])
        return ids

    def _ordered(self, order: str, prefix: Ids, middle: Ids, suffix: Ids) -> Ids:
        markers = self._markers
        if order == "spm":
            parts = [[markers.prefix, markers.suffix], suffix, [markers.middle], prefix, middle]
        else:
            parts = [[markers.prefix], prefix, [markers.suffix], suffix, [markers.middle], middle]
        return np.concatenate([np.asarray(part, np.int64) for part in parts])

    def _drawn(self, n: int, draw: int, length: int) -> list[int]:
        """Two positions in a text, uniformly drawn, sorted."""
        digest = hashlib.blake2b(f"{self._source}\0{n}\0{draw}".encode(), digest_size=16).digest()
        return sorted(int.from_bytes(half, "little") % (length + 1) for half in (digest[:8], digest[8:]))

    def _whole_characters(self, ids: Ids) -> tuple[int, int]:
        """Where whole characters begin and end in a piece: at the end of a sequence, a character may be cut."""
        skipped = range(CHARACTER)
        near = 2 * CHARACTER
        head = next((k for k in skipped if not self._text(ids[k : k + near]).startswith(BROKEN)), 0)
        last = len(ids)
        cut = next((k for k in skipped if not self._text(ids[last - k - near : last - k]).endswith(BROKEN)), 0)
        return head, last - cut

    def _text(self, ids: Ids) -> str:
        text: str = self._tokenizer.decode(ids.tolist(), skip_special_tokens=False)
        return text
