"""Adaptive replay through a whole run: trained, measured, inspected and reported."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from aurora.api.tokens import Tokens
from aurora.cli import main
from aurora.errors import UserError
from aurora.pipeline.running import run_recipe
from aurora.recipe import load_recipe
from aurora.run.folder import RunFolder
from small_run import write_small_project

KEPT = {"web/en": 0.01, "programs/code": 0.01}


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small recipe with adaptive replay in cap and cat, without its control and safety tuning; run once."""
    path = write_small_project(tmp_path_factory.mktemp("retained"))
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    stages = values["stages"]
    del stages["safety"], stages["cap"]["control"], values["redteam"], stages["cat"]["mixture"]["redteam/benign"]
    stages["cat"]["sequence_length"] = 64
    for name, every in (("cap", 8), ("cat", 3)):
        stages[name]["retention"] = {"every_steps": every, "budget": KEPT, "least": 0.05, "most": 0.4}
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    run_recipe(load_recipe(path), path.parent / "run")
    return path


def decisions(recipe: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((recipe.parent / f"run/checkpoints/{name}/retention.json").read_text())
    return found


def test_the_base_is_measured_once(recipe: Path) -> None:
    cap, cat = decisions(recipe, "cap"), decisions(recipe, "cat")
    assert cat["base"] == cap["base"] == cap["start"]
    assert set(cap["base"]) == {"web/en", "programs/code", "web/fi", "web/hi"}
    assert cat["start"] == cap["made"][-1]["bits_per_byte"]  # the model that cap left
    assert [it["step"] for it in cap["made"]] == [8, 16, 24, 32]
    assert [it["step"] for it in cat["made"]] == [3, 6, 8]


def test_an_audit_counts_by_the_decisions(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each sequence shown for a stretch of steps is counted, and the shares of that stretch are those decided."""
    run = recipe.parent / "run"
    capsys.readouterr()
    main(["tokens", "inspect", str(run), "--json"])
    facts = json.loads(capsys.readouterr().out)["stages"]["cap"]
    loaded = load_recipe(recipe).recipe
    shown = [Tokens(loaded, RunFolder(run)).sequence(n, "cap")["source"] for n in range(facts["sequences"])]
    assert {source: part["tokens"] / 64 for source, part in facts["sources"].items()} == {
        source: shown.count(source) for source in facts["sources"]
    }
    for decision, following in zip(
        decisions(recipe, "cap")["made"], decisions(recipe, "cap")["made"][1:], strict=False
    ):
        stretch = shown[decision["step"] * 8 : following["step"] * 8]
        for source, weight in decision["weights"].items():
            assert abs(stretch.count(source) - weight * len(stretch)) <= 1


def test_what_is_not_decided_yet_is_not_shown(recipe: Path, tmp_path: Path) -> None:
    run = recipe.parent / "run"
    for part in ("tokens", "corpus"):
        (tmp_path / part).symlink_to(run / part)
    with pytest.raises(UserError, match="Sequence 64 of stage cap is not decided yet: its replay is, up to step 8"):
        Tokens(load_recipe(recipe).recipe, RunFolder(tmp_path)).sequence(64, "cap")
    partial = tmp_path / "checkpoints/cap.partial"
    partial.mkdir(parents=True)
    found = decisions(recipe, "cap")
    (partial / "retention.json").write_text(json.dumps(found | {"made": found["made"][:1]}))
    shown = Tokens(load_recipe(recipe).recipe, RunFolder(tmp_path)).sequence(100, "cap")
    assert shown == Tokens(load_recipe(recipe).recipe, RunFolder(run)).sequence(100, "cap")
    with pytest.raises(UserError, match="up to step 16"):
        Tokens(load_recipe(recipe).recipe, RunFolder(tmp_path)).sequence(128, "cap")


def test_the_report_says_what_was_forgotten_and_decided(recipe: Path) -> None:
    report = json.loads((recipe.parent / "run/report.json").read_text(encoding="utf-8"))
    base, cap, cat = report["stages"]
    assert base["retention"] is None
    assert cap["retention"]["budget"] == KEPT
    end = decisions(recipe, "cat")["made"][-1]["bits_per_byte"]
    for source, before in decisions(recipe, "cap")["base"].items():
        assert cat["retention"]["changes"][source] == pytest.approx(end[source] / before - 1, abs=1e-6)
    assert cat["retention"]["changes_of_stage"]["web/fi"] > cat["retention"]["changes"]["web/fi"]
    assert sum(cap["token_shares"].values()) == pytest.approx(1, abs=1e-5)
    page = (recipe.parent / "run/report.html").read_text(encoding="utf-8")
    assert "What replay kept" in page
    assert "Every decision" in page


def test_only_what_a_changed_budget_touches_is_made_again(recipe: Path) -> None:
    run = recipe.parent / "run"
    assert run_recipe(load_recipe(recipe), run)["ran"] == []
    ran = run_recipe(load_recipe(recipe, ["stages.cat.retention.largest_move=0.3"]), run)["ran"]
    assert ran == ["train:cat", "evaluate:cat"]


def test_a_budget_counts_from_the_base_where_the_stage_before_has_none(recipe: Path, tmp_path: Path) -> None:
    """What cap forgets counts, although only cat has a budget; and it is what cap with a budget had measured."""
    run = tmp_path / "run"
    shutil.copytree(recipe.parent / "run", run)
    ran = run_recipe(load_recipe(recipe, ["stages.cap.retention=null"]), run)["ran"]
    assert ran[:3] == ["train:cap", "retention:cat", "train:cat"]
    found = json.loads((run / "checkpoints/cat/retention.json").read_text())
    assert found["base"] == pytest.approx(decisions(recipe, "cap")["base"], abs=1e-5)
    assert found["base"] == json.loads((run / "retention/cat/results.json").read_text())
    assert found["start"] != found["base"]
    report = json.loads((run / "report.json").read_text(encoding="utf-8"))
    assert report["stages"][2]["retention"]["base"] == found["base"]
    assert run_recipe(load_recipe(recipe, ["stages.cap.retention=null"]), run)["ran"] == []
    main(["verify", str(run)])  # ends with another code where a file is not what its step wrote
