"""The clause beside an item: the one that the log names, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import AuroraError, UserError
from aurora.redteam.review.server.desk.texts import Texts, keep, kept, read_policy, version_of
from aurora.redteam.review.server.starting import Project
from redteam.review.server.people import CATEGORIES, POLICY


def test_a_clause_is_shown_with_its_policy_and_version(project: Project) -> None:
    shown = project.texts.categories(project.store.state)[f"{POLICY}/{CATEGORIES[0]}"]
    assert shown["id"] == CATEGORIES[0]
    assert "version" in shown["named"]
    headings = [heading for heading, _ in shown["parts"]]
    assert {"Refused", "Allowed"} <= set(headings)
    assert all(text for _, text in shown["parts"])


def test_a_clause_that_reads_otherwise_than_the_log_says_is_not_shown(project: Project, tmp_path: Path) -> None:
    file, text = read_policy(POLICY)
    clause = next(category for category in file.leaves() if category.id == CATEGORIES[0])
    other = tmp_path / "other.yaml"
    other.write_text(text.replace(clause.refused.split(",")[0].split("\n")[0], "Something else"), encoding="utf-8")
    edited, _ = read_policy(other)
    shown = Texts([edited]).categories(project.store.state)
    assert shown[f"{POLICY}/{CATEGORIES[0]}"]["parts"] == []
    assert shown[f"{POLICY}/{CATEGORIES[1]}"]["parts"]
    assert Texts([]).categories(project.store.state)[f"{POLICY}/{CATEGORIES[1]}"]["parts"] == []


def test_a_project_keeps_its_policies(tmp_path: Path) -> None:
    file, text = read_policy(POLICY)
    keep(tmp_path, file, text)
    assert [version_of(one) for one in kept(tmp_path)] == [version_of(file)]


def test_a_policy_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        read_policy("no-such-policy")
    (tmp_path / "bad.yaml").write_text("name: 3")
    with pytest.raises(AuroraError, match=r"bad\.yaml"):
        read_policy(tmp_path / "bad.yaml")
