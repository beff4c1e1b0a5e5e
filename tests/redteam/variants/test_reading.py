"""Files of prompts, and what is wrong with one."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from aurora.errors import UserError
from aurora.redteam.variants.making import Variant
from aurora.redteam.variants.reading import read_prompts
from made_prompts import prompt, written


def test_prompts_and_variants_are_read_as_they_were_written(tmp_path: Path) -> None:
    first = prompt(1, "‹request›\u2028", language="hi")
    second = Variant(**asdict(prompt(2, "‹other›", twin="x")), made={"how": "twin", "of": first.id})
    assert read_prompts(written(tmp_path / "p.jsonl", [first, second])) == [first, second]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"prompt": " "}, "`prompt` is no text"),
        ({"clause": None}, "`clause` is no text"),
        ({"kind": "evil"}, "`kind` is neither harmful nor benign"),
        ({"prompt": "x" * 8001}, "this prompt has 8,001 characters"),
        ({"made": {"how": 3}}, "`made` is no table of texts"),
        ({"id": f"{1:016x}"}, "stands there twice"),
    ],
    ids=["blank", "none", "kind", "long", "made", "twice"],
)
def test_a_line_that_is_no_prompt_is_named(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    path = written(tmp_path / "p.jsonl", [prompt(1, "‹request›")])
    with open(path, "a", encoding="utf-8") as file:
        file.write("\n" + json.dumps({**asdict(prompt(2, "‹other›")), **change}))
    with pytest.raises(UserError, match=r"p\.jsonl, line 3") as told:
        read_prompts(path)
    assert said in str(told.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"{", "line 1"), (b"[1]", "this is no prompt"), (b"\xff\xfe", "line 1"), (b'{"a": "\\ud83d"}', "surrogates"),
     (b"", "holds no prompts"), (b"[" * 200_000, "line 1")],
    ids=["cut", "list", "bytes", "half", "empty", "deep"],
)  # fmt: skip
def test_a_file_of_something_else_is_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(content)
    with pytest.raises(UserError) as told:
        read_prompts(path)
    assert said in str(told.value)
    with pytest.raises(UserError, match="is no file"):
        read_prompts(tmp_path)
