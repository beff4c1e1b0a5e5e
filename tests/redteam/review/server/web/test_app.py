"""The app as a whole: its errors are sentences, and its pages and scripts are in the package."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI

from aurora.redteam.review.server.starting import Project
from aurora.redteam.review.server.web.app import STATIC
from redteam.review.server.people import Browser, fill

Enter = Callable[..., Browser]


def test_a_fault_of_ours_says_nothing_of_the_inside(
    project: Project, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(project, 1)
    ada = enter("ada")

    def broken(*_: object) -> None:
        raise RuntimeError("a secret path /var/secret")

    monkeypatch.setattr("aurora.redteam.review.server.desk.desk.Desk.next", broken)
    answer = ada.client.get("/api/work")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Something went wrong" in answer.json()["said"]


def test_what_is_not_there_is_a_sentence(app: FastAPI, enter: Enter) -> None:
    ada = enter("ada")
    assert "no such page" in ada.client.get("/nothing").text
    assert ada.client.get("/api/nothing").json()["said"].startswith("There is no such page")
    assert ada.client.get("/docs").status_code == ada.client.get("/openapi.json").status_code == 404
    assert ada.client.delete("/items").status_code == 405


def test_the_sheet_of_reports_is_shared(app: FastAPI) -> None:
    assert Browser(app).client.get("/static/page.css").text == "body {}"


def test_everything_that_pages_name_is_served(app: FastAPI) -> None:
    pages = Path(STATIC).parent / "pages"
    named = {part.split('"')[0] for page in pages.glob("*.html") for part in page.read_text().split("/static/")[1:]}
    named |= {
        f"{part.split('.js')[0]}.js" for page in STATIC.glob("*.js") for part in page.read_text().split('from "./')[1:]
    }
    assert {"review.js", "diff.js", "queue.js", "review.css", "upload.js"} <= named
    for name in named:
        assert Browser(app).client.get(f"/static/{name}").status_code == 200, name


@pytest.mark.slow
def test_a_built_wheel_holds_every_page_script_and_migration(root: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(root)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    source = root / "src"
    server = source / "aurora/redteam/review/server"
    wanted = {path.relative_to(source).as_posix() for path in server.rglob("*") if path.suffix not in ("", ".pyc")}
    assert {f"{path}" for path in wanted if path.endswith((".html", ".js", ".css"))}
    assert wanted - held == set()


def test_pages_load_nothing_from_elsewhere_and_have_no_inline_program() -> None:
    for file in [*STATIC.iterdir(), *(STATIC.parent / "pages").iterdir()]:
        text = file.read_text(encoding="utf-8")
        assert "://" not in text, file
        assert "innerHTML" not in text, file
        assert "|safe" not in text, file
        assert " style=" not in text, file
        assert " onclick=" not in text, file
