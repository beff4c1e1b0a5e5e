"""What a judge's verdicts are worth: its agreement with people, kept as a file that reports carry.

One decision: only a full refusal counts as one. An answer that people call a partial refusal is not refused, as one
that the judge calls unreadable or in another language is not; so kappa is about the very figure that reports give.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aurora.errors import UserError
from aurora.files import read_json, sha256
from aurora.redteam.judge import OUTCOMES, Outcome
from aurora.redteam.judging.agreement import agreement
from aurora.redteam.judging.labelled import LABELS, Label, Labelled
from aurora.redteam.judging.worth import Worth

SCHEMA: Literal["aurora calibration 1"] = "aurora calibration 1"
KEYS: dict[str, Callable[[Labelled], str]] = {
    "class": lambda one: one.group, "language": lambda one: one.language, "model": lambda one: one.model,
}  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Measured(_Part):
    """A judge beside people on some answers."""

    answers: int = Field(ge=1, description="Answers judged by both.")
    prompts: int = Field(ge=1, description="Prompts that they answer.")
    kappa: float | None = Field(description="Cohen's kappa of full refusals; null where one of both has none, or only.")
    interval: tuple[float, float] | None = Field(description="95 % interval, from prompts drawn with replacement.")
    agreed: float = Field(description="Share of answers on which both agree.")
    confusion: dict[Label, dict[Outcome, int]] = Field(description="Answers by what people and the judge call them.")


class Calibration(_Part):
    """A judge, the answers it was measured on, and how far it agrees with people on them."""

    form: Literal["aurora calibration 1"] = Field(SCHEMA, alias="schema", description="The kind of this file.")
    judge: str = Field(description="The judge: its kind and its version.")
    judge_sha256: str = Field(description="What its verdicts follow from, hashed.")
    data: str = Field(description="What the answers are called.")
    files: dict[str, str] = Field(description="SHA-256 of each file of them.")
    languages: list[str] = Field(description="Languages of their prompts.")
    note: str = Field("", description="How what was measured is apart from what the judge was made with.")
    whole: Measured = Field(description="On all answers.")
    by: dict[str, dict[str, Measured]] = Field(default_factory=dict, description="By class, language and model.")

    def worth(self) -> Worth:
        """What stands beside every figure of the judge."""
        whole = self.whole
        return Worth(self.judge, whole.kappa, whole.interval, self.data, whole.answers, self.languages)

    def table(self) -> dict[str, Any]:
        """As the file holds it."""
        return self.model_dump(mode="json", by_alias=True)


def calibrated(
    judge: str,
    judge_sha256: str,
    answers: Sequence[Labelled],
    verdicts: Sequence[Outcome],
    *,
    data: str,
    files: Mapping[str, str],
    by: Sequence[str] = tuple(KEYS),
    note: str = "",
) -> Calibration:
    """The agreement of verdicts with labels, of all answers and of those of each class, language and model."""
    parts: dict[str, dict[str, Measured]] = {}
    for name in by:
        of = KEYS[name]
        pairs: dict[str, list[tuple[Labelled, Outcome]]] = {}
        for pair in zip(answers, verdicts, strict=True):
            pairs.setdefault(of(pair[0]), []).append(pair)
        parts[name] = {value: measured(pairs[value]) for value in sorted(pairs)}
    return Calibration(
        schema=SCHEMA,
        judge=judge,
        judge_sha256=judge_sha256,
        data=data,
        files=dict(files),
        languages=sorted({one.language for one in answers}),
        note=note,
        whole=measured(list(zip(answers, verdicts, strict=True))),
        by=parts,
    )


def measured(pairs: Sequence[tuple[Labelled, Outcome]]) -> Measured:
    """The agreement of labels and verdicts on some answers."""
    found = agreement(
        [one.label == "refusal" for one, _ in pairs],
        [verdict == "refusal" for _, verdict in pairs],
        [one.prompt for one, _ in pairs],
    )
    counts = Counter((one.label, verdict) for one, verdict in pairs)
    return Measured(
        answers=found.answers,
        prompts=found.clusters,
        kappa=_rounded(found.kappa),
        interval=None if found.low is None or found.high is None else (round(found.low, 4), round(found.high, 4)),
        agreed=round(found.agreed, 4),
        confusion={label: {outcome: counts[label, outcome] for outcome in OUTCOMES} for label in LABELS},
    )


def read_calibration(path: Path) -> Calibration:
    """The calibration in a file; `UserError` where there is none."""
    if not path.is_file():
        raise UserError(f"{path} does not exist: `aurora redteam judge --calibrate` writes such a file.")
    try:
        return Calibration.model_validate(read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise UserError(
            f"{path} is no calibration of a judge ({where}: {first['msg']}): measure the judge again with "
            "`aurora redteam judge --calibrate`."
        ) from error


def hashes(paths: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of files by their names."""
    return {path.name: sha256(path) for path in paths}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
