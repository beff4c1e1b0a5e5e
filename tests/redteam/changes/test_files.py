"""What hangs on an edited clause in files: exactly its rows, pairs and labels."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from aurora.api.policies import generate_prompts, open_policy
from aurora.errors import UserError
from aurora.redteam.changes.clauses import Changes, changes_between
from aurora.redteam.changes.files import look_through, version_of
from aurora.redteam.review.exporting.folder import Export, export
from edited_policy import reviewed_club, write_versions


@pytest.fixture
def changes(tmp_path: Path) -> Changes:
    old, new = write_versions(tmp_path)
    return changes_between(open_policy(old), open_policy(new))


def test_of_generated_prompts_exactly_those_of_the_clause_hang(changes: Changes, tmp_path: Path) -> None:
    place = tmp_path / "data"
    for number, version in enumerate(("old", "new")):
        output = place / f"{number}.jsonl"
        generate_prompts(tmp_path / version / "club.yaml", output, count=24)
    rows, labels = look_through(place, changes)
    lines = [json.loads(line) for line in (place / "0.jsonl").read_text("utf-8").splitlines()]
    wanted = [line["id"] for line in lines if line["category"] == "privacy"]
    assert [(one.rows, one.hanging, one.unknown) for one in rows] == [(len(lines), wanted, 0), (len(lines), [], 0)]
    assert Counter(line["category"] for line in lines)["privacy"] == len(wanted)
    assert labels == []


def test_prompts_of_other_clauses_are_the_same_bytes_but_for_the_version(changes: Changes, tmp_path: Path) -> None:
    made = []
    for version in ("old", "new"):
        generate_prompts(tmp_path / version / "club.yaml", tmp_path / f"{version}.jsonl", count=24)
        made.append((tmp_path / f"{version}.jsonl").read_text("utf-8").replace(' 1.1"', ' 1.0"').splitlines())
    different = [
        old for old, new in zip(*made, strict=True) if old != new.replace('"version": "1.1"', '"version": "1.0"')
    ]
    assert {json.loads(line)["category"] for line in different} == {"privacy"}
    assert changes.edited["privacy"].old in different[0]


def test_of_labels_exactly_those_under_the_clause_hang_and_are_queued(changes: Changes, tmp_path: Path) -> None:
    project = reviewed_club(tmp_path / "old/club.yaml")
    project.write(tmp_path / "data/log.jsonl")
    _, (labels,) = look_through(tmp_path / "data", changes)
    assert (labels.labels, len(labels.hanging)) == (14, 10)
    assert labels.items == ["i0", "i1", "i2", "i3"]
    before = {number: project.state.items[f"i{number}"].reviews for number in (4, 5)}
    project.do("requeue", "root", version_of(changes))
    assert [project.status(number) for number in range(6)] == ["open"] * 4 + ["accepted"] * 2
    assert {number: project.state.items[f"i{number}"].reviews for number in (4, 5)} == before


def test_of_an_export_rows_and_pairs_hang(changes: Changes, tmp_path: Path) -> None:
    project = reviewed_club(tmp_path / "old/club.yaml")
    export(project.state, tmp_path / "data", Export("jsonl", 0.4, 1))
    rows, _ = look_through(tmp_path / "data", changes)
    found = {Path(one.file).name: one for one in rows}
    whole = sorted(id for name in ("train.jsonl", "held_out.jsonl") for id in found[name].hanging)
    assert whole == ["i0", "i1", "i2", "i3"]
    pairs = [name for name in found if name not in ("train.jsonl", "held_out.jsonl")]
    assert len(pairs) == 1
    assert {id.split(".")[0] for id in found[pairs[0]].hanging} == set(found["train.jsonl"].hanging)
    assert found[pairs[0]].rows > len(found[pairs[0]].hanging) > 0


def test_rows_of_a_third_version_are_counted_and_other_files_passed_over(changes: Changes, tmp_path: Path) -> None:
    place = tmp_path / "data"
    place.mkdir()
    row = {"id": "x", "policy": "club", "category": "privacy", "clause": "0123456789abcdef"}
    (place / "third.jsonl").write_text(json.dumps(row) + "\n" + json.dumps(row | {"policy": "other"}) + "\n")
    (place / "other.jsonl").write_text('[1]\n{"a": 1}\n')
    (place / "empty.jsonl").write_text("")
    rows, labels = look_through(place, changes)
    assert [(Path(one.file).name, one.rows, one.hanging, one.unknown) for one in rows] == [("third.jsonl", 1, [], 1)]
    assert labels == []
    with pytest.raises(UserError, match=r"--data .*gone does not exist"):
        look_through(tmp_path / "gone", changes)


def test_labels_in_the_folder_of_the_review_app_are_told_as_those_of_its_log(changes: Changes, tmp_path: Path) -> None:
    tables = pytest.importorskip("aurora.redteam.review.server.keeping.tables")
    database = pytest.importorskip("aurora.redteam.review.server.keeping.database")
    project = reviewed_club(tmp_path / "old/club.yaml")
    project.write(tmp_path / "log.jsonl")
    kept = database.Database(tmp_path / "app")
    with kept.writing() as connection:
        rows = [{"sequence": event.number, "line": event.line.decode()} for event in project.events]
        connection.execute(tables.events.insert(), rows)
    _, (here,) = look_through(tmp_path / "app", changes)  # while the app is running
    kept.close()
    _, (there,) = look_through(tmp_path / "log.jsonl", changes)
    assert (here.labels, here.hanging, here.items) == (there.labels, there.hanging, there.items)
    assert here.hanging
    (tmp_path / "app/review.sqlite").write_bytes(b"no database at all")
    with pytest.raises(UserError, match="cannot be read as a review"):
        look_through(tmp_path / "app", changes)
