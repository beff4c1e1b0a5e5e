"""How sure the label of an item is, given who said what, and how often each of them was right before.

One decision: a person's skill is counted as the log goes on (one coin each, as in Dawid and Skene 1979, its counts
updated item by item): what was adjudicated counts fully, any other item that several reviewed by how likely each label
is, whether it is decided or not. So every decision follows from the events before it, an event is replayed in constant
time, and what is decided stays decided.

Counts are whole thousandths: taking one back leaves exactly what was there before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

WHOLE = 1_000
# What is assumed of somebody of whom nothing is known: right in 8 of 10. Two such people who agree on one of three
# labels are right with probability 0.97, and nobody's skill is ever taken for certain.
PRIOR_RIGHT, PRIOR_WRONG = 8 * WHOLE, 2 * WHOLE


@dataclass
class Skills:
    """How often each person was right and wrong, in thousandths, beyond what is assumed of everybody."""

    right: dict[str, int] = field(default_factory=dict)
    wrong: dict[str, int] = field(default_factory=dict)

    def of(self, who: str) -> float:
        """The probability that somebody gives the right label."""
        right = PRIOR_RIGHT + self.right.get(who, 0)
        return right / (right + PRIOR_WRONG + self.wrong.get(who, 0))

    def posterior(self, given: Iterable[tuple[str, str]], labels: int) -> dict[str, float]:
        """The probability of each label that somebody gave, from (who, label) pairs, of a number of possible labels.

        Whoever errs is taken to give any of the other labels alike, and every label to be as common as any other.
        """
        pairs = sorted(given)
        weights = dict.fromkeys(sorted({label for _, label in pairs}), 1.0)
        others = 1.0  # the weight of each label that nobody gave
        for who, said in pairs:
            skill = self.of(who)
            missed = (1 - skill) / (labels - 1)
            others *= missed
            for label in weights:
                weights[label] *= skill if label == said else missed
        total = sum(weights.values()) + others * (labels - len(weights))
        return {label: weight / total for label, weight in weights.items()} if total else {}

    def learn(self, given: Mapping[str, str], probability: Mapping[str, float]) -> dict[str, tuple[int, int]]:
        """Count each person right by the probability of what they said; returns what was counted, for `forget`."""
        counted = {}
        for who, said in given.items():
            share = round(probability.get(said, 0.0) * WHOLE)
            counted[who] = (share, WHOLE - share)
        self._add(counted, 1)
        return counted

    def forget(self, counted: Mapping[str, tuple[int, int]]) -> None:
        """Take back what `learn` counted."""
        self._add(counted, -1)

    def _add(self, counted: Mapping[str, tuple[int, int]], sign: int) -> None:
        for who, (right, wrong) in counted.items():
            self.right[who] = self.right.get(who, 0) + sign * right
            self.wrong[who] = self.wrong.get(who, 0) + sign * wrong
