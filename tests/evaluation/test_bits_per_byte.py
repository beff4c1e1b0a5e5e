from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.corpus.conversation import ASSISTANT, USER, Turn
from aurora.evaluation.bits_per_byte import answer_windows, bits_of_windows, bits_per_byte, windows_of
from aurora.recipe.tokens import TrainedTokenizer
from aurora.tokens.text.formats import Format
from aurora.tokens.text.text_facts import FILE, read_text
from aurora.tokens.text.tokenizer import train_tokenizer
from byte_text import of_bytes


class Uniform(torch.nn.Module):
    """Predicts every one of `vocabulary` tokens alike."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.nats = torch.nn.Parameter(torch.tensor(math.log(vocabulary)))

    def token_losses(self, tokens: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        assert tokens.shape == targets.shape
        return self.nats.detach().expand(tokens.shape)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=6), st.integers(1, 9))
def test_a_uniform_model_needs_the_logarithm_of_its_vocabulary(texts: list[str], length: int) -> None:
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    windows = windows_of(texts, of_bytes(), length)
    num_bytes = sum(len(text.encode()) for text in texts)
    assert windows.num_bytes == num_bytes
    assert int(windows.mask.sum()) == num_bytes
    score = bits_per_byte(Uniform(256), windows)  # type: ignore[arg-type]
    assert math.isnan(score) if not num_bytes else score == pytest.approx(8)
    of_windows = bits_of_windows(Uniform(256), windows)  # type: ignore[arg-type]
    assert of_windows == pytest.approx(8 * windows.mask.sum(1))
    assert windows.by_text(of_windows, len(texts)) == pytest.approx([8 * len(text.encode()) for text in texts])


def test_windows_hold_every_token_once_after_what_precedes_it() -> None:
    text = of_bytes(start=300, pad=301)
    windows = windows_of(["abcde"], text, 2)
    ids = text.encode("abcde")
    assert windows.tokens.tolist() == [[300, ids[0], ids[1]], [ids[1], ids[2], ids[3]], [ids[3], ids[4], 301]]
    assert windows.mask.tolist() == [[True, True], [True, True], [True, False]]


def test_answers_count_after_their_prompts_without_the_tokens_that_end_them(tmp_path: Path) -> None:
    train_tokenizer(["Why is it so?"], TrainedTokenizer(vocabulary=300)).save(str(tmp_path / FILE))
    form = Format(read_text(tmp_path))
    talk = [Turn(USER, "Why?"), Turn(ASSISTANT, "Näin."), Turn(USER, "So?"), Turn(ASSISTANT, "No.", learnt=False)]
    ids, counted = form.conversation(talk)
    windows = answer_windows([talk, talk[:2], [Turn(USER, "x" * 200), talk[1]]], form, len(ids))
    assert windows.num_bytes == 2 * len("Näin.".encode())
    assert windows.tokens[0].tolist() == [*ids, form.facts.pad]
    for tokens, mask in zip(windows.tokens, windows.mask, strict=True):
        assert form.facts.tokenizer.decode(tokens[1:][mask].tolist()) == "Näin."
    assert int(windows.mask.sum()) == 2 * (sum(counted) - 1)
    assert answer_windows([talk], form, len(ids) - 1).num_bytes == len("Näin.".encode())
    far = [[Turn(USER, "x y " * prompt), talk[1]] for prompt in (1, 40, 90)]
    score = bits_per_byte(Uniform(256), answer_windows(far, form, 600))  # type: ignore[arg-type]
    assert score == pytest.approx(8 * len(form.facts.encode("Näin.")) / len("Näin.".encode()))
    assert math.isnan(bits_per_byte(Uniform(300), answer_windows([talk], form, 5)))  # type: ignore[arg-type]
