from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.errors import AuroraError
from aurora.evaluation.results import ANSWERS, RESULTS, read_answers, read_results


def test_figures_and_answers_come_back_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / RESULTS).write_text('{"held_out": {"fi": {"bits_per_byte": 1.5}}}', encoding="utf-8")
    rows = [{"id": "1", "answer": "Ei.\u2028"}, {"id": "2", "answer": ""}]
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (tmp_path / ANSWERS).write_text("".join(lines), encoding="utf-8")
    assert read_results(tmp_path) == {"held_out": {"fi": {"bits_per_byte": 1.5}}}
    assert read_answers(tmp_path) == rows


def test_a_measurement_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AuroraError, match=r"results\.json does not exist"):
        read_results(tmp_path)
