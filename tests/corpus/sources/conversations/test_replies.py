from __future__ import annotations

from typing import Any

import pytest

from aurora.corpus.sources.conversations.replies import left_out, nested_tree, paths, tree_of
from aurora.corpus.sources.rows import Row
from aurora.recipe.sources import ConversationsSource

# (id, replied to, role, text, rank): two answers, of which the second ranks first and goes on in two ways.
MESSAGES = [
    ("a", None, "prompter", "Why?", None),
    ("b", "a", "assistant", "Because.", 1),
    ("c", "a", "assistant", "So.", 0),
    ("d", "c", "prompter", "How?", None),
    ("e", "d", "assistant", "Thus.", None),
    ("f", "d", "assistant", "Like this.", 0),
    ("g", "f", "prompter", "Nobody answers this.", None),
]
ROWS = [
    Row(f"m:{number}", {"message_id": i, "parent_id": parent, "role": role, "text": text, "rank": rank})
    for number, (i, parent, role, text, rank) in enumerate(MESSAGES, 1)
]


def source(how: str) -> ConversationsSource:
    return ConversationsSource.model_validate({"kind": "conversations", "paths": ["a.jsonl"], "paths_of_trees": how})


def nested(index: str = "a") -> dict[str, Any]:
    row = next(row.value for row in ROWS if row.value["message_id"] == index)
    replies = [nested(i) for i, parent, *_ in MESSAGES if parent == index]
    return {"role": row["role"], "text": row["text"], "rank": row["rank"], "replies": replies}


def found(root: Any, how: str) -> list[list[tuple[str, Any]]]:
    return [[(one.content, one.weight) for one in said] for _, said in paths(root, source(how))]


BEST = [("Why?", None), ("So.", None), ("How?", None), ("Like this.", None)]


def test_the_best_path_ends_with_an_answer() -> None:
    for root in (tree_of(ROWS), tree_of(ROWS[::-1]), nested_tree({"prompt": nested()}, "t:1")):
        assert found(root, "best") == [BEST]


def test_all_paths_learn_each_answer_once() -> None:
    expected = [
        BEST,
        [("Why?", 0), ("So.", 0), ("How?", 0), ("Thus.", None)],
        [("Why?", 0), ("Because.", None)],
    ]
    for root in (tree_of(ROWS), nested_tree({"prompt": nested()}, "t:1")):
        assert found(root, "all") == expected
    places = [row.where for row, _ in paths(nested_tree({"prompt": nested()}, "t:1"), source("all"))]
    assert len(set(places)) == len(places)


def test_deleted_and_bad_answers_come_last() -> None:
    rows = [
        ROWS[0],
        *(
            Row("x", {"message_id": text, "parent_id": "a", "role": "assistant", "text": text, **facts})
            for text, facts in {"deleted": {"deleted": True}, "bad": {"review_result": False}, "good": {}}.items()
        ),
    ]
    assert [said[-1].content for _, said in paths(tree_of(rows), source("best"))] == ["good"]


def test_what_is_no_tree_says_why() -> None:
    with pytest.raises(ValueError, match="the message a, which has a reply, is missing"):
        tree_of(ROWS[1:])
    with pytest.raises(ValueError, match="its tree has 2 first messages"):
        tree_of([ROWS[0], Row("x", {**ROWS[0].value, "message_id": "z"})])
    with pytest.raises(ValueError, match="two messages of its tree have the same id"):
        tree_of([*ROWS, ROWS[3]])
    circle = [Row("x", {**ROWS[1].value, "message_id": one, "parent_id": other}) for one, other in ("yz", "zy")]
    with pytest.raises(ValueError, match="reply to each other in a circle"):
        tree_of([*ROWS, *circle])
    with pytest.raises(KeyError, match="the key message_id is missing"):
        tree_of([Row("x", {"text": "none"})])
    deep: dict[str, Any] = {"role": "assistant", "text": "end"}
    for _ in range(5000):
        deep = {"role": "assistant", "text": "on", "replies": [deep]}
    with pytest.raises(ValueError, match="deeper than 200"):
        nested_tree({"prompt": deep}, "t:1")


@pytest.mark.parametrize("none", [float("nan"), ""])
def test_tables_of_numbers_write_none_and_ranks_in_their_way(none: Any) -> None:
    rows = [
        Row(row.where, {**row.value, "parent_id": row.value["parent_id"] or none, "rank": as_number(row.value["rank"])})
        for row in ROWS
    ]
    assert found(tree_of(rows), "best") == [BEST]


def as_number(rank: int | None) -> float:
    return float("nan") if rank is None else float(rank)


def test_messages_in_no_path_are_counted() -> None:
    assert (left_out(tree_of(ROWS), source("best")), left_out(tree_of(ROWS), source("all"))) == (3, 1)
    assert left_out(tree_of(ROWS[:2]), source("best")) == 0
