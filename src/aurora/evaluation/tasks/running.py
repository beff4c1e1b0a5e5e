"""Asking a model: all requests of all tasks at once, then a score for every item.

One decision: a model gets one list of requests, whatever the tasks, so that it can order and share them as it likes;
lm-eval's own code turns what comes back into metrics.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aurora.evaluation.tasks import programs
from aurora.evaluation.tasks.files import form_of
from aurora.evaluation.tasks.prepared import Asked, as_the_task_says

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance
    from lm_eval.api.model import LM

    from aurora.training.process.job import Job


@dataclass(frozen=True)
class Scored:
    """An item as it was answered: `score` by the measure of its form, None where nothing could be said."""

    id: str
    cluster: str
    prompt: str  # SHA-256 of everything that was asked
    score: float | None
    metrics: dict[str, float] = field(default_factory=dict)
    log_likelihoods: list[float] | None = None
    answer: str | list[str] | None = None  # all of them where several were drawn
    target: Any = None
    category: str | None = None


def ask(lm: LM, asked: Sequence[Asked], *, unsafe_code: bool = False, job: Job | None = None) -> list[list[Scored]]:
    """The scored items of each task and wording, in order; with `unsafe_code` programs run without a jail.

    The ranks of a `job`, which `lm` shares its requests among, share the programs too.
    """
    requests = [request for one in asked for of_item in one.requests for request in of_item]
    for kind in dict.fromkeys(request.request_type for request in requests):
        of_kind = [request for request in requests if request.request_type == kind]
        for request, response in zip(of_kind, getattr(lm, kind)(of_kind), strict=True):
            request.resps = [response]
    return [_scored(one, unsafe_code, job) for one in asked]


def _scored(asked: Asked, unsafe_code: bool, job: Job | None) -> list[Scored]:
    asked.made._instances = [request for of_item in asked.requests for request in of_item]
    asked.made.apply_filters()
    measure = asked.task.metadata.measures[form_of(asked.wording)]
    found = []
    for row, prompt, requests, metrics in zip(
        asked.rows, asked.prompts, asked.requests, _metrics(asked, unsafe_code, job), strict=True
    ):
        score = metrics.get(measure)
        first = requests[0].resps[0]
        found.append(
            Scored(
                row["id"],
                cluster_of(row),
                prompt,
                None if score is None or math.isnan(score) else float(score),
                {name: float(value) for name, value in metrics.items() if isinstance(value, (int, float))},
                None if isinstance(first, str) else [float(request.resps[0][0]) for request in requests],
                _said(requests) if isinstance(first, str) else None,
                _target(row),
                row.get("category") or None,
            )
        )
    return found


def cluster_of(row: Mapping[str, Any]) -> str:
    """A short name of the document of an item, which may be a long text."""
    return hashlib.sha256(row["cluster"].encode()).hexdigest()[:12]


def _metrics(asked: Asked, unsafe_code: bool, job: Job | None) -> Iterator[dict[str, Any]]:
    """The metrics of each item: of programs from the sandbox, all at once; of all else from lm-eval's own code."""
    filtered = asked.made._filters[0].name
    if asked.task.metadata.kind == "program":
        tries = [
            (row, request.filtered_resps[filtered])
            for row, requests in zip(asked.rows, asked.requests, strict=True)
            for request in requests
        ]
        scores = iter(programs.judged(tries, unsafe=unsafe_code, job=job))
        yield from (programs.rates([next(scores) for _ in requests]) for requests in asked.requests)
        return
    for row, requests in zip(asked.rows, asked.requests, strict=True):
        with as_the_task_says(asked.task, f"the answers in {asked.wording}"):
            metrics = asked.made.process_results(row, [request.filtered_resps[filtered] for request in requests])
        yield metrics


def _said(requests: Sequence[Instance]) -> str | list[str]:
    said = [str(request.resps[0]) for request in requests]
    return said[0] if len(said) == 1 else said


def _target(row: dict[str, Any]) -> Any:
    return row["answer"] if "answer" in row else row.get("answers")
