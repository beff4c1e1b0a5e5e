from __future__ import annotations

from aurora.redteam.review.exporting.rows import preferences_of, rows_of
from review_log import CHANGED, Project, item, reviewed


def test_the_rows_are_exactly_the_accepted_items() -> None:
    project = reviewed(12)
    project.add(20, 21, 22)
    project.review("ann", 20)  # one review alone
    project.review("ann", 21, "discard")
    project.review("bob", 21, "discard")
    assert [row.id for row in rows_of(project.state)] == sorted(f"i{number}" for number in range(12))


def test_a_row_says_where_it_is_from_and_what_its_label_hangs_on() -> None:
    project = Project().begin().add(1, facts={"seen": "here"}, url="https://example.org/1")
    project.review("ann", 1)
    project.review("bob", 1)
    project.do("requeue", "root", CHANGED.model_copy(update={"clauses": {**CHANGED.clauses, "cyber": "a1"}}))
    row = rows_of(project.state)[0]
    assert (row.policy, row.policy_version, row.clause, row.category) == ("rules", "1", "a1", "cyber")
    assert (row.license, row.source, row.url, row.facts) == (
        "CC0-1.0",
        "made up",
        "https://example.org/1",
        {"seen": "here"},
    )
    assert (row.kind, row.label, row.reviews, row.decided_by, row.edited) == ("harmful", "refuse", 2, "reviews", False)


def test_a_label_decides_what_an_item_is_to_training() -> None:
    project = Project().begin().add(1)
    project.review("ann", 1, "answer")
    project.review("bob", 1, "answer")
    assert rows_of(project.state)[0].kind == "benign"


def test_the_answer_is_what_people_made_of_it() -> None:
    project = Project().begin(reviews=2, most=2).add(1, 2, 3, 4)
    for number, first, second in (
        (1, {}, {}),
        (2, {"chosen": ["b"]}, {}),
        (3, {"response": "Ann's."}, {"response": "Bob's."}),
        (4, {"response": "Ann's."}, {"label": "answer", "response": "Bob's."}),
    ):
        project.review("ann", number, **first)
        project.review("bob", number, **second)
    project.adjudicate(4)
    answers = {row.id: (row.response, row.edited) for row in rows_of(project.state)}
    assert answers == {
        "i1": (item(1).response, False),
        "i2": ("Kick door 2.", False),
        "i3": ("Bob's.", True),
        "i4": ("Ann's.", True),  # of those who gave the label that was decided
    }


def test_what_was_passed_over_or_edited_is_rejected() -> None:
    project = Project().begin(reviews=2, most=2).add(1, 2, 3, response="")
    project.add(4, drafts=[])
    project.review("ann", 1, chosen=["a"])
    project.review("ann", 2, chosen=["a"], response="Edited.")
    project.review("ann", 3)
    project.review("ann", 4)
    for number in (1, 2, 3, 4):
        project.review("bob", number)
    pairs = preferences_of(project.state, rows_of(project.state))
    told = [(pair.id, pair.chosen, pair.rejected, pair.rejected_from) for pair in pairs]
    assert told == [
        ("i1.0", "No, not door 1.", "Kick door 1.", "draft:b"),
        ("i2.0", "Edited.", "No, not door 2.", "edit"),
        ("i2.1", "Edited.", "Kick door 2.", "draft:b"),
    ]


def test_no_pair_has_the_same_text_twice() -> None:
    project = reviewed(12)
    for pair in preferences_of(project.state, rows_of(project.state)):
        assert pair.chosen.split() != pair.rejected.split()
