from __future__ import annotations

from collections.abc import Iterator

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from aurora.console.terminal import plain
from aurora.tokens.text.decoding import pieces


@pytest.fixture
def tokenizer() -> Tokenizer:
    """Bytes as tokens, so that every character beyond ASCII is spread over several."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([], trainer)
    return tokenizer


@pytest.mark.parametrize("text", ["plain", "Hyvää päivää", "नमस्ते", "🙂 end", "a\nb\tc", "\N{REPLACEMENT CHARACTER}x"])
def test_characters_are_shown_whole(tokenizer: Tokenizer, text: str) -> None:
    shown = list(pieces(tokenizer, iter(tokenizer.encode(text).ids)))
    assert "".join(shown) == text
    assert len(shown) <= len(text)
    assert all(piece for piece in shown)


def test_a_character_that_never_ends_and_control_codes_are_marked(tokenizer: Tokenizer) -> None:
    half = tokenizer.encode("aä").ids[:-1]
    assert "".join(pieces(tokenizer, half)) == "a\N{REPLACEMENT CHARACTER}"
    steering = plain("".join(pieces(tokenizer, tokenizer.encode("\x1b[2Jx\r\x07").ids)))
    assert steering == "\ufffd[2Jx\ufffd\ufffd"


def test_pieces_come_as_soon_as_they_are_known(tokenizer: Tokenizer) -> None:
    asked = 0

    def ids() -> Iterator[int]:
        nonlocal asked
        for token in tokenizer.encode("aä").ids:
            asked += 1
            yield token

    shown = pieces(tokenizer, ids())
    assert next(shown) == "a"
    assert asked == 1
