"""Fill-in-the-middle: pieces of documents cut in three and put in another order, so that a model learns to write a
middle.

One decision: what is cut is the piece of a document that lies in a sequence, when the sequence is laid out, so markers,
prefix, suffix and middle always stand in it together; cut before, most middles of long documents would be read without
what is around them. Stores hold plain text, and whether and where a piece is cut follows from its number alone. The
rule is that of StarCoder's training (its fork of Megatron-LM; Bavarian et al., "Efficient training of language models
to fill in the middle", 2022): two characters are drawn, the three parts are encoded apart, and the end of the suffix
makes room for the markers.

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

# Of so many pieces in a row, exactly the stated share is chosen.
BLOCK = 1000
# Tokens; a shorter piece has no room for three markers and something to learn.
SHORTEST = 8
# The published rule leaves a piece whole where the suffix is shorter than the markers' room. Drawn again, the share
# that is cut stays what the recipe says.
DRAWS = 8
# What decoding gives for a part of a character, which has at most CHARACTER bytes.
BROKEN = "\N{REPLACEMENT CHARACTER}"
CHARACTER = 4
JOINED = "one two  three"


class Infiller:
    """Cuts the pieces of one source. Raises `UserError` for a tokenizer that has no markers, or no free pieces."""

    def __init__(self, text: TextFacts, settings: Infilling, source: str) -> None:
        if text.markers is None:
            raise UserError(
                f"tokens.infilling needs a tokenizer with the tokens {', '.join(INFILLING[0])}: leave it away."
            )
        self._markers = text.markers
        self._tokenizer = text.tokenizer
        self._encoder = HuggingFaceEncoder(text.tokenizer)
        self._settings = settings
        self._source = source
        added = text.tokenizer.get_added_tokens_decoder()
        self._special = np.array([index for index, token in added.items() if token.special], np.int64)
        parts = [self._encoder.encode([JOINED[:place], JOINED[place:]]) for place in range(len(JOINED))]
        if any(self._text(np.concatenate(part)) != JOINED for part in parts):
            raise UserError(
                "tokens.infilling needs a byte-level tokenizer: this one gives a text that is encoded in parts another "
                "white space. Leave it away."
            )

    def order(self, n: int) -> str | None:
        """Whether piece n is cut, and to which order: `psm`, `spm`, or None."""
        place = permuted(n % BLOCK, BLOCK, f"infilling\0{self._source}\0{n // BLOCK}")
        if place >= round(self._settings.rate * BLOCK):
            return None
        return "spm" if place < round(self._settings.rate * self._settings.suffix_first * BLOCK) else "psm"

    def infilled(self, ids: Ids, n: int) -> Ids:
        """Piece n with its parts and markers in their order, as long as before; as it is where it stays whole.

        That is also one with a special token in it, or without room.
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
                return ids  # made of other pieces than this tokenizer gives: its text is not touched
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
        """Two places of a text, any of them as likely, in order."""
        digest = hashlib.blake2b(f"{self._source}\0{n}\0{draw}".encode(), digest_size=16).digest()
        return sorted(int.from_bytes(half, "little") % (length + 1) for half in (digest[:8], digest[8:]))

    def _whole_characters(self, ids: Ids) -> tuple[int, int]:
        """Where whole characters begin and end in a piece: where a sequence ends, tokens may hold parts of one."""
        skipped = range(CHARACTER)
        near = 2 * CHARACTER
        head = next((k for k in skipped if not self._text(ids[k : k + near]).startswith(BROKEN)), 0)
        last = len(ids)
        cut = next((k for k in skipped if not self._text(ids[last - k - near : last - k]).endswith(BROKEN)), 0)
        return head, last - cut

    def _text(self, ids: Ids) -> str:
        text: str = self._tokenizer.decode(ids.tolist(), skip_special_tokens=False)
        return text
