"""The self-test: no alarm on the scorer as it is, and one for every bug.

One decision: a bug is found if an invariant says so or breaks on it; the first that does is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aurora.console.progress import progress
from aurora.evaluation.self_test.invariants import INVARIANTS
from aurora.evaluation.self_test.lab import Lab
from aurora.evaluation.self_test.mutants import MUTANTS

if TYPE_CHECKING:
    from aurora.model.network import Network
    from aurora.tokens.text.text_facts import TextFacts


@dataclass(frozen=True)
class Found:
    """What was wrong with a bug put in, and which invariant said so; empty where none did."""

    bug: str
    invariant: str
    problem: str


@dataclass(frozen=True)
class SelfTest:
    """The `alarms` without any bug, and what was `found` of each bug."""

    alarms: tuple[Found, ...]
    found: tuple[Found, ...]

    @property
    def passed(self) -> bool:
        """Whether there was no false alarm and no bug went unseen."""
        return not self.alarms and all(one.invariant for one in self.found)

    def lines(self) -> list[str]:
        """For a terminal: a line for each bug, and one of all."""
        told = [f"  {one.bug:48} {one.problem or 'NOT FOUND'}" for one in self.found]
        told += [f"  without any bug{'':33} FALSE ALARM: {one.problem}" for one in self.alarms]
        seen = sum(bool(one.invariant) for one in self.found)
        return [*told, f"{seen} of {len(self.found)} bugs found, {len(self.alarms)} false alarms"]


def self_test(network: Network, text: TextFacts) -> SelfTest:
    """Test the scorer on a checkpoint, which is left as it was."""
    lab = Lab(network, text)
    with progress("self-test", 1 + len(MUTANTS), "bugs") as bar:
        alarms = tuple(
            Found("", invariant.__name__, problem) for invariant in INVARIANTS if (problem := invariant(lab))
        )
        bar.update(1)
        found = []
        for mutant in MUTANTS:
            with mutant.at_work():
                found.append(_first(lab, mutant.bug))
            bar.update(1)
    return SelfTest(alarms, tuple(found))


def _first(lab: Lab, bug: str) -> Found:
    """The first invariant that finds a bug."""
    for invariant in INVARIANTS:
        try:
            problem = invariant(lab)
        except Exception as error:  # a bug may break anything
            problem = f"{type(error).__name__}: {error}".split("\n")[0][:80]
        if problem:
            return Found(bug, invariant.__name__, problem)
    return Found(bug, "", "")
