"""Which requests are computed, and where: each once, however often it is asked and however many ranks there are.

One decision: every rank is given all requests and gets all answers; requests that begin alike are neighbours, and each
rank computes a stretch of them, so nothing is padded, doubled or lost, and what is shared is computed on few ranks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aurora.errors import AuroraError
from aurora.kept import Responses
from aurora.training.process.job import Job

Keep = Callable[[Mapping[int, Any]], None]
Compute = Callable[[Sequence[int], Keep], None]


def answered(
    keys: Sequence[str],
    sequences: Sequence[Sequence[int]],
    compute: Compute,
    job: Job | None = None,
    responses: Responses | None = None,
) -> list[Any]:
    """The answer of each request, which `keys` tell apart.

    `sequences` are their ids, by which they are shared out. `compute` is given the numbers of the requests that this
    rank computes, and a function that takes their answers (what JSON can hold) as they come.
    """
    job = job or Job()
    first = {key: number for number, key in reversed(list(enumerate(keys)))}
    known: dict[str, Any] = {}
    with job.together():
        if responses is not None and job.rank == 0:
            known = responses.known(first)
    if job.ranks > 1:
        known = json.loads(job.hear(json.dumps(known)))
    missing = sorted((number for key, number in first.items() if key not in known), key=lambda n: (sequences[n], n))
    found: dict[str, Any] = {}

    def keep(answers: Mapping[int, Any]) -> None:
        new = {keys[number]: answer for number, answer in answers.items()}
        found.update(new)
        if responses is not None:
            responses.keep(new)

    with job.together():
        compute(shares(missing, [len(sequences[number]) for number in missing], job.ranks)[job.rank], keep)
    for part in [found] if job.ranks == 1 else map(json.loads, job.gather(json.dumps(found))):
        known.update(part)
    if lost := first.keys() - known.keys():
        raise AuroraError(f"{len(lost)} of {len(first)} requests have no answer: this is a fault of Aurora's.")
    return [known[key] for key in keys]


def shares(numbers: Sequence[int], costs: Sequence[int], ranks: int) -> list[list[int]]:
    """`numbers` in as many stretches as there are ranks, of about one cost; each number is in one."""
    parts: list[list[int]] = [[] for _ in range(ranks)]
    total, reached = sum(cost + 1 for cost in costs), 0
    for number, cost in zip(numbers, costs, strict=True):
        middle = reached + (cost + 1) / 2
        parts[min(ranks - 1, int(ranks * middle / total))].append(number)
        reached += cost + 1
    return parts
