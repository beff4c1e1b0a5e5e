"""A small review in a folder of its own, its app, and people who are signed in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event

from aurora.redteam.review.server import starting
from aurora.redteam.review.server.starting import Beginning, Project
from aurora.redteam.review.server.web.app import make_app
from redteam.review.server.people import POLICY, QUICK, Browser, join

Open = Callable[..., Project]


def _hastily(connection: Any, _record: Any) -> None:
    """No test cuts the power: waiting for the disk would be most of their time."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty review that wants two reviews of each item and a third where it is unsure."""
    folder = tmp_path_factory.mktemp("begun") / "review"
    starting.open_project(folder, Beginning(policies=(POLICY,)), hasher=QUICK).close()
    return folder


@pytest.fixture
def open_project(tmp_path: Path, begun: Path) -> Iterator[Open]:
    """Opens the review in a folder; whatever is open at the end is closed."""
    opened: list[Project] = []

    def open_(folder: str = "review", **beginning: Any) -> Project:
        if not beginning and not (tmp_path / folder).exists():
            shutil.copytree(begun, tmp_path / folder)
        values = {"policies": (POLICY,)} | beginning if beginning else {}
        opened.append(starting.open_project(tmp_path / folder, Beginning(**values), hasher=QUICK))
        engine = opened[-1].store.database.engine
        event.listen(engine, "connect", _hastily)
        engine.dispose()
        return opened[-1]

    yield open_
    for project in opened:
        project.close()


@pytest.fixture
def project(open_project: Open) -> Project:
    """A review without items."""
    return open_project()


@pytest.fixture
def app(project: Project) -> FastAPI:
    """The app of the small review."""
    return make_app(project.store, project.accounts, project.texts, style="body {}")


@pytest.fixture
def enter(project: Project, app: FastAPI) -> Callable[..., Browser]:
    """Somebody new, with an account, signed in."""

    def enter_(login: str, role: str = "reviewer") -> Browser:
        join(project, login, role)
        return Browser(app).sign_in(login)

    return enter_
