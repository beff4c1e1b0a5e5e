"""Trees of replies, where several people answered one message: paths through them as conversations.

One decision: an answer is learnt once. Of a tree one path is taken, that of the best-ranked replies, or all paths; what
these share is learnt in the first of them and stands before the others as context.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aurora.corpus.sources.conversations.layouts import Said
from aurora.corpus.sources.conversations.soundness import is_answer
from aurora.corpus.sources.rows import Row, value_at
from aurora.recipe.sources import ConversationsSource

# People do not talk in deeper trees, and each level is a function call.
DEEPEST = 200


@dataclass(eq=False)
class Message:
    """A message with its replies in any order; `row` has its facts."""

    said: Said
    row: Row
    replies: list[Message] = field(default_factory=list)


def tree_of(rows: Sequence[Row]) -> Message:
    """The tree of rows that name the message they reply to; ValueError if they do not form a tree."""
    messages = {value_at(row.value, "message_id"): _message(row) for row in rows}
    if len(messages) < len(rows):
        raise ValueError("two messages of its tree have the same id")
    roots = []
    for row in rows:
        message, parent = messages[row.value["message_id"]], row.value.get("parent_id")
        if not parent or parent != parent:  # tables of numbers write NaN for none
            roots.append(message)
        elif parent in messages:
            messages[parent].replies.append(message)
        else:
            raise ValueError(f"the message {str(parent)[:40]}, which has a reply, is missing")
    if len(roots) != 1:
        raise ValueError(f"its tree has {len(roots)} first messages")
    if sum(1 for _ in _below(roots[0])) < len(rows):
        raise ValueError("messages of its tree reply to each other in a circle")
    return roots[0]


def nested_tree(row: Mapping[str, Any], where: str) -> Message:
    """The tree of a row that holds it nested, under `prompt`; raises ValueError where it does not."""
    return _nested(row.get("prompt"), where, 0)


def left_out(root: Message, source: ConversationsSource) -> int:
    """How many messages of a tree stand in no path that is taken."""
    return sum(1 for _ in _below(root)) - len({id(message) for path in _taken(root, source) for message in path})


def paths(root: Message, source: ConversationsSource) -> Iterator[tuple[Row, list[Said]]]:
    """The best path or all paths, each as far as its last answer: the row of that, and the turns.

    A path with no answer that another has not is none; the first is given in any case.
    """
    learnt: set[Message] = set()
    for path in _taken(root, source):
        said = [message.said._replace(weight=0) if message in learnt else message.said for message in path]
        learnt.update(path)
        yield path[-1].row, said


def _taken(root: Message, source: ConversationsSource) -> Iterator[list[Message]]:
    """The paths, each as far as its last answer."""
    before: set[Message] = set()
    for number, path in enumerate(_paths(root, [], source.paths_of_trees)):
        answers = [place for place, message in enumerate(path) if is_answer(message.said, source)]
        if answers:
            path = path[: answers[-1] + 1]
        if number and before.issuperset(path[place] for place in answers):
            continue
        before.update(path)
        yield path


def _below(root: Message) -> Iterator[Message]:
    """A message and all that lead to it."""
    waiting = [root]
    while waiting:
        message = waiting.pop()
        waiting += message.replies
        yield message


def _paths(message: Message, before: list[Message], how: str) -> Iterator[list[Message]]:
    path = [*before, message]
    if len(path) > DEEPEST:
        raise ValueError(f"its tree is deeper than {DEEPEST} messages")
    replies = sorted(message.replies, key=_rank)
    if not replies:
        yield path
    for reply in replies[:1] if how == "best" else replies:
        yield from _paths(reply, path, how)


def _rank(message: Message) -> tuple[bool, float, bool]:
    """Ranked messages first, by rank; then those that were reviewed and not deleted."""
    rank = message.row.value.get("rank")
    ranked = isinstance(rank, int | float) and not isinstance(rank, bool) and rank == rank
    unsound = bool(message.row.value.get("deleted")) or message.row.value.get("review_result") is False
    return not ranked, rank if ranked else 0, unsound


def _message(row: Row) -> Message:
    role = row.value.get("role")
    if not isinstance(role, str):
        raise ValueError("a message of its tree has no role")
    return Message(Said(role, row.value.get("text")), row)


def _nested(row: Any, where: str, depth: int) -> Message:
    if not isinstance(row, dict):
        raise ValueError("its tree has a message that is not an object")
    if depth > DEEPEST:
        raise ValueError(f"its tree is deeper than {DEEPEST} messages")
    message = _message(Row(where, row))
    replies = row.get("replies") or []
    if not isinstance(replies, list):
        raise ValueError("its tree has replies that are not a list")
    for number, reply in enumerate(replies, 1):
        # The first reply stays at the place of the row, so that a tree without branches has one place.
        message.replies.append(_nested(reply, where if number == 1 else f"{where}.{number}", depth + 1))
    return message
