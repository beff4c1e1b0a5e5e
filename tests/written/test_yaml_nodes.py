"""YAML that people wrote: what becomes of its values, and the sentence about what is over a limit."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.written.yaml_nodes import (
    DEEPEST,
    LARGEST,
    LARGEST_INTEGER,
    LONGEST_KEY,
    MOST_VALUES,
    Problem,
    parse,
    read_table,
)


def bomb(levels: int, width: int) -> str:
    """A text of aliases that stands for width^levels values."""
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines)


def test_a_date_is_a_text_and_numbers_are_as_everybody_expects() -> None:
    assert parse("a: 2026-01-01\nb: 2026-13-45") == {"a": "2026-01-01", "b": "2026-13-45"}
    assert parse("a: 1e-4\nb: 1_000\nc: no\nd: ~\ne: '2'") == {"a": 1e-4, "b": 1000, "c": "no", "d": None, "e": "2"}


def test_only_true_and_false_are_neither_text_nor_number() -> None:
    """`no` is Norwegian."""
    assert parse("[no, yes, on, off, y, N, NO]") == ["no", "yes", "on", "off", "y", "N", "NO"]
    assert parse("[true, False, TRUE]") == [True, False, True]


def test_every_key_and_item_has_its_line() -> None:
    lines: dict[tuple[str, ...], int] = {}
    assert parse("a:\n  b: 1\n  c:\n    - x\n    - y\n", lines) == {"a": {"b": 1, "c": ["x", "y"]}}
    assert lines == {("a",): 1, ("a", "b"): 2, ("a", "c"): 3, ("a", "c", "0"): 4, ("a", "c", "1"): 5}


def test_an_alias_is_written_out() -> None:
    assert parse("a: &a [1, 2]\nb: *a") == {"a": [1, 2], "b": [1, 2]}


def test_a_format_may_have_a_tag_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: !named b.c\nd: [!named e]\n", encoding="utf-8")
    assert read_table(path, "a file", {"!named": str.upper})[0] == {"a": "B.C", "d": ["E"]}
    with pytest.raises(UserError, match="a value cannot have the tag '!named' here"):
        read_table(path, "a file")
    with pytest.raises(Problem, match="a value cannot have the tag '!other' here"):
        parse("a: !other b", tags={"!named": str})


def test_nothing_is_nothing() -> None:
    assert parse("") is None
    assert parse("# a remark\n") is None


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: [", 1, "this is not valid YAML"),
        ('a: "\\UFFFFFFFF"', 1, "this is not valid YAML"),
        ("a: 1\nb: 2\na: 3", 3, "the key a appears twice; keep one"),
        ("a:\n  b: {c: 1, c: 2}", 2, "the key a.b.c appears twice; keep one"),
        (f"{'k' * (LONGEST_KEY + 1)}: 1", 1, f"a key is a word of at most {LONGEST_KEY} printable characters"),
        ("? [a, b]\n: c", 1, "a key is a word"),
        ("a: !!set {b}", 1, "a: a value cannot have the tag 'tag:yaml.org,2002:set' here; leave it out"),
        ("a: !!python/object/apply:os.system [id]", 1, "a: a value cannot have the tag"),
        (f"a:\n- 1\n- {LARGEST_INTEGER}", 3, "a.1: '9223372036854775808' is beyond the largest whole number, 2^63"),
        ("a: 1e19", 1, "a: '1e19' is not a finite number of at most 1e+18"),
        (bomb(60, 1), 1, f"a39.0.0 ... nests deeper than {DEEPEST} levels, or holds itself"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_is_no_value_is_a_problem_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(Problem) as found:
        parse(text)
    assert said in found.value.what
    assert found.value.line == line


def test_a_limit_itself_is_allowed() -> None:
    assert parse(f"a: {LARGEST_INTEGER - 1}\nb: {-LARGEST_INTEGER}") == {"a": 2**63 - 1, "b": -(2**63)}
    assert parse(f"{'k' * LONGEST_KEY}: 1")
    deepest = DEEPEST - 1  # lists; the table around them is a level, too
    assert parse("a: " + "[" * deepest + "]" * deepest)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (bomb(9, 9), f"line 1: with its aliases written out this file has more than {MOST_VALUES:,} values"),
        ("name: &a [*a]", f"line 1: name.0.0 ... nests deeper than {DEEPEST} levels, or holds itself"),
        ("name: " + "[" * 20_000, f"line 1: this nests deeper than {DEEPEST} levels"),
        ("name:\n" + "- " * 20_000, f"line 2: this nests deeper than {DEEPEST} levels"),
        ("# " + "x" * LARGEST, "has more than 1,000,000 bytes, the limit for such a file"),
        ("seed: " + "9" * 5000, "line 1: seed: '99999999999999999999...' is longer than any number here"),
        ("seed: " + "9" * 20, "line 1: seed: '99999999999999999999' is beyond the largest whole number, 2^63"),
        ("\n\nseed: !!int abc", "line 3: seed: 'abc' is not of its tag, int"),
        ("a: .inf", "line 1: a: '.inf' is not a finite number"),
        ("a: .NaN", "line 1: a: '.NaN' is not a finite number"),
        ('extends: "a\\0b"', "line 1: extends: a text cannot hold the character U+0000"),
        ('name: "\\e[2J"', "line 1: name: a text cannot hold the character U+001B"),
        ("name: x\ny: \x1b[2J", "line 2: a file of YAML cannot hold the character U+001B"),
        ("[a]", "a recipe is a table of keys, and this file holds none"),
        ("", "a recipe is a table of keys, and this file holds none"),
    ],
    ids=lambda value: value[:24],
)
def test_a_limit_is_a_sentence_within_seconds(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    start = time.process_time()
    with pytest.raises(UserError) as refused:
        read_table(path, "a recipe")
    assert time.process_time() - start < 10
    sentence = str(refused.value)
    assert said in sentence
    assert str(path) in sentence
    assert len(sentence.splitlines()) == 1


def test_a_file_that_is_no_text_or_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("name: Sörö".encode("latin-1"))
    with pytest.raises(UserError, match=r"latin\.yaml is not UTF-8 \(byte 7\): save it as UTF-8\."):
        read_table(tmp_path / "latin.yaml", "a recipe")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="pipe is a pipe or a device, not a file"):
        read_table(tmp_path / "pipe", "a recipe")
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / "nothere.yaml", "a recipe")


def test_a_mark_at_the_beginning_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("\ufeffname: x\n".encode())
    assert read_table(tmp_path / "a.yaml", "a recipe") == ({"name": "x"}, {("name",): 1})
