"""A project's folder: begun once, opened again, served to this machine, its policies followed."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from aurora.errors import AuroraError, UserError
from aurora.redteam.review.log.contents import Review
from aurora.redteam.review.log.file import verify
from aurora.redteam.review.server import starting
from aurora.redteam.review.server.desk.texts import FOLDER
from aurora.redteam.review.server.starting import KEY, Beginning, Listening, Project, add_person, open_project
from redteam.review.server.people import CATEGORIES, POLICY, QUICK, fill, join


def test_a_new_folder_needs_a_policy_and_gives_its_admin_a_link(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--policy"):
        open_project(tmp_path / "a", Beginning())
    with pytest.raises(UserError, match="less than --reviews"):
        open_project(tmp_path / "b", Beginning((POLICY,), reviews=4, most=3))
    assert list(tmp_path.iterdir()) == []
    project = open_project(tmp_path / "a", Beginning((POLICY,), "My set", 1, 2), hasher=QUICK)
    head = project.store.state.head
    assert head is not None
    assert (head.project, head.settings.reviews, head.settings.most) == ("My set", 1, 2)
    assert project.accounts.invited(project.links["admin"]) is not None
    assert (tmp_path / "a" / KEY).stat().st_mode & 0o077 == 0
    project.close()
    again = open_project(tmp_path / "a", Beginning(), hasher=QUICK)
    assert again.links == {}
    assert again.store.state.head == head
    again.close()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="holds other files"):
        open_project(tmp_path, Beginning((POLICY,)))
    with pytest.raises(UserError, match="is a file"):
        open_project(tmp_path / "notes.txt", Beginning((POLICY,)))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def edited(project: Project, tmp_path: Path) -> Path:
    """The project's policy with one clause that reads otherwise."""
    text = (project.folder / FOLDER / f"{POLICY}.yaml").read_text(encoding="utf-8")
    refused = next(
        category.refused for category in project.texts._files[POLICY].leaves() if category.id == CATEGORIES[0]
    )
    begin = refused[:20]
    assert text.count(begin) == 1
    path = tmp_path / f"{POLICY}.yaml"
    path.write_text(text.replace(begin, f"Otherwise {begin}"), encoding="utf-8")
    return path


def test_a_changed_clause_asks_for_its_labels_anew_and_for_no_other(open_project: Any, tmp_path: Path) -> None:
    project = open_project()
    fill(project, 4)
    ada = join(project, "ada")
    with project.store.writing() as writer:
        for number in range(4):
            review = Review(label="refuse", category=CATEGORIES[number % 2])
            writer.add("review", ada.reviewer, review, f"item-{number}")
    path = edited(project, tmp_path)
    project.close()
    with pytest.raises(UserError, match=rf"in {CATEGORIES[0]}\); 2 labels hang on that: add --requeue"):
        starting.open_project(project.folder, Beginning((str(path),)), hasher=QUICK)
    again = starting.open_project(project.folder, Beginning((str(path),)), requeue=True, hasher=QUICK)
    assert [len(item.reviews) for item in again.store.state.items.values()] == [0, 1, 0, 1]
    shown = again.texts.categories(again.store.state)[f"{POLICY}/{CATEGORIES[0]}"]["parts"]
    assert any("Otherwise " in text for _, text in shown)
    again.close()


def test_somebody_is_added_and_gets_a_new_link_the_next_time(project: Project) -> None:
    add_person(project, "ada", "adjudicator")
    first = project.links["ada"]
    add_person(project, "ada", "adjudicator")
    assert project.links["ada"] != first
    assert project.accounts.invited(first) is None
    assert [person.role for person in project.store.state.people.values()] == ["admin", "adjudicator"]


def test_the_log_as_a_file_is_sound(project: Project, tmp_path: Path) -> None:
    fill(project, 3)
    count = starting.save_log(project, tmp_path / "log.jsonl")
    read = verify(tmp_path / "log.jsonl")
    assert read.faults == []
    assert read.state is not None
    assert read.state.count == count == project.store.state.count
    first = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[0])
    assert first["kind"] == "head"


def test_the_log_is_written_over_an_earlier_one_of_it_alone(project: Project, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    starting.save_log(project, log)
    fill(project, 2)
    assert starting.save_log(project, log) == 3
    other = starting.open_project(tmp_path / "other", Beginning((POLICY,)), hasher=QUICK)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "empty").touch()
    for path, name in ((log, other), (tmp_path / "notes.txt", project), (tmp_path / "empty", project)):
        before = path.read_bytes()
        with pytest.raises(UserError, match="would be lost"):
            starting.save_log(name, path)
        assert path.read_bytes() == before
    other.close()


def test_a_log_of_another_key_is_not_continued(project: Project) -> None:
    project.close()
    (project.folder / KEY).unlink()
    with pytest.raises(AuroraError, match="key"):
        starting.open_project(project.folder, Beginning(), hasher=QUICK)


def test_a_port_in_use_and_a_host_that_others_reach_are_said(project: Project) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(UserError, match="cannot be used"):
            starting.serve(project, "", Listening(port=other.getsockname()[1]))
    with pytest.raises(UserError, match="--name"):
        starting.serve(project, "", Listening(host="0.0.0.0"))
    with pytest.raises(UserError, match="cannot be used"):
        starting.serve(project, "", Listening(host="no such host", names=("x",)))


@pytest.mark.parametrize("https", [True, False])
def test_an_address_is_taken_from_a_proxy_only_where_there_is_one(
    project: Project, https: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise whoever guesses passwords could name another address each time; with a proxy all would have its own."""
    served: list[Any] = []

    class Server:
        def __init__(self, config: Any) -> None:
            served.append(config)

        def run(self, sockets: list[socket.socket]) -> None:
            assert sockets[0].getsockname()[0] == "127.0.0.1"

    monkeypatch.setattr("uvicorn.Server", Server)
    starting.serve(project, "", Listening(port=0, https=https))
    assert served[0].proxy_headers is https
    assert set(served[0].forwarded_allow_ips.split(",")) <= {"127.0.0.1", "::1"}
    assert served[0].app.state.secure is https
