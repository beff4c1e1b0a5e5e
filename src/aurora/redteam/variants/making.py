"""Variants of prompts by a model behind an endpoint, and what of its replies is left out.

One decision: a variant says what it was made of, how, by which model, and the hash of the request, so whoever doubts it
finds the very request; and it keeps the family of its prompt, so that a split never has one on either side.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aurora.errors import UserError
from aurora.redteam.endpoint.asking import ask_all
from aurora.redteam.endpoint.client import Client
from aurora.redteam.endpoint.request import Failure, Reply
from aurora.redteam.generating.apart import Apart
from aurora.redteam.generating.kept_out import MOST_OF_SETS, KeptOut
from aurora.redteam.generating.prompt import Prompt
from aurora.redteam.judge import Judge
from aurora.redteam.readable import is_unusable, other_language
from aurora.redteam.variants.replies import texts_of
from aurora.redteam.variants.ways import Asked, Wish, asked_of

LONGER = 6  # times its prompt a variant is an essay, and no request
ROOM = 300  # characters that any variant may have


@dataclass(frozen=True)
class Variant(Prompt):
    """A prompt that a model wrote; `made` says how."""

    made: dict[str, str]


@dataclass
class Made:
    """The variants of all prompts, in order; how many texts were left out for which reason; and what it cost."""

    variants: list[Variant] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    asked: int = 0
    kept: int = 0
    cost: float = 0.0


def make_variants(client: Client, prompts: Sequence[Prompt], wish: Wish, keep_out: KeptOut, cache: Path) -> Made:
    """Everything that is wished for of each prompt; `AuroraError` where the endpoint answers no more."""
    refuse_evaluation_sets(prompts, keep_out)
    asked = [one for prompt in prompts for one in asked_of(prompt, wish)]
    answers = ask_all(client, [one.request for one in asked], cache, "variants")
    made = Made(asked=len(asked), kept=answers.kept, cost=answers.cost)
    found: list[Variant] = []
    for one, answer in zip(asked, answers.answers, strict=True):
        found += _variants(one, answer, client, made.left_out)
    sets = keep_out.sets_of([variant.prompt for variant in found])
    made.left_out["of an evaluation set"] += sum(name is not None for name in sets)
    found = [variant for variant, name in zip(found, sets, strict=True) if name is None]
    apart = Apart()
    apart.take([prompt.prompt for prompt in prompts], [prompt.language for prompt in prompts])
    fits = apart.take([variant.prompt for variant in found], [variant.language for variant in found])
    made.left_out["too like another"] += len(found) - sum(fits)
    made.variants = [variant for variant, fit in zip(found, fits, strict=True) if fit]
    made.left_out = +made.left_out
    return made


def refuse_evaluation_sets(prompts: Sequence[Prompt], keep_out: KeptOut) -> None:
    """`UserError` for prompts that a model is measured on: nothing is made of them."""
    sets = [name for name in keep_out.sets_of([prompt.prompt for prompt in prompts]) if name is not None]
    if len(sets) > MOST_OF_SETS * len(prompts):
        raise UserError(
            f"{len(sets):,} of the {len(prompts):,} prompts are of the evaluation set {sets[0]}: what a model is "
            "measured on is not what it is tuned on; give other prompts."
        )
    if sets:
        raise UserError(
            f"{len(sets):,} of the {len(prompts):,} prompts are of evaluation sets ({', '.join(sorted(set(sets)))}): "
            "remove those (`aurora redteam generate --from ... --keep-out` leaves them out)."
        )


def _variants(asked: Asked, answer: Reply | Failure, client: Client, left_out: Counter[str]) -> Iterator[Variant]:
    if isinstance(answer, Failure):
        left_out[f"not answered ({answer.why})"] += asked.count
        return
    texts = texts_of(answer.text, asked.count)
    if not texts:
        left_out["refused by the model" if Judge().is_refusal(answer.text) else "no list"] += asked.count
    for text in texts:
        if reason := _wrong_with(text, asked):
            left_out[reason] += 1
            continue
        yield _variant(asked, text, client)


def _wrong_with(text: str, asked: Asked) -> str | None:
    if len(text) > max(ROOM, LONGER * len(asked.prompt.prompt)):
        return "too long"
    if Judge().is_refusal(text):
        return "refused by the model"
    if is_unusable(text):
        return "unreadable"
    return "in another language" if other_language(text, asked.language) else None


def _variant(asked: Asked, text: str, client: Client) -> Variant:
    prompt, endpoint = asked.prompt, client.endpoint
    made = {
        "how": asked.how,
        "of": prompt.id,
        "endpoint": endpoint.url,
        "model": endpoint.model,
        "request": asked.request.key(endpoint),
    } | ({"persona": asked.persona} if asked.persona else {})
    name = "\0".join([prompt.id, asked.how, asked.language, text])
    return Variant(
        id=hashlib.sha256(name.encode()).hexdigest()[:16],
        policy=prompt.policy,
        version=prompt.version,
        category=prompt.category,
        clause=prompt.clause,
        language=asked.language,
        kind=asked.kind,
        template=prompt.template,
        prompt=text,
        response="",
        twin=prompt.id if asked.kind != prompt.kind else prompt.twin,
        source=f"{asked.how} of {prompt.id} by {endpoint.model}",
        license=prompt.license,
        made=made,
    )
