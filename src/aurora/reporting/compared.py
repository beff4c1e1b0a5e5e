"""What a run is compared with: the checkpoints and languages behind every verdict.

One decision: a new network can forget the languages of the first stage's mixture, and gain those that later stages add.
Nobody knows what an imported model was trained on, so only figures tell what was gained, kept or forgotten. The last
stage's model is judged, because it is the one that is shipped, and a language counts as kept or gained only if it is so
in every measured domain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from aurora.languages.lookup import language_name
from aurora.reporting.schema import Base, Report, Stage, relative_changes
from aurora.reporting.wording import in_order, signed

# A rise of bits per byte up to this share counts as kept: one run with one seed cannot show a smaller change.
KEPT_WITHIN = 0.02


@dataclass(frozen=True)
class Reading:
    """The checkpoints and languages that the verdict compares: the first, the last before safety tuning, and the last.

    `new` are the languages that can be (or, of an imported model, were) gained, `old` those that can be forgotten.
    """

    first: Base | Stage
    trained: Base | Stage
    last: Stage
    old: list[str]
    new: list[str]

    @property
    def imported(self) -> bool:
        """Whether the run continues a published model."""
        return isinstance(self.first, Base)

    @property
    def origin(self) -> str:
        """What all is compared with, in a sentence."""
        return "the imported model" if self.imported else self.first.name

    @property
    def changes(self) -> dict[str, float]:
        """Change of bits per byte from the first checkpoint to the model that is shipped, by language."""
        return relative_changes(self.first.bits_per_byte, self.last.bits_per_byte)

    @property
    def elsewhere(self) -> dict[str, float]:
        """The same on text of another domain, for languages that were measured there."""
        return relative_changes(self.first.bits_per_byte_other_domain, self.last.bits_per_byte_other_domain)

    def worst(self, language: str) -> float:
        """The larger change of the domains in which a language was measured."""
        return max(changes[language] for changes in (self.changes, self.elsewhere) if language in changes)

    @property
    def lost(self) -> dict[str, str]:
        """The worst change of each forgotten language, with a note if it is on text of another domain."""
        return {
            language: signed(self.worst(language))
            + ("" if self.changes.get(language) == self.worst(language) else " on text of another domain")
            for language in self.old
            if self.worst(language) > KEPT_WITHIN
        }


@dataclass(frozen=True)
class Cost:
    """What one stage changed: bits per byte by language in both domains, against where it started."""

    stage: Stage
    changes: dict[str, float]
    elsewhere: dict[str, float]

    @property
    def worst(self) -> tuple[float, str]:
        """The largest rise, and where: `Japanese`, or `Japanese on text of another domain`."""
        named = [(change, language_name(language)) for language, change in self.changes.items()]
        other = [
            (change, f"{language_name(language)} on text of another domain")
            for language, change in self.elsewhere.items()
        ]
        return max([*named, *other])

    @property
    def best(self) -> float:
        """The largest fall."""
        return min([*self.changes.values(), *self.elsewhere.values()])


def costs(report: Report) -> list[Cost]:
    """What each stage behind the last model changed, in order; of a new network not the first, which has no start."""
    names = {it.name: it for it in report.stages}
    found = []
    for stage in report.lineage:
        before = names.get(stage.start, report.base)
        if before is None:
            continue
        cost = Cost(
            stage,
            relative_changes(before.bits_per_byte, stage.bits_per_byte),
            relative_changes(before.bits_per_byte_other_domain, stage.bits_per_byte_other_domain),
        )
        found += [cost] if cost.changes or cost.elsewhere else []
    return found


def checkpoint_name(checkpoint: Base | Stage) -> str:
    """A checkpoint at the head of a column or beside a mark."""
    return "imported" if isinstance(checkpoint, Base) else checkpoint.name


def languages_of(report: Report) -> list[str]:
    """Every language the report measures or keeps text of, in the page's order."""
    stages = (set(stage.bits_per_byte) | set(stage.bits_per_byte_other_domain) for stage in report.measured)
    return in_order(set(report.corpus.bytes_kept).union(*stages))


def read_stages(report: Report) -> Reading:
    """Which checkpoints to compare, and which languages can be forgotten and which gained."""
    first, last = report.first, report.stages[-1]
    before = report.safety.before_stage if report.safety else ""
    trained = next((stage for stage in report.measured if stage.name == before), last)
    measured = in_order(
        (set(first.bits_per_byte) & set(last.bits_per_byte))
        | (set(first.bits_per_byte_other_domain) & set(last.bits_per_byte_other_domain))
    )
    if isinstance(first, Base):
        reading = Reading(first, trained, last, measured, [])
        gained = [language for language in measured if reading.worst(language) < -KEPT_WITHIN]
        return replace(reading, old=[language for language in measured if language not in gained], new=gained)
    old = _trained_on([first])
    new = (_trained_on(report.lineage) or set(measured)) - old  # reports are read that do not tell mixtures
    return Reading(first, trained, last, *([it for it in measured if it in some] for some in (old, new)))


def _trained_on(stages: Iterable[Stage]) -> set[str]:
    """The languages of the stages' mixtures."""
    shares = (source for stage in stages for source, weight in stage.token_shares.items() if weight > 0)
    return {source.rsplit("/", 1)[-1] for source in shares}
