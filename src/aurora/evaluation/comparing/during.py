"""Tasks that a network is asked again and again while it is trained.

One decision: requests are made once and asked unchanged every time, so two measurements of a stage differ by its
weights alone; scores and intervals are those of `aurora evaluate`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from aurora.evaluation.comparing.asking import prepared_for
from aurora.evaluation.comparing.compared import answers_of, compared
from aurora.evaluation.comparing.results import results_of
from aurora.evaluation.scorer.lm import AuroraLM
from aurora.evaluation.tasks.planned import Planned, Wanted
from aurora.evaluation.tasks.prepared import Asked
from aurora.evaluation.tasks.running import ask
from aurora.files import canonical_json
from aurora.training.records.asked import Score

if TYPE_CHECKING:
    from aurora.evaluation.scorer.requests import Encoder
    from aurora.model.network import Network
    from aurora.tokens.text.text_facts import TextFacts
    from aurora.training.process.job import Job


class DuringTraining:
    """What is `planned`, for networks that read as `text` says and differ by their weights alone."""

    def __init__(self, text: TextFacts, planned: Sequence[Planned], wanted: Wanted) -> None:
        self._text, self._planned, self._wanted = text, planned, wanted
        self._made: tuple[list[Asked], Encoder] | None = None  # with the first network, whose window says what fits

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what is asked: the tasks, their wordings, their items and how many of them."""
        asked = [
            [
                part.task.name,
                part.task.metadata.model_dump(mode="json"),
                repr(part.task.keys),  # some name functions of its file
                part.wordings,
                part.items.scored[: part.limit],
                part.items.examples,
            ]
            for part in self._planned
        ]
        return hashlib.sha256(canonical_json(asked)).hexdigest()

    def __call__(self, network: Network, job: Job | None) -> list[Score]:
        """The scores of a network, in the order of tasks and forms; the ranks of a `job` share the items."""
        lm = AuroraLM(network, self._text, start_always=True, job=job)
        if self._made is None:
            self._made = prepared_for(lm, self._planned, self._wanted), lm.encoder
        asked, lm.encoder = self._made  # which knows the ids of conversations
        scored = ask(lm, asked, job=job)
        items = {part.task.name: part.items for part in self._planned}
        results = results_of({}, asked, scored, items, {})
        tasks = results["tasks"]
        return [
            Score(
                task=row["task"],
                form=row["form"],
                language=tasks[row["task"]]["language"],
                chance=row["chance"],
                items=row["score"]["items"],
                score=row["score"]["mean"],
                low=row["score"]["low"],
                high=row["score"]["high"],
            )
            for row in compared([answers_of("", results)])
            if row["score"] is not None
        ]
