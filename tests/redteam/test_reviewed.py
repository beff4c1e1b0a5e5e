from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.errors import AuroraError, UserError
from aurora.recipe.safety import Redteam
from aurora.redteam.dataset import build_redteam, read_items
from aurora.redteam.review.exporting.folder import Export, export
from aurora.redteam.reviewed import reviewed_items, reviewed_manifest
from review_log import reviewed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reviewed") / "out"
    export(reviewed(30).state, folder, Export(share=0.3))
    return folder


def test_a_recipe_reads_what_reviewers_accepted(root: Path, folder: Path, tmp_path: Path) -> None:
    settings = Redteam(policy="policies/eo-14110.yaml", languages=["en"], reviewed=str(folder), watched_share=0.2)
    (tmp_path / "a").mkdir()
    summary = build_redteam(settings, root, 1, tmp_path / "a")
    parts = {name: read_items(tmp_path / "a" / f"{name}.jsonl") for name in ("train", "held_out", "watched")}
    assert sorted(item.id for items in parts.values() for item in items) == sorted(f"i{number}" for number in range(30))
    assert {item.id for item in parts["held_out"]} == {
        json.loads(line)["id"] for line in (folder / "held_out.jsonl").read_text(encoding="utf-8").splitlines()
    }
    templates = [{item.template for item in items} for items in parts.values()]
    assert not templates[0] & templates[1]
    assert not templates[0] & templates[2]
    assert summary["held_out_templates"]["en"] == sorted(templates[1])
    assert all(items for items in parts.values())


def test_a_language_without_items_is_the_users_mistake(folder: Path) -> None:
    with pytest.raises(UserError, match="no train items in fi"):
        reviewed_items(folder, ["fi"], None, 1)


def test_what_is_no_such_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        reviewed_manifest(tmp_path / "none")
    with pytest.raises(UserError, match="no dataset of a review"):
        reviewed_manifest(tmp_path)
    export(reviewed(30).state, tmp_path / "csv", Export("csv"))
    with pytest.raises(UserError, match="no dataset of a review"):
        reviewed_manifest(tmp_path / "csv")


def test_an_altered_folder_is_refused(tmp_path: Path) -> None:
    export(reviewed(30).state, tmp_path / "out", Export(share=0.3))
    with open(tmp_path / "out/train.jsonl", "a", encoding="utf-8") as stream:
        stream.write("{}\n")
    with pytest.raises(AuroraError, match="has changed since"):
        reviewed_items(tmp_path / "out", ["en"], None, 1)
