"""Rows of a dataset, made into items: what they lack comes from their place and their set."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import pytest

from aurora.evaluation.tasks.files import read_task, task_names
from aurora.evaluation.tasks.hub.rows import each, kept
from aurora.evaluation.tasks.prepared import hub_items

# Rows made up in the form of each dataset on the hub.
ROWS: dict[str, dict[str, Any]] = {
    "mbpp": {
        "task_id": 601, "text": "Add one.", "code": "def up(x):\r\n  return x + 1", "test_list": ["assert up(1) == 2"],
        "test_setup_code": "", "challenge_test_list": [],
    },
    "multiple_go": {
        "name": "made_0_up", "language": "go", "prompt": "func up(x int) int {\n", "doctests": "transform",
        "original": "made", "prompt_terminology": "reworded", "tests": "func TestUp(t *testing.T) {}\n",
        "stop_tokens": ["\nfunc"],
    },
    "xlsum_ja": {"id": "x1", "url": "u", "title": "猫", "text": "猫がいる。犬もいる。", "summary": "猫と犬がいる。"},
    "jnli": {
        "sentence_pair_id": "0", "yjcaptions_id": "1-2-3", "sentence1": "猫がいる。", "sentence2": "犬がいる。",
        "label": "contradiction",
    },
    "jcola": {"uid": 1, "source": "made", "label": 1, "diacritic": "g", "sentence": "猫がいる。"},
    "finbench_emotions": {
        "inputs": "Voi miten mukavaa!", "targets": ["ilo"], "multiple_choice_targets": ["ilo", "suru"],
        "multiple_choice_scores": [1, 0],
    },
}  # fmt: skip


def test_a_row_without_a_name_has_its_number_and_one_that_is_left_out_has_none() -> None:
    rows = [{"text": "a"}, {"text": ""}, {"text": "c"}]
    found = each("safety", "fi", rows, lambda row: row if row["text"] else None)
    assert [(item["id"], item["text"], item["lang"]) for item in found] == [("0", "a", "fi"), ("2", "c", "fi")]


def test_what_is_kept_stands_as_it_is() -> None:
    assert kept({"a": 1, "b": 2}, "b") == {"b": 2}


def test_every_task_on_the_hub_says_how_its_rows_are_read() -> None:
    for name in task_names():
        task = read_task(name)
        config = task.config(next(iter(task.metadata.wordings)))
        if "dataset_path" in task.keys:
            assert callable(config["process_docs"]), name
        if "dataset_path" in task.keys or "custom_dataset" in task.keys:
            assert config["test_split"], name


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_folder_in_the_layout_of_the_hub_is_read_as_its_task_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    task, folder = read_task(name), tmp_path / "hub"
    folder.mkdir()
    splits = [task.keys[key] for key in ("test_split", "fewshot_split") if key in task.keys]
    for split in splits:
        (folder / f"{split}.jsonl").write_text(json.dumps(ROWS[name], ensure_ascii=False) + "\n", encoding="utf-8")
    files = [{"split": split, "path": f"{split}.jsonl"} for split in splits]
    configs = [{"config_name": task.keys.get("dataset_name", "default"), "data_files": files}]
    (folder / "README.md").write_text(f"---\n{json.dumps({'configs': configs})}\n---\n", encoding="utf-8")
    items = hub_items(replace(task, keys={**task.keys, "dataset_path": str(folder)}))
    assert len(items.scored) == 1
    assert len(items.examples) == len(splits) - 1
    assert items.scored[0]["lang"] == task.metadata.language
