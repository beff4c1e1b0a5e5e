"""pass@k: how often at least one of k tries is right.

One decision: estimated from more tries than k without bias (Chen and others, arXiv 2107.03374, equation 1). One minus
the power of the rate of failures would be too low, most of all where few tries were made.
"""

from __future__ import annotations

from math import comb


def pass_at_k(n: int, c: int, k: int) -> float:
    """The chance that k of a problem's `n` tries, of which `c` passed, hold one that passed.

    `ValueError` unless 0 <= c <= n and 1 <= k <= n.
    """
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError(f"pass@{k} cannot be told from {n} tries of which {c} passed.")
    return 1 - comb(n - c, k) / comb(n, k)
