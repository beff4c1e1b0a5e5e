"""How sure a change of bits per byte is: the same documents read by two models.

One decision: documents are the pieces of evidence, and each is compared with itself. Both sums are of the same
documents, so what makes one hard for either model falls out, and the interval is that of the ratio of the two sums.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from aurora.evaluation.statistics.estimates import UPPER, checked, student_quantile

FEWEST = 3  # documents; of two the spread is anybody's guess


def interval_of_change(before: Sequence[float], after: Sequence[float]) -> tuple[float, float] | None:
    """95 % interval of `sum(after) / sum(before) - 1`, of the bits that two models need for each document.

    None for fewer than three documents, or without bits. `ValueError` where the documents are not as many.
    """
    if len(before) != len(after):
        raise ValueError(f"{len(before)} documents cannot be compared with {len(after)}.")
    if len(before) < FEWEST:
        return None
    first, last = checked(before), checked(after)
    if not first.sum() > 0:
        return None
    ratio = float(last.sum() / first.sum())
    # Linearised (Cochran 1977, section 6.3): what each document adds beyond its share of the ratio.
    residuals = last - ratio * first
    count = len(first)
    error = math.sqrt(float((residuals**2).sum()) * count / (count - 1)) / float(first.sum())
    half = student_quantile(UPPER, count - 1) * error
    return ratio - 1 - half, ratio - 1 + half
