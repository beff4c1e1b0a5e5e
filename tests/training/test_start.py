"""What a rank needs to begin: its part of a published model, and little beside."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import start


@pytest.mark.slow
@pytest.mark.distributed
@pytest.mark.timeout(600)
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks are counted by Linux")
def test_a_rank_takes_up_its_part_within_a_fifth_more_memory() -> None:
    assert max(start.measure((2, 2, 1))["largest"].values()) < 1.2
