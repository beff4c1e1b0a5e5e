"""The items of a benchmark, from JSON lines in one flat schema: `id`, `task`, `question`, `choices`, `answer`.

One decision: an item is some (context, continuation) pairs of which one is right, whatever its benchmark calls them. A
choice that fills a gap (`_`) is the context of what stands behind the gap, which is the same for every choice and so
needs no correction for length.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from aurora.errors import UserError
from aurora.nearest import MOST_LISTED

GAP = "_"
KINDS = ("multiple_choice", "cloze_choice")
ENDINGS = (".jsonl", ".jsonl.gz")
OWN = resources.files(__package__) / "data"


@dataclass(frozen=True)
class Item:
    """`pairs` of context and continuation, of which number `answer` is right."""

    id: str
    pairs: tuple[tuple[str, str], ...]
    answer: int

    @property
    def same_length(self) -> bool:
        """Whether all continuations are one text, so that the sums of their log-likelihoods compare."""
        return len({continuation for _, continuation in self.pairs}) == 1


def task_file(name: str, data: Path | None) -> Path:
    """The file of the task `name`: in the folder `data`, or among those that come with Aurora."""
    place = Path(str(OWN)) if data is None else data
    files = {path.name.removesuffix(ending): path for ending in ENDINGS for path in sorted(place.glob(f"*{ending}"))}
    if name in files:
        return files[name]
    there = f"there are {', '.join(sorted(files)[:MOST_LISTED])}" if files else "it holds none"
    raise UserError(f"{place} has no task {name}: {there}. --data names another folder.")


def read_task(path: Path, limit: int | None = None) -> list[Item]:
    """The first `limit` items of a file; `UserError` names the line that is none, or a file of another kind."""
    items: list[Item] = []
    for number, line in enumerate(_lines(path), 1):
        if limit is not None and len(items) == limit:
            break
        try:
            items.append(_item(json.loads(line)))
        except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
            raise UserError(
                f"{path}, line {number}: this is no item of choices ({error}): correct the line."
            ) from error
    if not items:
        raise UserError(f"{path} holds no items: give a file with a JSON object a line.")
    return items


def _item(row: dict[str, Any]) -> Item:
    question, choices, answer = row["question"], row["choices"], row["answer"]
    if row["task"] not in KINDS:
        raise ValueError(f"its task is {row['task']!r}; choices are {' and '.join(KINDS)}")
    if type(answer) is not int or not 0 <= answer < len(choices) or len(choices) < 2:
        raise ValueError("`answer` is not the number of one of two choices or more")
    if not all(isinstance(text, str) and text for text in (question, *choices)):
        raise ValueError("`question` and `choices` are texts")
    if row["task"] == "cloze_choice":
        before, gap, behind = question.partition(GAP)
        if not gap or not behind:
            raise ValueError(f"a gap {GAP} with text behind it is missing")
        return Item(str(row["id"]), tuple((before + choice, behind) for choice in choices), answer)
    return Item(str(row["id"]), tuple((question, f" {choice}") for choice in choices), answer)


def _lines(path: Path) -> Iterator[str]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8") as lines:
            yield from (line for line in lines if line.strip())
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}): fetch it again.") from error
