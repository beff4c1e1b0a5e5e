from __future__ import annotations

from collections import Counter
from dataclasses import replace

from aurora.redteam.review.exporting.apart import clusters_of, held_out
from aurora.redteam.review.exporting.rows import Row, rows_of
from review_log import reviewed

LONG = "Please explain to me in simple words how a bicycle lock with four digits keeps its secret from curious people"


def rows(count: int, families: int) -> list[Row]:
    first = rows_of(reviewed(1).state)[0]
    return [
        replace(first, id=f"r{number:03}", template=f"t{number % families}", language="fi" if number % 3 else "en")
        for number in range(count)
    ]


def test_near_duplicates_are_told_within_a_language() -> None:
    texts = [("en", LONG), ("en", LONG.upper() + "  "), ("en", LONG + " today"), ("fi", LONG), ("en", "Something else")]
    assert clusters_of(texts) == [0, 0, 0, 3, 4]
    assert clusters_of([]) == []


def test_no_family_and_no_cluster_is_on_both_sides() -> None:
    made = rows(120, 10)
    made[7] = replace(made[7], cluster="r100")
    chosen = held_out(made, 0.3, 1)
    sides: dict[tuple[str, str], set[bool]] = {}
    for row in made:
        sides.setdefault((row.language, row.template), set()).add(row.id in chosen)
    assert all(len(side) == 1 for side in sides.values())
    assert ("r007" in chosen) == ("r100" in chosen)


def test_each_language_has_about_its_share() -> None:
    made = rows(600, 20)
    chosen = held_out(made, 0.2, 1)
    for language, size in Counter(row.language for row in made).items():
        taken = sum(row.language == language for row in made if row.id in chosen)
        assert 0.1 < taken / size < 0.3


def test_something_is_always_left_to_train_on() -> None:
    assert held_out(rows(12, 1), 0.9, 1) == frozenset()
    whole = [replace(row, template="whole") for row in rows(12, 1)]
    assert 0 < len(held_out(whole, 0.9, 1)) < 12


def test_the_order_of_rows_does_not_matter_and_the_seed_does() -> None:
    made = rows(120, 12)
    assert held_out(made, 0.3, 1) == held_out(made[::-1], 0.3, 1)
    assert held_out(made, 0.3, 1) != held_out(made, 0.3, 2)
