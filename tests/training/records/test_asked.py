"""The file of answers: what is written is read, and what is not of this version is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import AuroraError
from aurora.training.records.asked import ASKED, Answered, Score, read_asked, write_asked

SCORES = [
    Score("riddles", "cloze", "fi", 0.25, 40, 0.5, 0.35, 0.65),
    Score("sayings", "ask", "en", None, 1, 1.0, None, None),
]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / ASKED
    assert read_asked(path) == []
    answered = [Answered(0, 0, "w0", "q", SCORES), Answered(4, 256, "w4", "q", [])]
    write_asked(path, answered)
    assert read_asked(path) == answered


def test_a_measurement_is_of_its_weights_and_questions() -> None:
    one = Answered(4, 256, "w", "q", SCORES)
    assert one.of("w", "q")
    assert not one.of("v", "q")
    assert not one.of("w", "p")


@pytest.mark.parametrize("content", ['{"measured": [{"step": 1}]}', "{}", "[]", '{"measured": [{"scores": [3]}]}'])
def test_a_file_of_another_form_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / ASKED).write_text(content)
    with pytest.raises(AuroraError, match=r"asked\.json holds no answers to tasks"):
        read_asked(tmp_path / ASKED)
