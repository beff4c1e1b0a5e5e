"""A tokenizer whose every token is one byte, so that tests can say by hand what a text becomes."""

from __future__ import annotations

from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel

from aurora.tokens.text.text_facts import TextFacts


def of_bytes(start: int = 0, pad: int = 0) -> TextFacts:
    """The facts of a text of bytes that begins with the id `start`."""
    alphabet = sorted(ByteLevel.alphabet())
    tokenizer = Tokenizer(BPE({character: index + 1 for index, character in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = ByteLevelDecoder()
    return TextFacts(tokenizer, start, start, (start,), pad, None, None, {})
