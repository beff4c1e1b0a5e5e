"""What the model writes: one continuation per language, so that a reader sees what the numbers stand for.

One decision: greedy decoding from the opening of a held-out document, so a sample is a fact about the checkpoint, not a
lucky draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aurora.evaluation.held_out import HeldOutText
from aurora.model.generation import generate

if TYPE_CHECKING:
    from aurora.model.network import Network
    from aurora.tokens.text.text_facts import TextFacts

# About a dozen words: enough to set language and topic, too few to give the continuation away.
OPENING_TOKENS = 16


@dataclass(frozen=True)
class Sample:
    """An opening and what the model wrote after it."""

    language: str
    prompt: str
    text: str


def write_samples(model: Network, text: TextFacts, held_out: list[HeldOutText], num_tokens: int) -> list[Sample]:
    """One greedy continuation of `num_tokens` tokens for each language that has held-out text."""
    openings = [(part.language, text.encode(part.texts[0])[:OPENING_TOKENS]) for part in held_out if part.texts]
    if not num_tokens:
        return []
    answers = generate(model, [[text.start, *ids] for _, ids in openings], num_tokens, stops=text.stops)
    return [
        Sample(language, text.tokenizer.decode(ids), text.tokenizer.decode(answer))
        for (language, ids), answer in zip(openings, answers, strict=True)
    ]
