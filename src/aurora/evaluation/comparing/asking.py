"""A model at hand, asked everything that is planned: its results.

One decision: commands and runs ask in the same way, so a stage's figures in a report are those of `aurora evaluate`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aurora.evaluation.comparing.results import identity, results_of
from aurora.evaluation.scorer.lm import AuroraLM
from aurora.evaluation.tasks.planned import Planned, Wanted
from aurora.evaluation.tasks.prepared import Asked, prepare
from aurora.evaluation.tasks.running import ask

if TYPE_CHECKING:
    from aurora.model.network import Network
    from aurora.tokens.text.text_facts import TextFacts
    from aurora.training.process.job import Job


def asked_model(
    path: Path,
    network: Network,
    text: TextFacts,
    planned: Sequence[Planned],
    wanted: Wanted,
    left_out: Mapping[str, str],
    job: Job | None = None,
) -> dict[str, Any]:
    """The results of the model at `path`; `left_out` has what was wanted and lacks something, with the reason."""
    lm = AuroraLM(network, text, start_always=True, cache=wanted.cache, job=job)
    asked = prepared_for(lm, planned, wanted)
    items = {part.task.name: part.items for part in planned}
    with lm.unchanged():
        scored = ask(lm, asked, unsafe_code=wanted.unsafe_code, job=job)
    return results_of(identity(path, network, text), asked, scored, items, settings_of(wanted, left_out))


def prepared_for(lm: AuroraLM, planned: Sequence[Planned], wanted: Wanted) -> list[Asked]:
    """Every task in every wording, with its requests for a model."""
    return [
        one
        for part in planned
        for one in prepare(
            part.task,
            part.items,
            part.wordings,
            lm,
            limit=part.limit,
            shots=wanted.shots,
            chat=wanted.chat,
            samples=wanted.samples,
        )
    ]


def settings_of(wanted: Wanted, left_out: Mapping[str, str]) -> dict[str, Any]:
    """What results say of how they were asked for."""
    return {
        "suites": list(wanted.suites),
        "tasks": list(wanted.tasks),
        "limit": wanted.limit,
        "shots": wanted.shots,
        "chat": wanted.chat,
        "samples": wanted.samples,
        "start_token": True,
        "left_out": dict(left_out),
    }
