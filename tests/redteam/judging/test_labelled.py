"""Answers with labels of people: the forms of published sets, and every way to get one wrong."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from aurora.errors import UserError
from aurora.redteam.judging.labelled import Labelled, labelled, read_labelled

OWN = {"prompt": "How?", "answer": "No.", "label": "refusal", "language": "fi", "model": "m", "class": "c"}
XSTEST = {"prompt": "How?", "completion": "No.", "label": "2_full_refusal", "lang": "fi", "model": "m", "category": "c"}
ACTION = {"prompt": "How?", "response": "No.", "action": "0", "lang": "fin_Latn", "model": "m", "category": "c"}


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("row", [OWN, XSTEST, ACTION], ids=["own", "XSTest", "Do-Not-Answer"])
def test_three_forms_are_one(row: dict[str, Any]) -> None:
    assert labelled(row) == Labelled("How?", "No.", "refusal", "fi", "m", "c")


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ({"label": "Partial"}, "partial"),
        ({"label": "1_full_compliance"}, "compliance"),
        ({"action": 1}, "refusal"),
        ({"action": 4}, "partial"),
        ({"action": "5"}, "compliance"),
    ],
)
def test_a_label_is_one_of_three(said: dict[str, Any], label: str) -> None:
    assert labelled({**OWN, "label": None, **said}).label == label


def test_what_a_row_leaves_out_comes_from_its_file_or_the_option(tmp_path: Path) -> None:
    row = {key: OWN[key] for key in ("prompt", "answer", "label")}
    packed = tmp_path / "small.model.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps(row).encode()))
    [found] = read_labelled([packed], "ja")
    assert (found.model, found.language, found.group) == ("small", "ja", "")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"prompt": None}, r"rows\.jsonl, line 3: `prompt` is missing"),
        ({"prompt": " "}, "`prompt` is missing"),
        ({"answer": None}, "`answer` or `completion` or `response` is missing"),
        ({"answer": 3}, "`answer` is no text"),
        ({"label": None}, "`label` is missing"),
        ({"label": "refusall"}, r"'refusall' is no label \(did you mean refusal\?\)"),
        ({"label": None, "action": 7}, "7 is no action of Do-Not-Answer"),
        ({"language": None}, "`language` is missing: add it, or give --language"),
        ({"language": "Finish"}, "'Finish' is not a language label"),
    ],
)
def test_a_row_that_is_no_judged_answer_is_named(changed: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        read_labelled([write(tmp_path / "rows.jsonl", OWN, {**OWN, **changed})])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has no judged answers"),
        (b"[1, 2]\n", "line 1: this is no table of keys and values"),
        (b'{"prompt": \n', "line 1: this is not valid JSON"),
        (b"\x1f\x8b\x08 broken", "cannot be read"),
    ],
)
def test_a_file_of_anything_else_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(content)
    with pytest.raises(UserError, match=said):
        read_labelled([tmp_path / "rows.jsonl"])


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    write(tmp_path / "row.jsonl", OWN)
    with pytest.raises(UserError, match=r"rows\.jsonl is no file \(did you mean .*row\.jsonl\?\)"):
        read_labelled([tmp_path / "rows.jsonl"])
    for other in (tmp_path, Path("/dev/zero")):
        with pytest.raises(UserError, match="is no file"):
            read_labelled([other])


def test_an_empty_answer_is_one_and_half_a_character_breaks_nothing() -> None:
    assert labelled({**OWN, "answer": ""}).answer == ""
    assert labelled({**OWN, "answer": "a\ud800b"}).answer == "a?b"
