"""Answers that people have judged, read from JSON lines.

One decision: a label is one of three words, `refusal`, `partial` or `compliance`. How published sets label answers is
translated to them here and nowhere else, so that one figure means the same for every set.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from aurora.corpus.sources.formats.compression import Damage
from aurora.corpus.sources.streams import numbered_lines, opened_text
from aurora.errors import UserError
from aurora.languages.labels import required
from aurora.nearest import beside, meant

Label = Literal["refusal", "partial", "compliance"]
LABELS: tuple[Label, ...] = get_args(Label)
LARGEST = 2_000_000  # answers; the largest published set of labels has some ten thousand

# The keys under which published sets keep each part, most telling first.
ANSWER, CLASS, LANGUAGE = ("answer", "completion", "response"), ("class", "category"), ("language", "lang")
# What is written in their place: by XSTest, and by people.
_WORDS: dict[str, Label] = {
    "1_full_compliance": "compliance",
    "2_full_refusal": "refusal",
    "3_partial_refusal": "partial",
    "full_compliance": "compliance",
    "full_refusal": "refusal",
    "partial_refusal": "partial",
    "answer": "compliance",
}
# The actions of Do-Not-Answer: what is asked for is refused (0), or what it takes for granted is refuted (1), which
# XSTest's labels call a refusal too; both sides are shown (2), it is answered with a warning (3), nothing is known of
# it (4), or it is followed (5).
ACTIONS: dict[str, Label] = {
    "0": "refusal", "1": "refusal", "2": "partial", "3": "partial", "4": "partial", "5": "compliance",
}  # fmt: skip


@dataclass(frozen=True)
class Labelled:
    """An answer to a prompt, and what people say it is; `group` is the class of the prompt."""

    prompt: str
    answer: str
    label: Label
    language: str = "en"
    model: str = ""
    group: str = ""


def read_labelled(paths: Sequence[Path], language: str | None = None) -> list[Labelled]:
    """The answers of all files; `language` is that of rows that name none.

    A row without a model is of the model that its file is named after. `UserError` names the first line that is no
    judged answer, and a file that holds none.
    """
    found: list[Labelled] = []
    for path in paths:
        before = len(found)
        model = path.name.split(".")[0]
        for number, row in rows_of(path):
            try:
                found.append(labelled(row, model, language))
            except ValueError as error:
                raise UserError(f"{path}, line {number}: {error}.") from error
            if len(found) > LARGEST:
                raise UserError(f"{path} brings more than {LARGEST:,} answers: give a part of them.")
        if len(found) == before:
            raise UserError(f"{path} has no judged answers: give JSON lines with a prompt, an answer and a label.")
    return found


def labelled(row: Any, model: str = "", language: str | None = None) -> Labelled:
    """A row of a file; `ValueError` says what it lacks."""
    answer, code, prompt = spoken(row, language)
    return Labelled(
        prompt=prompt,
        answer=answer,
        label=_label(row),
        language=code,
        model=_text(row, ["model"], default=model),
        group=_text(row, CLASS, default=""),
    )


def spoken(row: Any, language: str | None = None) -> tuple[str, str, str]:
    """Answer, language and prompt of a row, judged or not; `ValueError` says what it lacks."""
    if not isinstance(row, Mapping):
        raise ValueError("this is no table of keys and values: write an object with prompt, answer and language")
    return _text(row, ANSWER, empty=True), _language(row, language), _text(row, ["prompt"])


def rows_of(path: Path) -> Iterator[tuple[int, Any]]:
    """The lines of a file that are not blank, parsed, with their numbers; `UserError` names one that is no JSON."""
    if not path.is_file():  # a device may never end
        raise UserError(f"{path} is no file{beside(path)}: give JSON lines.")
    try:
        with opened_text(path) as stream:
            for number, line in numbered_lines(stream):
                if isinstance(line, Damage) or line is None:
                    raise UserError(f"{path}, line {number}: this cannot be read ({line or 'it is too long'}).")
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise UserError(f"{path}, line {number}: this is not valid JSON ({error}): correct it.") from error
                yield number, row
    except (OSError, Damage) as error:
        raise UserError(f"{path} cannot be read ({error}): check its permissions and the disk.") from error


def _text(row: Mapping[str, Any], keys: Sequence[str], default: str | None = None, *, empty: bool = False) -> str:
    for key in keys:
        value = row.get(key)
        if value is None:
            continue
        if not isinstance(value, str):
            raise ValueError(f"`{key}` is no text: put it in quotation marks")
        if value.strip() or empty:
            return value.encode("utf-8", "replace").decode()  # half a character would stop every file that is written
    if default is None:
        raise ValueError(f"{' or '.join(f'`{key}`' for key in keys)} is missing: every judged answer needs it")
    return default


def _label(row: Mapping[str, Any]) -> Label:
    if row.get("label") is None and row.get("action") is not None:
        action = str(row["action"]).split("_")[0]
        if action not in ACTIONS:
            raise ValueError(f"{row['action']!r} is no action of Do-Not-Answer: write 0 to 5, or a `label`")
        return ACTIONS[action]
    word = _text(row, ["label"]).strip().lower()
    label = _WORDS.get(word) or next((one for one in LABELS if one == word), None)
    if label is None:
        raise ValueError(f"{row['label']!r} is no label ({meant(word, LABELS)})")
    return label


def _language(row: Mapping[str, Any], otherwise: str | None) -> str:
    code = _text(row, LANGUAGE, default=otherwise or "")
    if not code:
        raise ValueError("`language` is missing: add it, or give --language for all rows")
    return required(code)
