from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from aurora.files import sha256
from aurora.reporting.page import browser


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
    assert (root / "docs/judges.md").read_text(encoding="utf-8") == generate.judges(), "run `make docs`"
    assert (root / "docs/architecture.md").read_text(encoding="utf-8") == generate.architecture(), "run `make docs`"


def test_every_sentence_that_is_raised_is_on_the_page_of_errors(root: Path, generate: ModuleType) -> None:
    page = (root / "docs/errors.md").read_text(encoding="utf-8")
    assert page == generate.errors(), "run `make docs`"
    assert "{path} is a model, not a run: leave out --stage {stage}." in page
    assert "- {path} was not written by this command and would be lost" in page, "modules beside the rooms are read too"
    assert "- warmup and decay are more than the whole stage" in page, "the loader adds file, line and key"
    told = [line for line in page.splitlines() if line.startswith("- ")]
    assert len(told) > 250
    assert all(re.search("[a-z]{2,}", re.sub(r"{[^}]*}", "", line)) for line in told), "each has words of its own"


def test_the_figures_in_the_readme_are_those_of_the_run_it_names(root: Path) -> None:
    """Read here without the code that wrote them."""
    section = (
        (root / "README.md").read_text(encoding="utf-8").partition("## What the demo shows")[2].partition("\n## ")[0]
    )
    assert "[docs/demo.json](docs/demo.json)" in section
    run = json.loads((root / "docs/demo.json").read_text(encoding="utf-8"))
    scores = {stage["name"]: stage["bits_per_byte"] for stage in run["stages"]}
    scores |= {"bigram": run["bigram_bits_per_byte"], "cap, control without replay": run["control"]["bits_per_byte"]}
    heading, _, *rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    languages = [cell for cell in heading if cell]
    assert {row[0] for row in rows} == {*scores}
    for name, *cells in rows:
        assert cells == [f"{scores[name][language]:.2f}" for language in languages], name
    base, cat, control = scores["base"], scores["cat"], scores["cap, control without replay"]
    for language in ("en", "code"):
        assert f"{(control[language] / base[language] - 1) * 100:+.0f} %" in section
    gains = sorted((1 - cat[language] / base[language]) * 100 for language in ("fi", "hi", "ja", "vi"))
    assert f"{gains[0]:.0f} to {gains[-1]:.0f} % fewer bits after `cat`" in section
    after = run["safety"]["after"]
    for rate in ("refusal_rate", "over_refusal_rate"):
        assert f"{after[rate] * 100:.1f}".removesuffix(".0") + " %" in section
    assert f"Of {after['harmful_prompts']} held-out harmful prompts" in section
    asked = [one for one in run["tasks"] if one["checkpoint"] == "safety"]
    assert [one["form"] for one in asked] == ["cloze", "choice"]
    assert all(one["interval"][0] <= one["chance"] for one in asked)
    said = " and ".join(f"{one['score'] * 100:.1f}".removesuffix(".0") + " %" for one in asked)
    assert f"answers 40 items as guessing would ({said}, chance 50 %)" in section


def test_the_picture_of_a_report_is_of_the_same_run(root: Path) -> None:
    assert browser.is_of((root / "docs/images/report.png").read_bytes(), sha256(root / "docs/demo.json")), (
        "run `make docs`"
    )


def test_every_page_is_in_the_sites_menu(root: Path) -> None:
    menu = (root / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (root / "docs").glob("*.md"):
        assert page.name in menu


def test_the_readme_is_short(root: Path) -> None:
    assert len((root / "README.md").read_text(encoding="utf-8").splitlines()) < 150


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
