from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aurora.errors import AuroraError
from aurora.training.records.watched import Measured, Refusals, Watched, read_watched


def test_it_comes_back_as_it_was_written(tmp_path: Path) -> None:
    seen = Watched().with_measured(3, Refusals(0.5, 0.0), enough=False)
    seen = seen.with_measured(6, Refusals(0.95, 0.025), enough=True)
    seen.write(tmp_path / "watched.json")
    assert read_watched(tmp_path / "watched.json") == seen
    assert (seen.reached, seen.measured[1]) == (6, Measured(6, 0.95, 0.025))


def test_until_a_step_it_knows_nothing_of_later_ones() -> None:
    seen = Watched([Measured(3, 0.5, 0.0), Measured(6, 0.95, 0.0)], 6)
    assert seen.until(6) == seen
    assert seen.until(5) == Watched([Measured(3, 0.5, 0.0)])


@pytest.mark.parametrize("values", [[], {}, {"measured": [{}], "reached": None}, {"measured": 3, "reached": None}])
def test_a_file_that_holds_something_else_is_told(tmp_path: Path, values: Any) -> None:
    (tmp_path / "watched.json").write_text(json.dumps(values))
    with pytest.raises(AuroraError, match=r"watched.json holds no measurements .* restore it"):
        read_watched(tmp_path / "watched.json")
