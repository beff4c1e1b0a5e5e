"""The rows of a dataset: each accepted item with its answer, where it is from and what its label hangs on.

One decision: only what was decided and kept is a row, and a row says everything about itself: licence, source, policy
version and the hash of the clause. So one row can be taken out, quoted or withdrawn without the others.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from aurora.redteam.review.log.contents import Kind
from aurora.redteam.review.log.state import Given, ItemState, State

DIGITS = 4  # of a probability


@dataclass(frozen=True)
class Row:
    """One accepted item. `clause` is the hash of the clause that its label was given under, `event` the event that
    decided it; `cluster` is the smallest id among its near duplicates."""

    id: str
    prompt: str
    response: str
    kind: Kind
    language: str
    category: str
    label: str
    policy: str
    policy_version: str
    clause: str
    template: str
    source: str
    license: str
    url: str
    facts: dict[str, str]
    edited: bool
    reviews: int
    decided_by: str
    certainty: float
    event: int
    cluster: str = ""

    def table(self) -> dict[str, Any]:
        """The row as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Preference:
    """Two answers to a prompt: the one that reviewers settled on, and one that they did not. `rejected_from` is the
    draft it was, or `edit` for an answer as it stood before somebody edited it."""

    id: str
    item: str
    prompt: str
    chosen: str
    rejected: str
    rejected_from: str
    kind: Kind
    language: str
    category: str
    license: str

    def table(self) -> dict[str, Any]:
        """The pair as JSON."""
        return asdict(self)


def rows_of(state: State) -> list[Row]:
    """A row for each accepted item, sorted by id."""
    accepted = [item for _, item in sorted(state.items.items()) if item.status == "accepted"]
    return [_row(state, item) for item in accepted]


def preferences_of(state: State, rows: list[Row]) -> list[Preference]:
    """The preference pairs of rows: drafts that were passed over, and answers that were edited."""
    pairs = []
    for row in rows:
        item = state.items[row.id]
        for number, (name, text) in enumerate(_passed_over(item, row.response)):
            pairs.append(
                Preference(
                    f"{row.id}.{number}",
                    row.id,
                    row.prompt,
                    row.response,
                    text,
                    name,
                    row.kind,
                    row.language,
                    row.category,
                    row.license,
                )
            )
    return pairs


def answer_of(item: ItemState) -> str:
    """The answer that stands: as the adjudicator, or the last reviewer of those who agreed, edited it; else the draft
    that was chosen; else the one that the item came with."""
    given = _agreeing(item)
    for one in reversed(given):
        if one.review.response is not None:
            return one.review.response
    texts = {draft.id: draft.text for draft in item.item.drafts}
    for one in reversed(given):
        if one.review.chosen:
            return texts[one.review.chosen[0]]
    return item.item.response


def _agreeing(item: ItemState) -> list[Given]:
    """Who said what was decided, in the order of the log; an adjudicator's word comes last."""
    assert item.decision is not None
    said = [given for given in item.reviews.values() if given.review.label == item.decision.label]
    said.sort(key=lambda given: given.number)
    return [*said, *filter(None, [item.adjudication])]


def _row(state: State, item: ItemState) -> Row:
    decision, imported = item.decision, item.item
    assert decision is not None
    last = next(given for given in reversed(_agreeing(item)) if given.review.category == decision.category)
    answer = answer_of(item)
    texts = {imported.response, *(draft.text for draft in imported.drafts)}
    return Row(
        id=item.id,
        prompt=imported.prompt,
        response=answer,
        kind=state.labels[decision.label].kind or imported.kind,
        language=imported.language,
        category=decision.category,
        label=decision.label,
        policy=last.policy.id,
        policy_version=last.policy.version,
        clause=last.policy.hash,
        template=imported.template,
        source=imported.source,
        license=imported.license,
        url=imported.url,
        facts=dict(sorted(imported.facts.items())),
        edited=answer not in texts,
        reviews=len(item.reviews),
        decided_by=decision.by,
        certainty=round(decision.posterior, DIGITS),
        event=decision.event,
    )


def _passed_over(item: ItemState, answer: str) -> list[tuple[str, str]]:
    """What the answer is better than: (where it is from, text), each text once, none like the answer."""
    if not answer.strip():
        return []
    chosen = {name for given in _agreeing(item) for name in given.review.chosen}
    found: dict[str, str] = {}
    if item.item.response.strip():
        found[item.item.response] = "edit"
    for draft in item.item.drafts:
        if draft.text.strip():
            found.setdefault(draft.text, "edit" if draft.id in chosen else f"draft:{draft.id}")
    return [(name, text) for text, name in found.items() if " ".join(text.split()) != " ".join(answer.split())]
