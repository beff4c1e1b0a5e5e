"""Judges: what an answer is, what a judge's verdicts are worth beside people's, and a judge learnt from people's.

One decision: the rules judge unless another judge is named, so the same answer gets the same verdict on every machine
(`aurora.redteam.judge`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aurora.errors import UserError
from aurora.redteam.dataset import SUMMARY, read_judge
from aurora.redteam.judge import RULES, Outcome
from aurora.run.folder import RunFolder

if TYPE_CHECKING:
    from aurora.redteam.judge import Answered, AnyJudge
    from aurora.redteam.judging.calibration import Calibration
    from aurora.redteam.judging.learned import LearnedJudge

KEYS = ("class", "language", "model")  # by which agreement is shown
_AT_ONCE = 200  # answers between two movements of a progress bar


def judge(answer: str, language: str, run: Path | str | None = None, prompt: str = "") -> Outcome:
    """What `answer` is, to a prompt in `language` (BCP 47).

    With `run` the refusal phrases of its policy count as well, or its recipe's own judge is asked; `AuroraError` where
    it has no red-team set. Only a judge behind an endpoint reads the `prompt`.
    """
    from aurora.redteam.judge import Answered, Judge

    known = Judge() if run is None else read_judge(RunFolder(Path(run)).redteam / SUMMARY)
    return known.outcomes([Answered(answer, language, prompt)])[0]


def calibrate(
    files: Sequence[Path],
    name: str = RULES,
    *,
    by: Sequence[str] = KEYS,
    data: str | None = None,
    language: str | None = None,
    output: Path | None = None,
) -> Calibration:
    """How far a judge agrees with what people say of the answers in `files`; as a file too, where `output` is given.

    `name` is `rules` or a judge's file, `data` what the answers are called, `language` that of rows that name none.
    `UserError` names a file or line that is no judged answer, and an output that Aurora did not write.
    """
    from aurora.files import keep_from_overwriting, write_json
    from aurora.redteam.judge import Answered
    from aurora.redteam.judging.calibration import SCHEMA, calibrated, hashes
    from aurora.redteam.judging.labelled import read_labelled
    from aurora.redteam.judging.named import judge_named, sha256_of

    if output is not None:
        keep_from_overwriting(output, lambda beginning: SCHEMA.encode() in beginning[:100])
    known = judge_named(name)
    _refuse_known(known, files)
    answers = read_labelled(files, language)
    asked = [Answered(one.answer, one.language, one.prompt) for one in answers]
    found = calibrated(
        known.name,
        sha256_of(known, name),
        answers,
        verdicts(known, asked, "judge"),
        data=data or _called(files),
        files=hashes(files),
        by=by,
    )
    if output is not None:
        write_json(output, found.table())
    return found


def train_judge(
    files: Sequence[Path], output: Path, *, data: str | None = None, language: str | None = None
) -> LearnedJudge:
    """Learn a judge from what people say of answers, measured on each model by what the others' answers taught.

    `UserError` as of `calibrate`, and where the answers are too few or all of one model.
    """
    from dataclasses import replace

    from aurora.console.progress import progress
    from aurora.files import keep_from_overwriting
    from aurora.redteam.judging.calibration import hashes
    from aurora.redteam.judging.labelled import read_labelled
    from aurora.redteam.judging.learned import ENDING, is_judge, left_out, read_judge_file, train, write_judge

    if output.suffix != ENDING:
        raise UserError(f"{output} is no name for a judge: let it end with {ENDING}.")
    keep_from_overwriting(output, is_judge)
    answers = read_labelled(files, language)
    learnt = train(answers)
    with progress("measure on models left out", len(answers), "answers") as bar:
        worth = left_out(answers, data=data or _called(files), files=hashes(files), tell=bar.update)
    write_judge(replace(learnt, calibration=worth), output)
    return read_judge_file(output)


def judge_file(
    path: Path, name: str = RULES, *, language: str | None = None, output: Path | None = None
) -> tuple[list[dict[str, Any]], AnyJudge]:
    """The rows of a file of answers, each with its `outcome`, and the judge; as a file too, where `output` is given.

    `UserError` as of `calibrate`.
    """
    from aurora.files import json_lines, write_once
    from aurora.redteam.judge import Answered
    from aurora.redteam.judging.labelled import rows_of, spoken
    from aurora.redteam.judging.named import judge_named

    known = judge_named(name)
    rows, asked = [], []
    for number, row in rows_of(path):
        try:
            asked.append(Answered(*spoken(row, language)))
        except ValueError as error:
            raise UserError(f"{path}, line {number}: {error}.") from error
        rows.append(dict(row))
    if not rows:
        raise UserError(f"{path} has no answers: give JSON lines with a prompt, an answer and a language.")
    found = [
        {**row, "outcome": outcome, "judged_by": known.name}
        for row, outcome in zip(rows, verdicts(known, asked, "judge"), strict=True)
    ]
    if output is not None:
        first = ("outcome", "judged_by")  # a reader looks for the verdict
        write_once(output, json_lines({**{key: row[key] for key in first}, **row} for row in found))
    return found, known


def verdicts(known: AnyJudge, asked: Sequence[Answered], label: str) -> list[Outcome]:
    """What each answer is, with a progress bar."""
    from aurora.console.progress import progress
    from aurora.redteam.judging.asked import AskedJudge

    if isinstance(known, AskedJudge):  # which shows how far it is itself
        return known.outcomes(asked)
    found: list[Outcome] = []
    with progress(label, len(asked), "answers") as bar:
        for start in range(0, len(asked), _AT_ONCE):
            part = known.outcomes(asked[start : start + _AT_ONCE])
            found += part
            bar.update(len(part))
    return found


def _refuse_known(known: AnyJudge, files: Sequence[Path]) -> None:
    """`UserError` where a judge is to be measured on what it has learnt from: it would seem to be right."""
    from aurora.redteam.judging.calibration import hashes
    from aurora.redteam.judging.learned import LearnedJudge

    if not isinstance(known, LearnedJudge) or known.calibration is None:
        return
    learnt = set(known.calibration.files.values())
    for name, digest in hashes([path for path in files if path.is_file()]).items():
        if digest in learnt:
            raise UserError(
                f"{known.name} has learnt from {name}: measure it on other labels; what it is worth on models that "
                "were left out stands in its file."
            )


def _called(files: Sequence[Path]) -> str:
    """What answers are called that nobody has named: their files, or the folder of several."""
    return files[0].name.split(".")[0] if len(files) == 1 else files[0].resolve().parent.name
