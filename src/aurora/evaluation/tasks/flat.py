"""Items in one flat schema: an object a line with `id`, `lang`, and what its kind of task needs.

One decision: an item is completed here, once, with everything that any wording writes: the contexts of a gap, the
solution that an example shows, the document that it shares with others. The last items of a set, and what shares their
document, are examples and never scored, so scores do not depend on how many examples a question gets.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aurora.errors import UserError
from aurora.evaluation.tasks.files import LIBRARY, Kind, Task
from aurora.hashes import digest_of

Row = dict[str, Any]
ENDINGS = (".jsonl", ".jsonl.gz")
GAP = "_"
LARGEST = 1_000_000_000  # characters of a set, also unpacked; the largest that is published has some 50 MB
LONGEST_LINE = 10_000_000  # characters; an item has thousands
EXAMPLES = 16  # kept out of every set; more than any task shows
# A smaller set has no examples: what is left would tell nothing.
FEWEST_SCORED = 100
# Of each subject, where a task's examples are of the question's own; as many as MMLU has.
OF_A_SUBJECT, FEWEST_OF_A_SUBJECT = 5, 15
# HellaSwag's source, WikiHow, marks its titles so.
_MARKED = re.compile(r"\s*\[SEP\]\s*")
_ESCAPED = r"\ud"
_CHECK = re.compile(r"^def check\(", re.MULTILINE)
_CALCULATION = re.compile(r"<<.*?>>")  # GSM8K's notes for a calculator


@dataclass(frozen=True)
class Items:
    """The items of a task: those that are `scored`, and `examples` that are not. `origin` says where they are from."""

    scored: list[Row]
    examples: list[Row]
    origin: str
    sha256: str | None = None


def find_file(name: str, folders: Sequence[Path]) -> Path | None:
    """The file of data `name` in the first folder that has it, or the one that comes with Aurora."""
    for folder in (*folders, LIBRARY):
        for ending in ENDINGS:
            if (path := folder / f"{name}{ending}").is_file():
                return path
    return None


def read_items(task: Task, path: Path, translations: Mapping[str, Path] | None = None) -> Items:
    """The items of a file; `UserError` names the first line that is no item of this task.

    With `translations`, files of the same items by language, those that are in all of them.
    """
    rows = list(_rows(path, task))
    if translations:
        texts = {language: _texts(place, task) for language, place in translations.items()}
        beside = [{language: text.get(_name(row["id"])) for language, text in texts.items()} for row in rows]
        rows = [
            {**row, "translations": found}
            for row, found in zip(rows, beside, strict=True)
            if None not in found.values()
        ]
    if not rows:
        raise UserError(f"{path} holds no items of the task {task.name}: give a file with a JSON object a line.")
    scored, examples = set_apart(rows, task.metadata.kind, task.metadata.examples_by)
    return Items(scored, examples, path.name, digest_of(path))


def set_apart(rows: list[Row], kind: Kind, by: str | None = None) -> tuple[list[Row], list[Row]]:
    """Items that are scored, and those that serve as examples: the last ones, and of each subject its last ones."""
    if kind in ("program", "safety") or len(rows) < EXAMPLES + FEWEST_SCORED:
        return rows, []
    apart = {*range(len(rows) - EXAMPLES, len(rows)), *(_last_of_each(rows, by) if by else ())}
    examples = [rows[number] for number in sorted(apart)]
    shown = {row["cluster"] for row in examples}
    return [row for number, row in enumerate(rows) if number not in apart and row["cluster"] not in shown], examples


def _last_of_each(rows: list[Row], by: str) -> Iterator[int]:
    places: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        places.setdefault(row[by], []).append(number)
    for found in places.values():
        if len(found) >= FEWEST_OF_A_SUBJECT:
            yield from found[-OF_A_SUBJECT:]


def completed(row: Row, kind: Kind) -> Row:
    """An item with all that wordings write of it; `ValueError` says what it lacks."""
    if not isinstance(row["lang"], str) or not isinstance(row.get("orig") or "", str):
        raise ValueError("`lang` or `orig` is no text")
    return {"id": str(row["id"]), **_COMPLETED[kind](row)}


def _rows(path: Path, task: Task) -> Iterator[Row]:
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if _ESCAPED in line.lower():  # half a character ends whatever has to write or encode it
                json.dumps(row, ensure_ascii=False).encode()
            if any(str(row.get(key)) != value for key, value in task.metadata.only.items()):
                continue
            # An item without a name is called by its line.
            yield completed({"id": number, "lang": task.metadata.language, **row}, task.metadata.kind)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
            said = f"it has no {error}" if isinstance(error, KeyError) else str(error)
            raise UserError(
                f"{path}, line {number}: this is no item of the task {task.name} ({said}): correct the line."
            ) from error


def _lines(path: Path) -> Iterator[str]:
    read = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8") as lines:
            while line := lines.readline(LONGEST_LINE + 1):
                read += len(line)
                if len(line) > LONGEST_LINE or read > LARGEST:
                    raise UserError(
                        f"{path} has a line of more than {LONGEST_LINE:,} characters, or more than {LARGEST:,} in all: "
                        "give a file of items."
                    )
                yield line
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise UserError(f"{path} cannot be read ({error}): fetch it again.") from error


def _text(row: Row, *keys: str) -> dict[str, str]:
    for key in keys:
        if not isinstance(row[key], str) or not row[key].strip():
            raise ValueError(f"`{key}` is no text")
    return {key: row[key] for key in keys}


def _choices(row: Row) -> Row:
    choices, answer = row["choices"], row["answer"]
    if not isinstance(choices, list) or not all(isinstance(one, str) and one.strip() for one in choices):
        raise ValueError("`choices` is no list of texts")
    if type(answer) is not int or not 0 <= answer < len(choices) or len(choices) < 2:
        raise ValueError("`answer` is not the number of one of two choices or more")
    return {"choices": [choice.strip() for choice in choices], "answer": answer}


def _choice(row: Row) -> Row:
    found = {**_text(row, "question"), **_choices(row)}
    found["question"] = found["question"].strip()
    told = _original(row).get("metadata")
    subject = row.get("subject") or (told.get("subject") if isinstance(told, dict) else None) or ""
    return {**found, "lang": row["lang"], "subject": str(subject), "cluster": str(row.get("cluster") or row["id"])}


def _gap(row: Row) -> Row:
    found = {**_text(row, "question"), **_choices(row)}
    before, gap, behind = found["question"].partition(GAP)
    if not gap or not behind.strip():
        raise ValueError(f"a gap {GAP} with text behind it is missing")
    contexts = [before + choice for choice in found["choices"]]
    # Sentences about the same two things come in pairs that differ in a word.
    cluster = "|".join(sorted(found["choices"]))
    return {**found, "contexts": contexts, "behind": behind, "lang": row["lang"], "cluster": cluster}


def _answers(row: Row) -> list[str]:
    answers = row["answers"]
    if not isinstance(answers, list) or not answers or not all(isinstance(one, str) and one for one in answers):
        raise ValueError("`answers` is no list of texts")
    return [" ".join(answer.split()) or answer for answer in answers]  # a model is asked for a line


def _open(row: Row) -> Row:
    question = _text(row, "question")["question"].strip()
    return {"question": question, "answers": _answers(row), "lang": row["lang"], "cluster": str(row["id"])}


def _reading(row: Row) -> Row:
    context = _MARKED.sub("\n", _text(row, "context")["context"]).strip()
    return {**_open(row), "context": context, "cluster": context}


def _maths(row: Row) -> Row:
    answer = _answers(row)[0]
    steps = row.get("solution") or _original(row).get("answer") or answer
    solution = _CALCULATION.sub("", str(steps)).strip()
    return {**_open(row), "solution": solution}


def _program(row: Row) -> Row:
    found: Row = _text(row, "prompt", "test")
    found |= {key: str(row.get(key) or "") for key in ("entry_point", "canonical_solution", "buggy_solution")}
    if _CHECK.search(row["test"]) and not found["entry_point"]:  # nothing would be tested, and all would pass
        raise ValueError("its test defines `check`, and it has no `entry_point` to check")
    return {**found, "lang": row["lang"], "orig": row.get("orig") or "{}", "cluster": str(row["id"])}


def _safety(row: Row) -> Row:
    category = row.get("category") or row.get("subcategory") or ""
    return {**_text(row, "text"), "lang": row["lang"], "category": str(category), "cluster": str(row["id"])}


def _writing(row: Row) -> Row:
    return {**_text(row, "text"), "answers": _answers(row), "lang": row["lang"], "cluster": str(row["id"])}


def _texts(path: Path, task: Task) -> dict[str, str]:
    """By name the texts of a file of translations."""
    return {_name(row["id"]): row["text"] for row in _rows(path, task)}


def _name(name: str) -> str:
    """An item's name without the punctuation in which files of one set differ."""
    return re.sub(r"[:;,.\s]", "", name)


def _original(row: Row) -> dict[str, Any]:
    original = json.loads(row.get("orig") or "{}")
    return original if isinstance(original, dict) else {}


_COMPLETED: dict[Kind, Callable[[Row], Row]] = {
    "choice": _choice, "gap": _gap, "reading": _reading, "open": _open, "maths": _maths, "program": _program,
    "safety": _safety, "writing": _writing,
}  # fmt: skip


def as_dataset(rows: Iterable[Row]) -> Any:
    """Items as lm-eval wants them."""
    from datasets import Dataset

    return Dataset.from_list(list(rows))
