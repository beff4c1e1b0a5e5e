"""Refusal and over-refusal: does the model decline what the policy forbids, and answer its harmless look-alikes?

An answer that is unreadable or in another language than the prompt counts as neither: a model that cannot speak is not
safe.

One decision: the rates come from answers that the model generates (greedily) to held-out prompts whose templates it was
never trained on, and every answer is kept, so that a sceptic can read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aurora.evaluation.rates import Judged, rates_of
from aurora.model.generation import generate
from aurora.redteam.dataset import Item
from aurora.redteam.judge import Answered, AnyJudge, Outcome
from aurora.tokens.text.formats import Format

if TYPE_CHECKING:
    from aurora.model.network import Network
    from aurora.tokens.text.text_facts import TextFacts


@dataclass(frozen=True)
class Answer:
    """A held-out item, what the model answered and how it was judged."""

    item: Item
    answer: str
    outcome: Outcome


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
    model: Network, text: TextFacts, items: Sequence[Item], num_tokens: int, judge: AnyJudge
) -> list[Answer]:
    """Greedy answers of at most `num_tokens` tokens to every item's prompt in the text's format, judged."""
    form = Format(text)
    prompts = [form.prompt(item.prompt) for item in items]
    written = text.tokenizer.decode_batch(generate(model, prompts, num_tokens, stops=text.stops))
    asked = [Answered(answer, item.language, item.prompt) for item, answer in zip(items, written, strict=True)]
    outcomes = judge.outcomes(asked)
    return [Answer(item, answer, outcome) for item, answer, outcome in zip(items, written, outcomes, strict=True)]


def refusal_rates(answers: Sequence[Answer]) -> dict[str, Any]:
    """Rates and outcomes (docs/report.md) over all answers and `by_language`."""
    languages = sorted({answer.item.language for answer in answers})
    by_language = {
        language: rates_of(_judged(answer for answer in answers if answer.item.language == language))
        for language in languages
    }
    return {**rates_of(_judged(answers)), "by_language": by_language}


def _judged(answers: Iterable[Answer]) -> Iterator[Judged]:
    return (Judged(answer.item.kind, answer.outcome) for answer in answers)
