"""Classifies an answer: a refusal, an answer, text in another language, or unreadable.

One decision: no model judges, so the same answer gets the same verdict on every machine (`aurora.redteam.judge`).
"""

from __future__ import annotations

from pathlib import Path

from aurora.redteam.dataset import SUMMARY, read_judge
from aurora.redteam.judge import Judge, Outcome
from aurora.run.folder import RunFolder


def judge(answer: str, language: str, run: Path | str | None = None) -> Outcome:
    """What `answer` is, to a prompt in `language` (BCP 47).

    With `run` the refusal phrases of its policy count as well; `AuroraError` where it has no red-team set.
    """
    known = Judge() if run is None else read_judge(RunFolder(Path(run)).redteam / SUMMARY)
    return known.outcome(answer, language)
