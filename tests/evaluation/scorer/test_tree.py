"""Every row's tokens lie on one path, each counted token is asked for once, and what is shared stands once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.evaluation.scorer.tree import Row, Segment, segments_of, tree_of

ROWS = st.lists(
    st.lists(st.integers(0, 2), min_size=2, max_size=14).flatmap(
        lambda ids: st.integers(1, len(ids) - 1).map(lambda first: Row(tuple(ids), first))
    ),
    max_size=12,
)


def path(segment: Segment | None) -> tuple[int, ...]:
    return () if segment is None else path(segment.parent) + segment.ids


@given(ROWS, st.integers(1, 5), st.integers(1, 4), st.integers(1, 8))
def test_each_counted_token_is_asked_for_once_after_what_stands_before_it(
    rows: list[Row], longest: int, worth: int, long: int
) -> None:
    asked: list[tuple[int, int]] = []
    for segment in segments_of(tree_of(rows, longest, worth, long)):
        assert 1 <= len(segment.ids) <= longest
        assert segment.start == len(path(segment.parent))
        for number, begin, end in segment.asked:
            assert segment.start <= begin < end <= segment.end
            assert rows[number].ids[: segment.end] == path(segment)[: len(rows[number].ids)]
            asked.extend((number, place) for place in range(begin, end))
    assert sorted(asked) == [(n, place - 1) for n, row in enumerate(rows) for place in range(row.first, len(row.ids))]


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_decides_nothing(rows: list[Row], random: object) -> None:
    other = list(rows)
    random.shuffle(other)  # type: ignore[attr-defined]
    kept, changed = ([(s.start, s.ids) for s in segments_of(tree_of(some))] for some in (rows, other))
    assert kept == changed


def count(rows: list[Row]) -> int:
    return sum(len(segment.ids) for segment in segments_of(tree_of(rows)))


def test_examples_stand_once_for_a_task_and_a_question_once_for_its_choices() -> None:
    examples = tuple(range(100, 170))
    questions = [tuple(range(10 * q, 10 * q + 9)) for q in range(4)]
    rows = [
        Row((*examples, *question, 50 + choice, 60 + choice, 1), 79) for question in questions for choice in range(4)
    ]
    assert count(rows) == 70 + 4 * 9 + 4 * 4 * 2  # a last token is predicted, not read


def test_choices_of_one_token_need_nothing_but_their_question() -> None:
    question = tuple(range(20))
    tree = tree_of([Row((*question, choice), 20) for choice in range(30, 34)])
    assert [(segment.ids, len(segment.asked)) for segment in segments_of(tree)] == [(question, 4)]


def test_few_words_that_questions_begin_with_are_no_level_of_their_own() -> None:
    rows = [Row((*range(9), 20 + q, *range(9), 50 + c, 9, 9), 19) for q in range(4) for c in range(4)]
    assert [len(segment.ids) for segment in tree_of(rows)] == [19] * 4
    assert all(len(segment.children) == 4 for segment in tree_of(rows))


def test_equal_rows_and_few_shared_tokens() -> None:
    assert count([Row((1, 2, 3), 1)] * 3) == 2
    assert count([Row((1, 2, 3), 1), Row((1, 5, 6), 1)]) == 4  # one shared token is not worth a pass
    assert tree_of([]) == []


@pytest.mark.parametrize("longest", [3, 512])
def test_a_row_that_is_the_beginning_of_another(longest: int) -> None:
    rows = [Row(tuple(range(12)), 1), Row(tuple(range(20)), 1)]
    assert sum(len(segment.ids) for segment in segments_of(tree_of(rows, longest))) == 19
