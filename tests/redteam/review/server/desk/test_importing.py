"""Items from files: all or none, once, and nothing through a name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.redteam.review.server.desk.importing import add_items, import_path
from aurora.redteam.review.server.keeping.accounts import Person
from aurora.redteam.review.server.starting import Project, admin_of
from redteam.review.server.people import CATEGORIES


@pytest.fixture
def admin(project: Project) -> Person:
    return Person(1, "admin", admin_of(project.store), "admin")


def lines(*rows: dict[str, str]) -> bytes:
    own = {"category": CATEGORIES[0], "language": "en", "response": "No."}
    return "".join(json.dumps(own | row) + "\n" for row in rows).encode()


def test_a_file_is_imported_once(project: Project, admin: Person) -> None:
    content = lines({"id": "a", "prompt": "One?"}, {"id": "b", "prompt": "Two?"})
    assert add_items(project.store, admin, "mine.jsonl", content)["added"] == 2
    assert add_items(project.store, admin, "mine.jsonl", content) == {
        "added": 0,
        "there": 2,
        "said": "0 items imported; 2 were there already.",
    }
    assert project.store.state.items["a"].item.prompt == "One?"


def test_all_of_a_file_or_nothing(project: Project, admin: Person) -> None:
    count = project.store.state.count
    add_items(project.store, admin, "x.jsonl", lines({"id": "a", "prompt": "One?"}))
    bad = (
        lines({"id": "c", "prompt": "Three?"}, {"id": "a", "prompt": "Another one?"}),
        lines({"id": "c", "prompt": "Three?"}, {"id": "d", "prompt": "x", "category": "no-such"}),
        lines({"id": "c", "prompt": "Three?"}) + b"{broken\n",
        lines({"id": "c", "prompt": ""}),
        b"",
        b"\xff\xfe\x00",
        b"[" * 100_000,
    )
    for content in bad:
        with pytest.raises(UserError) as error:
            add_items(project.store, admin, "x.jsonl", content)
        assert "/tmp" not in str(error.value)
    assert project.store.state.count == count + 1


@pytest.mark.parametrize("name", ["", "x", "x.exe", "../../etc/passwd", "x.jsonl/..", "\0", "x" * 5_000])
def test_a_name_decides_nothing_but_the_format(project: Project, admin: Person, name: str) -> None:
    with pytest.raises(UserError, match="of no kind that is read"):
        add_items(project.store, admin, name, lines({"id": "a", "prompt": "One?"}))


def test_a_name_with_a_path_in_it_writes_nowhere_else(project: Project, admin: Person, tmp_path: Path) -> None:
    report = add_items(project.store, admin, f"{tmp_path}/../evil.jsonl", lines({"id": "a", "prompt": "One?"}))
    assert report["added"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["review"]
    assert not (tmp_path.parent / "evil.jsonl").exists()


def test_a_path_is_imported_as_the_command_does(project: Project, tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_bytes(lines({"prompt": "One?"}))
    assert import_path(project.store, admin_of(project.store), tmp_path / "items.jsonl")["added"] == 1
    (item,) = project.store.state.items.values()
    assert item.item.source == "items.jsonl"
