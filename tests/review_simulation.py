"""Reviewers of known skill, and what their reviews come to: as many as the log asks for, beside a fixed three.

One decision: both ways see the same people say the same things of the same items, and nobody adjudicates; where the log
would ask an adjudicator, its likeliest label counts. So errors can be compared item by item.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from aurora.redteam.review.log.contents import Head, Person, Review
from aurora.redteam.review.log.replay import apply
from aurora.redteam.review.log.state import State
from review_log import POLICY, item, settings

LABELS = ("refuse", "answer", "discard")


@dataclass(frozen=True)
class Outcome:
    """Reviews an item and the share of wrong labels, as the log asks for reviews and with a fixed three."""

    reviews: float
    wrong: float
    wrong_of_three: float
    to_adjudicator: float

    @property
    def saved(self) -> float:
        """The share of a fixed three reviews that were not needed."""
        return 1 - self.reviews / 3


def simulate(skills: Sequence[float], items: int, seed: int) -> Outcome:
    """Review items, each by three people at random, in the order in which they are asked; an error is any other
    label."""
    chance = random.Random(seed)
    state = begun(len(skills))
    reviews = wrong = wrong_of_three = asked = 0
    for number in range(items):
        right = chance.choice(LABELS)
        people = chance.sample(range(len(skills)), 3)
        said = [
            right if chance.random() < skills[who] else chance.choice([label for label in LABELS if label != right])
            for who in people
        ]
        id = f"i{number}"
        apply(state, state.next("import", "root", item(number), id, at=NOW))
        for who, label in zip(people, said, strict=True):
            apply(state, state.next("review", f"r{who}", Review(label=label, category="cyber"), id, at=NOW))
            if state.items[id].status not in ("needs_second", "needs_third"):
                break
        reviews += len(state.items[id].reviews)
        asked += state.items[id].status == "disagreed"
        wrong += likeliest(state, id) != right
        wrong_of_three += Counter(said).most_common(1)[0][0] != right  # of three that differ, the first
    return Outcome(reviews / items, wrong / items, wrong_of_three / items, asked / items)


NOW = "2026-11-30T10:00:00.000Z"


def begun(people: int) -> State:
    """A project of so many reviewers."""
    state = State()
    head = Head(project="Simulated", key="0" * 64, settings=settings(), policies=[POLICY])
    apply(state, state.next("head", "root", head, at=NOW))
    for who in range(people):
        apply(state, state.next("reviewer", "root", Person(id=f"r{who}", role="reviewer"), at=NOW))
    return state


def likeliest(state: State, id: str) -> str:
    """What was decided of an item, or the label that is likeliest."""
    known = state.items[id]
    if known.decision is not None:
        return known.decision.label
    said = [(who, given.review.label) for who, given in known.reviews.items()]
    posterior = state.skills.posterior(said, len(LABELS))
    return max(posterior, key=lambda label: posterior[label])
