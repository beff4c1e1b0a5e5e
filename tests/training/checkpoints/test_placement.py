from __future__ import annotations

from aurora.training.checkpoints.placement import Box, Placement, Span, overlap, within


def test_boxes_overlap_where_both_are() -> None:
    left, right = (slice(0, 4), slice(2, 6)), (slice(3, 9), slice(0, 3))
    assert overlap(left, right) == (slice(3, 4), slice(2, 3))
    assert within((slice(3, 4), slice(2, 3)), right) == (slice(0, 1), slice(2, 3))
    assert overlap(left, (slice(4, 9), slice(0, 3))) is None


def test_an_empty_part_has_no_boxes() -> None:
    placement = Placement("w", (4,), 0, (Span(0, 2, 0), Span(2, 2, 2, True)))
    assert list(placement.boxes(slice(2, 2))) == []
    assert list(placement.boxes(slice(1, 3))) == [
        Box("w", (slice(0, 1),), (slice(1, 2),), False),
        Box("w", (slice(1, 2),), (slice(2, 3),), True),
    ]
