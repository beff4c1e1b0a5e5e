"""What a rank needs to begin: its part of a published model, and little beside."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import start
from aurora.errors import UserError
from training.small_stage import Lab


@pytest.mark.slow
@pytest.mark.distributed
@pytest.mark.timeout(600)
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks are counted by Linux")
def test_a_rank_takes_up_its_part_within_a_fifth_more_memory() -> None:
    assert max(start.measure((2, 2, 1))["largest"].values()) < 1.2


def test_a_network_that_is_none_of_its_family_is_refused_before_it_is_trained(lab: Lab) -> None:
    with pytest.raises(UserError, match=r"model\.architecture: key_value_heads is 2, but a gpt_bigcode network"):
        lab.train("stage", start=lab.new_model(heads=4, key_value_heads=2))
