"""Files of others: what is written here is read back, and what lm-eval and olmo-eval write is read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aurora.errors import UserError
from aurora.evaluation.comparing.compared import answers_of, compared
from aurora.evaluation.comparing.others import keep, read_any, write_lm_eval, write_olmo_eval, write_own, written

# As lm-eval 0.4.13 writes an item with --log_samples, and OLMES and olmo-eval one of their predictions.
LM_EVAL = {
    "doc_id": 3, "doc": {"text": "made up"}, "target": "1", "arguments": {}, "resps": [[["-1.5", "False"]]],
    "filtered_resps": [["-1.5", "False"]], "filter": "none", "metrics": ["acc", "acc_norm"], "doc_hash": "d3",
    "prompt_hash": "p3", "target_hash": "t3", "acc": 0.0, "acc_norm": 1.0,
}  # fmt: skip
OLMES = {"doc_id": 0, "native_id": "N7", "metrics": {"acc_raw": 0, "acc_per_char": 1}, "model_output": [], "label": 1}
OLMO_EVAL = {"native_id": "N8", "instance_metrics": {"accuracy": {"letters": 1.0}}}


@pytest.mark.parametrize("write", [write_lm_eval, write_olmo_eval])
def test_what_is_written_in_their_form_is_read_back(
    results: Callable[..., dict[str, Any]], tmp_path: Path, write: Callable[[dict[str, Any], Path], None]
) -> None:
    found = results("m", one=[1.0, 0.0, 1.0], two=[0.0, None, 1.0])
    write(found, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    back = answers_of("m", read_any(tmp_path)).units["things", "cloze"]
    assert {wording: [one.score for one in items.values()] for wording, items in back.items()} == {
        "cloze-one": [1.0, 0.0, 1.0],
        "cloze-two": [0.0, 1.0],  # what was not run is in no file
    }


def test_predictions_hold_figures_as_both_of_their_readers_look_for_them(
    results: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    write_olmo_eval(results(one=[1.0]), tmp_path)
    (path,) = tmp_path.iterdir()
    row = json.loads(path.read_text(encoding="utf-8"))
    assert row["metrics"] == {"acc": 1.0}
    assert row["instance_metrics"] == {"acc": {"acc": 1.0}}


def test_items_of_lm_eval_and_olmo_eval_are_compared(tmp_path: Path) -> None:
    names = {"a": "samples_arc_easy_2026-11-30T12-00-00.123.jsonl", "b": "samples_arc_easy_2026-12-01T12-00-00.5.jsonl"}
    for folder, name in names.items():
        path = tmp_path / folder / name
        path.parent.mkdir()
        rows = [{**LM_EVAL, "doc_hash": f"d{number}", "acc_norm": float(folder == "b")} for number in range(20)]
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    models = [answers_of(folder, read_any(tmp_path / folder)) for folder in names]
    row = compared(models)[1]
    assert (row["task"], row["form"], row["change"]["difference"]) == ("arc_easy", "as-given", 1.0)
    assert row["change"]["verdict"] == "gained"


@pytest.mark.parametrize(
    ("name", "row", "task", "item"),
    [
        ("task-004-boolq-predictions.jsonl", OLMES, "boolq", "N7"),
        ("boolq.jsonl", OLMO_EVAL, "boolq", "N8"),
        ("samples_arc_easy.jsonl", LM_EVAL, "arc_easy", "d3"),
    ],
    ids=["olmes", "olmo-eval", "lm-eval"],
)
def test_an_item_has_the_score_that_its_file_prefers(
    tmp_path: Path, name: str, row: dict[str, Any], task: str, item: str
) -> None:
    (tmp_path / name).write_text(json.dumps(row) + "\n", encoding="utf-8")
    units = answers_of("m", read_any(tmp_path / name)).units
    assert {key: entry.score for key, entry in units[task, "as-given"]["as-given"].items()} == {item: 1.0}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("results.json", '{"results": {}}', "holds no scores of items"),
        ("samples_x.jsonl", "", "holds no items"),
        ("samples_x.jsonl", "[1]", "line 1: this is no object"),
        ("samples_x.jsonl", '{"metrics": []}', "line 1: this item has no score"),
        ("samples_x.jsonl", "{", "line 1: this cannot be read as lines of JSON"),
        ("samples_x.jsonl", '{"metrics": ["acc"], "acc": NaN}', "line 1: this item has no score"),
        ("samples_x.jsonl", '{"metrics": ["acc"], "acc": 1' + "0" * 400 + "}", "line 1: this item has no score"),
        ("results.json", "{", "is not valid JSON"),
        ("results.json", "[" * 100_000, "is not valid JSON"),
    ],
    ids=["results", "empty", "list", "no score", "json", "no number", "beyond numbers", "broken", "deep"],
)
def test_a_file_without_scores_is_one_sentence(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"name a file of results|give a file|remove it") as told:
        read_any(tmp_path / name)
    assert said in str(told.value)


def test_a_folder_without_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no \.jsonl with scores"):
        read_any(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "samples_x.jsonl")
    for place in (tmp_path, tmp_path / "samples_x.jsonl"):
        with pytest.raises(UserError, match="a pipe or a device"):
            read_any(place)


@pytest.mark.parametrize("write", [write_lm_eval, write_olmo_eval], ids=["lm-eval", "olmo-eval"])
def test_an_answer_may_hold_any_mark_that_ends_lines(
    results: Callable[..., dict[str, Any]], tmp_path: Path, write: Callable[[dict[str, Any], Path], None]
) -> None:
    found = results("m", one=[1.0, 0.0])
    for item in found["tasks"]["things"]["forms"]["cloze"]["wordings"]["cloze-one"]["items"]:
        item["answer"] = "one\u2028two\x85three\r\nfour\x0c"
    write(found, tmp_path)
    back = answers_of("m", read_any(tmp_path)).units["things", "cloze"]["cloze-one"]
    assert [entry.score for entry in back.values()] == [1.0, 0.0]


@pytest.mark.parametrize("form", ["aurora", "lm-eval", "olmo-eval"])
def test_only_results_of_our_own_are_written_over(
    results: Callable[..., dict[str, Any]], tmp_path: Path, form: str
) -> None:
    (path,) = written(tmp_path, "m", form, [("things", "cloze-one")])

    def write(found: dict[str, Any]) -> None:
        if form == "aurora":
            write_own(found, path)
        else:
            (write_lm_eval if form == "lm-eval" else write_olmo_eval)(found, tmp_path / "m")

    found = results("m", one=[1.0, 0.0])
    write(found)
    found["tasks"]["things"]["forms"]["cloze"]["wordings"]["cloze-one"]["items"][0]["id"] = 'a "quoted" \\ one'
    write(found)
    write(found)
    keep(path)
    for theirs in ("", "mine\n", json.dumps(LM_EVAL), json.dumps({"doc_id": 0, "doc": {"id": "x", "cluster": "a"}})):
        path.write_text(theirs, encoding="utf-8")
        with pytest.raises(UserError, match=r"was not written by this command and would be lost"):
            write(found)
        assert path.read_text(encoding="utf-8") == theirs


def test_a_run_is_no_file_of_results(tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text("{}", encoding="utf-8")
    with pytest.raises(
        UserError, match=r"is a run: `aurora evaluate RUN\.\.\. --output DIR` writes what can be compared"
    ):
        read_any(tmp_path)
