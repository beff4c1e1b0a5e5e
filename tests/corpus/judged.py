"""Judging one text as curation judges a batch."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from aurora.corpus.kernels.batch_statistics import measure
from aurora.corpus.rules.judging import judge_batch


def judge(text: str, lang: str, sets: Sequence[str] = ("basic",)) -> tuple[str, float] | None:
    """The first rule that a text breaks and the value that broke it, or None for a text that is kept."""
    rules, values = judge_batch(measure(pa.array([text], pa.large_string()), [lang]), [lang], sets, {})
    return (rules[0], float(values[0])) if rules[0] else None
