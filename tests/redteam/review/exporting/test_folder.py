from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from aurora.errors import UserError
from aurora.files import sha256
from aurora.redteam.review.exporting.folder import Export, differences, events_of, export
from aurora.redteam.review.exporting.formats import FORMATS
from review_log import Project, reviewed


@pytest.fixture(scope="module")
def project() -> Project:
    return reviewed(12)


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_an_export_made_again_is_the_same_bytes(form: str, project: Project, tmp_path: Path) -> None:
    how = Export(form, 0.3, 2)
    export(project.state, tmp_path / "out", how)
    assert differences(project.state, tmp_path / "out") == []
    assert events_of(tmp_path / "out") == project.state.count
    first = {
        path: path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.name != "manifest.json" and path.is_file()
    }
    export(project.state, tmp_path / "out", how)
    assert first == {path: path.read_bytes() for path in first}


def test_every_change_of_a_folder_is_told(project: Project, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(project.state, out, Export())
    train = out / "train.jsonl"
    train.write_text(train.read_text(encoding="utf-8").replace("town", "city", 1), encoding="utf-8")
    (out / "agreement.json").unlink()
    (out / "more.txt").write_text("mine")
    told = differences(project.state, out)
    assert [sentence.split("/out/")[1] for sentence in told] == [
        "agreement.json is missing",
        "more.txt was not written by the export",
        "train.jsonl has changed since it was written",
    ]


def test_a_log_that_lost_its_end_is_told(tmp_path: Path) -> None:
    project = reviewed(4)
    export(project.state, tmp_path / "out", Export())
    shorter, other = reviewed(3), Project(seed=2).begin()
    while other.state.count < project.state.count:
        other.add(other.state.count)
    assert "missing at its end" in differences(shorter.state, tmp_path / "out")[0]
    assert "another log" in differences(other.state, tmp_path / "out")[0]


def test_nothing_of_a_user_is_replaced(project: Project, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    with pytest.raises(UserError, match=r"mine\.txt"):
        export(project.state, tmp_path / "out", Export())
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_is_no_export_is_refused(tmp_path: Path, project: Project) -> None:
    with pytest.raises(UserError, match="no folder"):
        events_of(tmp_path / "none")
    with pytest.raises(UserError, match="not of an export"):
        events_of(tmp_path)
    export(project.state, tmp_path / "out", Export())
    summary = json.loads((tmp_path / "out/summary.json").read_text(encoding="utf-8"))
    assert summary["dataset_sha256"]


def test_parquet_of_another_version_is_compared_by_its_rows(project: Project, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(project.state, out, Export("parquet"))
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    rows = pq.read_table(out / "train.parquet")
    for table, told in ((rows, []), (rows.slice(1), ["train.parquet is not what the log comes to"])):
        pq.write_table(table, out / "train.parquet", compression="gzip")
        size = (out / "train.parquet").stat().st_size
        manifest["outputs"]["train.parquet"] = {"sha256": sha256(out / "train.parquet"), "bytes": size}
        (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        assert [sentence.split("/out/")[1] for sentence in differences(project.state, out)] == told
