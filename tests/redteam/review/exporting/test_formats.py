from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from aurora.redteam.review.exporting.dataset import Dataset, dataset_of
from aurora.redteam.review.exporting.formats import FORMATS, hub_file, is_formula, tables
from aurora.redteam.review.importing.items import Assumed, read_items
from review_log import Project, reviewed

FORMULAS = [
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "  =1",
    "＝1",
    "'=1",
    "\n=1",
]


@pytest.fixture(scope="module")
def project() -> Project:
    return reviewed(12)


@pytest.fixture(scope="module")
def dataset(project: Project) -> Dataset:
    return dataset_of(project.state, share=0.3)


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_what_is_written_can_be_imported_again(form: str, project: Project, dataset: Dataset, tmp_path: Path) -> None:
    FORMATS[form](dataset, project.state, tmp_path)
    again = read_items(tmp_path, Assumed("rules", "again"))
    assert {name: (item.prompt, item.category, item.language, item.kind) for name, item in again} == {
        row.id: (row.prompt, row.category, row.language, row.kind) for row in dataset.rows
    }
    assert {item.license for _, item in again} == {"CC0-1.0"}
    assert {item.source for _, item in again} == {"made up"}


def test_json_lines_hold_every_row(project: Project, dataset: Dataset, tmp_path: Path) -> None:
    FORMATS["jsonl"](dataset, project.state, tmp_path)
    for name, rows in tables(dataset).items():
        lines = (tmp_path / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        assert [json.loads(line) for line in lines] == rows


def test_parquet_holds_the_same_rows(project: Project, dataset: Dataset, tmp_path: Path) -> None:
    FORMATS["hub"](dataset, project.state, tmp_path)
    rows = pq.read_table(tmp_path / hub_file("train")).to_pylist()
    assert [(row["id"], row["response"]) for row in rows] == [(row.id, row.response) for row in dataset.train]
    assert (tmp_path / hub_file("preferences")).is_file()


@pytest.mark.parametrize("text", FORMULAS, ids=range(len(FORMULAS)))
def test_no_cell_is_computed_by_a_spreadsheet_and_none_is_lost(text: str, tmp_path: Path) -> None:
    project = Project().begin(reviews=1, most=1).add(1, prompt=text, source=text.strip() or "x")
    project.review("ann", 1, response=text)
    FORMATS["csv"](dataset_of(project.state, share=0), project.state, tmp_path)
    with open(tmp_path / "train.csv", encoding="utf-8", newline="") as stream:
        cells = next(csv.DictReader(stream))
    assert cells["prompt"] == f"'{text}"
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in cells.values())
    assert read_items(tmp_path, Assumed("rules", "x"))[0][1].prompt == text


def test_a_word_that_begins_like_none_is_no_formula() -> None:
    assert not any(map(is_formula, ["", "a=b", "'tis", "日本", "1-1"]))


def test_argilla_has_the_responses_of_each_person(project: Project, dataset: Dataset, tmp_path: Path) -> None:
    FORMATS["argilla"](dataset, project.state, tmp_path)
    records = {record["id"]: record for record in json.loads((tmp_path / "records.json").read_text(encoding="utf-8"))}
    answers = records["i4"]["responses"]["label"]
    assert sorted(answer["value"] for answer in answers) == ["answer", "discard", "refuse"]
    assert len({answer["user_id"] for answer in answers}) == 3
    assert records["i4"]["suggestions"]["label"] == {"value": "refuse", "score": 1.0, "agent": "aurora"}


def test_potato_has_a_folder_for_each_person(project: Project, dataset: Dataset, tmp_path: Path) -> None:
    FORMATS["potato"](dataset, project.state, tmp_path)
    path = tmp_path / "annotation_output/ann/annotated_instances.jsonl"
    first = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    assert first["id"] == "i0"
    assert first["label_annotations"] == {"label": {"refuse": "refuse"}, "category": {"cyber": "cyber"}}
