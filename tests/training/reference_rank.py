"""Ranks that compute together what the start of the small stage says of its pairs.

    reference_rank.py FOLDER EXECUTION RANKS

EXECUTION is the recipe's table as JSON; the start is in FOLDER/start, and what they find goes to FOLDER/together.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from aurora.tokens.store import TokenStore, store_stem
from aurora.training.process.job import leave
from aurora.training.reference import compute_references
from oracles.forked import run_ranks
from training.small_stage import LENGTH, PREFERENCES, Lab


def main() -> None:
    """Be one of the ranks."""
    lab = Lab(Path(sys.argv[1]))
    stage = lab.stage(
        1,
        batch_tokens=8 * LENGTH,
        mixture={PREFERENCES: 1},
        objective="dpo",
        document_masks=True,
        position_resets=True,
    )
    folder = lab.folder / "together"
    folder.mkdir(exist_ok=True)
    stores = {PREFERENCES: TokenStore.open(store_stem(lab.folder, PREFERENCES))}
    compute_references(stage, lab.folder / "start", lab.execution(**json.loads(sys.argv[2])), stores, folder)
    leave()


if __name__ == "__main__":
    sys.exit(run_ranks(int(sys.argv[3]), main))
