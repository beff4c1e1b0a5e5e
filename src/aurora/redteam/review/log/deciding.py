"""What the reviews of an item come to: its status, and what is decided.

One decision: nothing is decided without the reviews that the project wants; then an adjudicator's word decides, else
reviews that agree. Where more may be asked for (`most` over `reviews`), as many are as the label needs to be as certain
as the project wants, from how skilled each reviewer is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from aurora.redteam.review.log.contents import Settings
from aurora.redteam.review.log.state import Decision, Given, ItemState, State, Status


def settle(state: State, item: ItemState) -> None:
    """Give an item the status that follows from what stands, and keep the counts of the state."""
    _count(state, item, -1)
    state.skills.forget(item.learnt)
    item.learnt = {}
    said = {given.who: given.review.label for given in item.reviews.values()}
    probability = state.skills.posterior(said.items(), len(state.labels))
    item.status, item.decision = _status(state, item, probability)
    if item.decision is not None and item.decision.by == "adjudication":
        item.learnt = state.skills.learn(said, {item.decision.label: 1.0})
    elif len(said) > 1:  # alone, one would be held to be as right as one is thought to be
        item.learnt = state.skills.learn(said, probability)
    _count(state, item, 1)


def enter(state: State, item: ItemState) -> None:
    """Count an item that has just been imported."""
    _count(state, item, 1)


def category_of(item: ItemState) -> str:
    """The category that an item is counted under: what was decided, else what it was imported with."""
    return item.decision.category if item.decision else item.item.category


def _count(state: State, item: ItemState, sign: int) -> None:
    state.counts[item.status, category_of(item), item.item.language] += sign


def _status(state: State, item: ItemState, probability: Mapping[str, float]) -> tuple[Status, Decision | None]:
    assert state.settings is not None
    given = list(item.reviews.values())
    if len(given) < state.settings.reviews:  # whatever an adjudicator said when there were more
        return ("open" if not given else "needs_second" if len(given) == 1 else "needs_third"), None
    if item.adjudication is not None:
        word = item.adjudication
        return _decided(state, Decision(word.review.label, word.review.category, "adjudication", 1.0, word.number))
    decision = decide(given, state.settings, probability)
    if decision is not None:
        return _decided(state, decision)
    return ("needs_third" if len(given) < state.settings.most else "disagreed"), None


def _decided(state: State, decision: Decision) -> tuple[Status, Decision]:
    return ("accepted" if state.labels[decision.label].keeps else "rejected"), decision


def decide(given: Sequence[Given], settings: Settings, probability: Mapping[str, float]) -> Decision | None:
    """What reviews decide together, of which there are enough, from the probability of each label; None where they do
    not."""
    label, certainty = max(probability.items(), key=lambda entry: (entry[1], entry[0]))
    alike = len({one.review.label for one in given}) == 1
    last = len(given) >= settings.most  # nobody else will be asked
    if certainty < settings.threshold and not (alike and last):
        return None
    if settings.most == settings.reviews and not alike:
        return None
    category = _category([one for one in given if one.review.label == label])
    keeps = next(one.keeps for one in settings.labels if one.id == label)
    if category is None and keeps:
        return None
    return Decision(label, category or given[0].review.category, "reviews", certainty, max(one.number for one in given))


def _category(given: Sequence[Given]) -> str | None:
    """The category that most of those named who agree on the label; None where two were named as often."""
    counted = Counter(one.review.category for one in given).most_common(2)
    return None if len(counted) > 1 and counted[0][1] == counted[1][1] else counted[0][0]
