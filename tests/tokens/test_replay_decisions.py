from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import AuroraError
from aurora.tokens.replay_decisions import Decision, Decisions, read_decisions

FIRST = Decision(10, {"web/en": 1.1}, {"web/en": 0.4, "web/fi": 0.6})
LAST = Decision(20, {"web/en": 1.0}, {})


def test_decisions_are_read_as_they_were_written(tmp_path: Path) -> None:
    decisions = Decisions({"web/en": 1.0}, {"web/en": 1.2}, [FIRST, LAST])
    decisions.write(tmp_path / "retention.json")
    assert read_decisions(tmp_path / "retention.json") == decisions


def test_a_stage_ends_with_the_measurement_that_has_no_weights() -> None:
    assert Decisions({}, {}).end is None
    assert Decisions({}, {}, [FIRST]).end is None
    assert Decisions({}, {}, [FIRST, LAST]).end == 20


@pytest.mark.parametrize(("step", "made"), [(9, []), (10, [FIRST]), (19, [FIRST]), (20, [FIRST, LAST])])
def test_a_resumed_stage_keeps_the_decisions_made_by_then(step: int, made: list[Decision]) -> None:
    assert Decisions({}, {}, [FIRST, LAST]).until(step) == Decisions({}, {}, made)


@pytest.mark.parametrize(
    "content", ["[]", "{}", '{"made": [3]}', '{"made": [], "base": {}}', '{"made": [{"step": 1}]}']
)
def test_another_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "retention.json").write_text(content)
    with pytest.raises(AuroraError, match=r"retention\.json holds no decisions of adaptive replay"):
        read_decisions(tmp_path / "retention.json")
