"""Refusal and over-refusal: does the model decline what the policy forbids, and answer what only looks like it?

One decision: the rates come from answers the model really generates (greedily) to held-out prompts whose templates were
never trained on, and every answer is kept, so that a sceptic can read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aurora.model.generation import generate
from aurora.recipe.tokens import AURORA
from aurora.redteam.dataset import Item
from aurora.redteam.judge import is_refusal
from aurora.tokens.formats import format_prompt

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from aurora.model.gpt_bigcode import GPTBigCode


@dataclass(frozen=True)
class Answer:
    """A held-out item, what the model answered and how it was judged."""

    item: Item
    answer: str
    refused: bool


def choose_items(items: Iterable[Item], per_language_and_kind: int) -> list[Item]:
    """The first items of each language and kind (the held-out file is ordered to cover categories evenly)."""
    counts: dict[tuple[str, str], int] = {}
    chosen: list[Item] = []
    for item in items:
        key = (item.language, item.kind)
        if counts.get(key, 0) < per_language_and_kind:
            counts[key] = counts.get(key, 0) + 1
            chosen.append(item)
    return chosen


def answer_items(
    model: GPTBigCode, tokenizer: Tokenizer, items: Sequence[Item], num_tokens: int, style: str = AURORA
) -> list[Answer]:
    """Greedy answers of at most `num_tokens` tokens to every item's prompt in the format `style`, judged."""
    prompts = [tokenizer.encode(format_prompt(item.prompt, style), add_special_tokens=False).ids for item in items]
    texts = tokenizer.decode_batch(generate(model, [[0, *ids] for ids in prompts], num_tokens))
    return [Answer(item, text, is_refusal(text, item.language)) for item, text in zip(items, texts, strict=True)]


def refusal_rates(answers: Sequence[Answer]) -> dict[str, Any]:
    """Rates over all answers and `by_language`: {refusal_rate, over_refusal_rate, harmful_prompts, benign_prompts}."""
    languages = sorted({answer.item.language for answer in answers})
    by_language = {
        language: _rates([answer for answer in answers if answer.item.language == language]) for language in languages
    }
    return {**_rates(answers), "by_language": by_language}


def _rates(answers: Sequence[Answer]) -> dict[str, Any]:
    harmful = [answer.refused for answer in answers if answer.item.kind == "harmful"]
    benign = [answer.refused for answer in answers if answer.item.kind == "benign"]
    return {
        "refusal_rate": sum(harmful) / len(harmful) if harmful else None,
        "over_refusal_rate": sum(benign) / len(benign) if benign else None,
        "harmful_prompts": len(harmful),
        "benign_prompts": len(benign),
    }
