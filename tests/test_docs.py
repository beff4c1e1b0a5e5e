from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def generate(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", root / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_generated_pages_are_up_to_date(root: Path, generate: ModuleType) -> None:
    assert (root / "docs/commands.md").read_text(encoding="utf-8") == generate.commands_page(), "run `make docs`"
    assert (root / "README.md").read_text(encoding="utf-8") == generate.readme(), "run `make docs`"
    assert (root / "docs/language.md").read_text(encoding="utf-8") == generate.language(), "run `make docs`"
    assert (root / "recipes/recipe.schema.json").read_text(encoding="utf-8") == generate.schema_text(), (
        "run `make docs`"
    )
    assert (root / "docs/architecture.md").read_text(encoding="utf-8") == generate.architecture(), "run `make docs`"


def test_every_page_is_in_the_sites_menu(root: Path) -> None:
    menu = (root / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (root / "docs").glob("*.md"):
        assert page.name in menu


def test_the_readme_names_no_file_that_is_not_there(root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", readme):
        assert (root / target).exists(), target


def test_what_extending_touches_is_there(root: Path) -> None:
    """Names in capitals stand for files that a reader is to write; their folder must be there."""
    page = (root / "docs/extending.md").read_text(encoding="utf-8")
    tasks = re.findall(r"^\*\*(.+?)\*\*", page, re.M)
    named = re.findall(r"`((?:src|policies|tests|benchmarks)/[\w./-]+)`", page)
    assert len(tasks) >= 20
    assert len(named) > len(tasks)
    for path in named:
        there = root / path if not re.search(r"\b[A-Z]{4,}\b", path) else (root / path).parent
        if "POLICY/" not in path:
            assert there.exists(), path
