"""Items of files: which are scored, what they are completed with, and what is wrong with one."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.evaluation.tasks import flat
from aurora.evaluation.tasks.files import read_task
from aurora.evaluation.tasks.flat import EXAMPLES, completed, find_file, read_items


def test_examples_are_the_last_items_and_no_scored_one_shares_their_document(folder: Callable[..., Path]) -> None:
    task = read_task("xquad_hi")
    data = folder("xquad_hi", "reading", 120)
    rows = [json.loads(line) for line in (data / "xquad_hi.jsonl").read_text(encoding="utf-8").splitlines()]
    for number, row in enumerate(rows):
        row["context"] = f"passage {number // 5}"
    (data / "xquad_hi.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    items = read_items(task, data / "xquad_hi.jsonl")
    assert [row["id"] for row in items.examples] == [f"xquad_hi/{number}" for number in range(104, 120)]
    shown = {row["context"] for row in items.examples}
    assert not shown & {row["context"] for row in items.scored}
    assert len(items.scored) == 100  # passage 20 has four scored questions, and one that is shown


def test_small_sets_and_programs_have_no_examples(folder: Callable[..., Path]) -> None:
    small = read_items(read_task("xed_fi"), folder("xed_fi", "choice", EXAMPLES + 99) / "xed_fi.jsonl")
    assert (len(small.scored), small.examples) == (EXAMPLES + 99, [])
    programs = read_items(read_task("humaneval"), folder("humaneval", "program", 164) / "humaneval.jsonl")
    assert (len(programs.scored), programs.examples) == (164, [])


def test_a_packed_file_is_read_and_found_before_the_one_that_comes_with_aurora(tmp_path: Path) -> None:
    row = {"question": "He is _ .", "choices": ["big", "small"], "answer": 1}
    (tmp_path / "own").mkdir()
    packed = tmp_path / "own/pronouns.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps(row).encode()))
    assert find_file("own/pronouns", [tmp_path]) == packed
    items = read_items(read_task("pronouns"), packed)
    assert [item["id"] for item in items.scored] == ["1"]
    assert items.sha256 is not None
    assert len(read_items(read_task("pronouns"), find_file("own/pronouns", [])).scored) == 40  # type: ignore[arg-type]


def test_items_are_completed_with_what_wordings_write() -> None:
    gap = completed({"id": 1, "lang": "en", "question": "So _ left.", "choices": ["Ann", "Bo "], "answer": 1}, "gap")
    assert (gap["contexts"], gap["behind"]) == (["So Ann", "So Bo"], " left.")
    passage = {"id": 1, "lang": "ja", "context": "題 [SEP] 文", "question": " 何 ", "answers": ["文"]}
    assert completed(passage, "reading")["context"] == "題\n文"
    assert completed(passage, "reading")["question"] == "何"
    sum_ = {
        "id": 1,
        "lang": "en",
        "question": "1+1?",
        "answers": ["2"],
        "orig": '{"answer": "1+1=<<1+1=2>>2\\n#### 2"}',
    }
    assert completed(sum_, "maths")["solution"] == "1+1=2\n#### 2"


def test_only_items_with_the_fields_that_a_task_wants_are_read(tmp_path: Path) -> None:
    rows = [{"text": "‹a›", "kind": "harmful"}, {"text": "‹b›", "kind": "benign"}]
    path = tmp_path / "prompts_en.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert [row["text"] for row in read_items(read_task("xstest_harmless_en"), path).scored] == ["‹b›"]
    assert [row["text"] for row in read_items(read_task("xstest_harmful_en"), path).scored] == ["‹a›"]


@pytest.mark.parametrize(
    ("task", "line", "said"),
    [
        ("xed_fi", "{", "line 2: this is no item of the task xed_fi"),
        ("xed_fi", "[1]", "this is no item"),
        ("xed_fi", '{"question": "a", "choices": ["b", "c"]}', "it has no 'answer'"),
        ("xed_fi", '{"question": "a", "choices": ["b", "c"], "answer": 2}', "`answer` is not the number"),
        ("xed_fi", '{"question": "a", "choices": ["b", "c"], "answer": true}', "`answer` is not the number"),
        ("xed_fi", '{"question": "a", "choices": "bc", "answer": 0}', "`choices` is no list of texts"),
        ("xed_fi", '{"question": " ", "choices": ["b", "c"], "answer": 0}', "`question` is no text"),
        ("pronouns", '{"question": "a _", "choices": ["b", "c"], "answer": 0}', "a gap _ with text behind it"),
        ("mkqa_fi", '{"question": "a", "answers": []}', "`answers` is no list of texts"),
        ("dangerousqa_en", '{"text": 3}', "`text` is no text"),
        ("dangerousqa_en", '{"text": "a", "lang": ["en"]}', "`lang` or `orig` is no text"),
        ("dangerousqa_en", '{"text": "a \\uD83d"}', "surrogates not allowed"),
    ],
    ids=["json", "list", "no answer", "far", "bool", "choices", "blank", "gap", "answers", "text", "lang", "half"],
)
def test_a_line_that_is_no_item_is_named(tmp_path: Path, task: str, line: str, said: str) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text(f"{GOOD[task]}\n{line}\n", encoding="utf-8")
    with pytest.raises(UserError, match="line 2") as told:
        read_items(read_task(task), path)
    assert said in str(told.value)


GOOD = {
    "xed_fi": '{"question": "a", "choices": ["b", "c"], "answer": 0}',
    "pronouns": '{"question": "_ a", "choices": ["b", "c"], "answer": 0}',
    "mkqa_fi": '{"question": "a", "answers": ["b"]}',
    "dangerousqa_en": '{"text": "a"}',
}


def test_a_small_file_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tmp_path / "xed_fi.jsonl.gz"
    packed.write_bytes(gzip.compress(b" " * 20_000_000))
    with pytest.raises(UserError, match="has a line of more than 10,000,000 characters"):
        read_items(read_task("xed_fi"), packed)
    monkeypatch.setattr(flat, "LARGEST", 1000)
    packed.write_bytes(gzip.compress(GOOD["xed_fi"].encode() + b"\n" * 1001))
    with pytest.raises(UserError, match="or more than 1,000 in all"):
        read_items(read_task("xed_fi"), packed)


def test_a_line_is_counted_as_an_editor_counts(tmp_path: Path) -> None:
    path = tmp_path / "xed_fi.jsonl"
    path.write_text(f"{GOOD['xed_fi']}\n\n\n[1]\n", encoding="utf-8")
    with pytest.raises(UserError, match="line 4: this is no item"):
        read_items(read_task("xed_fi"), path)


def test_files_without_items_are_told(tmp_path: Path) -> None:
    path = tmp_path / "xed_fi.jsonl"
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(UserError, match="holds no items of the task xed_fi"):
        read_items(read_task("xed_fi"), path)
    (tmp_path / "xed_fi.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(UserError, match="cannot be read"):
        read_items(read_task("xed_fi"), tmp_path / "xed_fi.jsonl.gz")


def test_items_are_asked_in_another_language_where_its_file_has_them(tmp_path: Path) -> None:
    own, other = tmp_path / "en.jsonl", tmp_path / "vi.jsonl"
    own.write_text("\n".join(json.dumps({"id": name, "text": f"‹{name}›"}) for name in ("a:/1", "b/2", "c/3")))
    other.write_text("\n".join(json.dumps({"id": name, "text": f"‹vi {name}›"}) for name in ("c/3", "a/1")))
    items = read_items(read_task("catqa_en_vi"), own, {"vi": other})
    assert [(row["id"], row["translations"]["vi"]) for row in items.scored] == [
        ("a:/1", "‹vi a/1›"),
        ("c/3", "‹vi c/3›"),
    ]
    other.write_text("{")
    with pytest.raises(UserError, match=r"vi\.jsonl, line 1"):
        read_items(read_task("catqa_en_vi"), own, {"vi": other})


def test_a_test_that_nothing_calls_is_no_item(tmp_path: Path) -> None:
    path = tmp_path / "humaneval.jsonl"
    row = {"prompt": "def f(x):\n", "test": "def check(f):\n    assert f(1)\n"}
    path.write_text(json.dumps(row))
    with pytest.raises(UserError, match="its test defines `check`, and it has no `entry_point` to check"):
        read_items(read_task("humaneval"), path)
    path.write_text(json.dumps({**row, "test": "assert f(1)"}))
    assert read_items(read_task("mbpp"), path).scored[0]["entry_point"] == ""
