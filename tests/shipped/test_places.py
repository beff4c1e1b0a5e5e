"""Recipes and policies that come with Aurora, found by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import AuroraError
from aurora.shipped import places


def test_every_recipe_and_policy_of_the_repository_has_a_name(root: Path) -> None:
    assert places.names("recipes") == sorted(path.stem for path in (root / "recipes").glob("*.yaml"))
    assert places.names("policies") == sorted(path.stem for path in (root / "policies").glob("*.yaml"))
    assert {"tiny", "aurora-m"} <= {*places.names("recipes")}


def test_a_file_of_the_users_goes_before_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = places.folder("recipes") / "tiny.yaml"
    monkeypatch.chdir(tmp_path)
    assert places.find("recipes", "tiny") == places.find("recipes", Path("tiny")) == ours
    assert places.find("recipes", "tiny", tmp_path) == ours
    (tmp_path / "tiny").mkdir()
    assert places.find("recipes", "tiny") == ours, "a run's folder is no recipe"
    (tmp_path / "tiny").rmdir()
    (tmp_path / "tiny").write_text("name: mine\n")
    assert places.find("recipes", "tiny") == Path("tiny")
    assert places.find("recipes", "tiny", tmp_path) == tmp_path / "tiny"


@pytest.mark.parametrize("given", ["tiny.yaml", "recipes/tiny", "../tiny", "no-such"])
def test_what_is_no_name_of_ours_stays_a_path(given: str, tmp_path: Path) -> None:
    assert places.find("recipes", given) == Path(given)
    assert places.find("recipes", given, tmp_path) == tmp_path / given


def test_the_nearest_name_is_suggested() -> None:
    assert places.suggestion("recipes", "tiyn") == "did you mean tiny?"
    assert places.suggestion("recipes", "mine/tine.yaml") == "did you mean tiny?"
    assert places.suggestion("policies", "qqqq") == f"Aurora's own are {', '.join(places.names('policies'))}"


def test_a_package_without_recipes_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "__file__", str(tmp_path / "lib/aurora/shipped/places.py"))
    with pytest.raises(AuroraError, match="install Aurora again"):
        places.folder.__wrapped__("recipes")


def test_a_folder_with_a_recipe_means_it(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert places.find("recipes", "mine", tmp_path) == tmp_path / "mine"
    (tmp_path / "mine/recipe.yaml").write_text("name: mine\n")
    assert places.find("recipes", tmp_path / "mine") == tmp_path / "mine/recipe.yaml"
    assert places.find("policies", tmp_path / "mine") == tmp_path / "mine"


def test_a_file_beside_is_suggested_first(tmp_path: Path) -> None:
    (tmp_path / "hotell.yaml").touch()
    assert places.suggestion("policies", tmp_path / "hotel.yaml") == f"did you mean {tmp_path / 'hotell.yaml'}?"
