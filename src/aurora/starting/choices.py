"""The settings of a first run, chosen from the user's text: sizes that take minutes, and rates that were measured.

One decision: a first run is small. Its report shows what to raise, and by how much; so the numbers here are those of
the demo and of a published base on two cores, reduced if there is less text.
"""

from __future__ import annotations

from dataclasses import dataclass

from aurora.checking.amounts import BYTES_PER_TOKEN

PASSES = 4  # over the user's text at most; more is worth little (arXiv 2305.16264)
# Largest share that adaptive replay may give to each replayed source, by their number: what it begins with lies below,
# and something is left for the user's own text.
MOST_REPLAY = {0: 0.9, 1: 0.75, 2: 0.45}
HELD_OUT_BYTES = 100_000  # of the user's text, for measuring


@dataclass(frozen=True)
class Choices:
    """Sizes of a first run. `own` is the percentage of the user's text in what is continued, `replay` of each other,
    and `most` what replay may become."""

    tokens: int
    sequence_length: int
    batch_tokens: int
    peak: float
    own: int
    replay: int
    most: float
    held_out_share: float
    every_steps: int

    @property
    def steps(self) -> int:
        """Optimizer steps of the continued stage."""
        return -(-self.tokens // self.batch_tokens)


def choose(size: float, positions: int | None, *, imported: bool, replayed: int) -> Choices:
    """The choices for so many bytes of text, a base of so many positions (None where not known), and so many replayed
    sources beside it."""
    sequence = min(512, positions or 512) if imported else 256
    batch = 8 * sequence
    most, own = (200_000, 70) if imported else (600_000, 50)
    enough = int(PASSES * size / BYTES_PER_TOKEN / (own / 100))
    tokens = max(8 * batch, min(most, enough) // batch * batch)
    share = min(0.2, max(0.02, HELD_OUT_BYTES / max(size, 1.0)))
    peak = 2e-4 if imported else 1.5e-3
    replay = (100 - own) // max(1, replayed)
    return Choices(
        tokens,
        sequence,
        batch,
        peak,
        own,
        replay,
        MOST_REPLAY[min(replayed, 2)],
        round(share, 3),
        max(2, tokens // batch // 8),
    )
