from __future__ import annotations

from aurora.console.tables import table


def test_words_stand_left_and_numbers_right_and_nothing_is_cut() -> None:
    rows = [("a long name of a source", "1"), ("b", "12,345")]
    assert table(("source", "documents"), rows, num_labels=1) == [
        "source                   documents",
        "a long name of a source          1",
        "b                           12,345",
    ]


def test_no_cell_can_begin_a_line_or_steer_a_terminal() -> None:
    assert table(("rule",), [("two\nlines\x1b[31m",)], num_labels=1) == ["rule", "two lines\ufffd[31m"]
    assert table(("rule", "number"), [], num_labels=1) == ["rule  number"]
