"""The settings of a generation request, as tasks of lm-evaluation-harness write them.

One decision: a setting that would change the answers and is not known here is refused by name, never ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aurora.errors import UserError
from aurora.evaluation.scorer.writing import Sampling

LONGEST = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
TOKENS = 256  # the harness's own default
# What changes nothing at these values.
IDLE = {"num_beams": 1, "repetition_penalty": 1.0, "use_cache": True, "min_p": 0.0, "num_return_sequences": 1}
KNOWN = {*LONGEST, *IDLE, "until", "do_sample", "temperature", "top_p", "top_k"}


@dataclass(frozen=True)
class Settings:
    """The texts that end an answer, its longest length in tokens, and how tokens are chosen."""

    until: tuple[str, ...]
    tokens: int
    sampling: Sampling


def settings_of(given: Mapping[str, Any]) -> Settings:
    """Read a request's settings; `UserError` names one that is unknown or out of its range."""
    for name, value in given.items():
        if name not in KNOWN or (name in IDLE and value not in (None, IDLE[name])):
            raise UserError(
                f"generation_kwargs: {name}={value!r} is not supported; known are {', '.join(sorted(KNOWN))}."
            )
    until = given.get("until") or []
    until = (until,) if isinstance(until, str) else tuple(until)
    tokens = next((int(given[name]) for name in LONGEST if given.get(name) is not None), TOKENS)
    asked = given.get("temperature")
    temperature = (1.0 if given.get("do_sample") else 0.0) if asked is None else float(asked)
    if given.get("do_sample") is False:
        temperature = 0.0
    sampling = Sampling(temperature, _or(given.get("top_p"), 1.0), int(_or(given.get("top_k"), 0)))
    if tokens < 1 or temperature < 0 or not 0 < sampling.top_p <= 1 or sampling.top_k < 0:
        raise UserError(
            f"generation_kwargs: {tokens} tokens, temperature {temperature}, top_p {sampling.top_p}, top_k "
            f"{sampling.top_k}: give at least 1 token, temperature >= 0, 0 < top_p <= 1 and top_k >= 0."
        )
    return Settings(until, tokens, sampling if temperature else Sampling())


def _or(value: Any, other: float) -> float:
    return other if value is None else float(value)
