from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from tokenizers import Tokenizer, models

from aurora.cli import aurora
from aurora.errors import UserError
from aurora.model.network import Network
from aurora.planning.footprint import footprint
from aurora.recipe import load_recipe
from aurora.recipe.execution import Execution
from aurora.recipe.model import PUBLISHED, Architecture
from aurora.recipe.stages.schedule import Schedule
from aurora.recipe.stages.stage import Stage
from aurora.recipe.stages.train import Part

RECIPES = Path(__file__).parents[2] / "recipes"
STAGE = Stage(
    start="model",
    tokens=10**6,
    batch_tokens=64 * 128,
    sequence_length=128,
    mixture={"web/en": 1},
    schedule=Schedule(peak=1e-3),
)
SHAPE = Architecture(layers=8, width=64, heads=8, positions=128)


def rows_of(ranks: int, **execution: Any) -> list[dict[str, Any]]:
    given = {"precision": "bf16", "micro_batch_sequences": 1, **execution}
    return footprint(STAGE, SHAPE, 512, Execution.model_validate(given), ranks)


def test_one_rank_holds_the_network() -> None:
    (row,) = rows_of(1)
    with torch.device("meta"):
        assert row["parameters"] == Network(SHAPE, 512).num_parameters
    assert row["optimizer"] == 8 * row["parameters"]
    assert row["layers"] == "0-7"


def test_a_pipeline_cuts_the_layers_and_keeps_the_tied_embedding_twice() -> None:
    (alone,), rows = rows_of(1), rows_of(4, pipeline_parallel=4)
    assert sum(row["parameters"] for row in rows) == alone["parameters"] + 512 * 64
    assert [row["layers"] for row in rows] == ["0-1", "2-3", "4-5", "6-7"]
    assert [row["ranks"] for row in rows] == ["0", "1", "2", "3"]
    activations = [row["activations"] for row in rows]
    assert activations == sorted(activations, reverse=True)


def test_sharing_and_recomputing_save_memory() -> None:
    base, shared, cut, recomputed = (
        rows_of(ranks, **settings)[0]
        for ranks, settings in (
            (1, {}),
            (4, {}),
            (4, {"tensor_parallel": 4}),
            (1, {"recompute": "full"}),
        )
    )
    assert shared["optimizer"] == base["optimizer"] // 4
    assert base["parameters"] / 4 < cut["parameters"] < base["parameters"] / 2
    assert cut["activations"] == base["activations"] // 4
    assert recomputed["activations"] == base["activations"] * 2 // 34


def test_a_part_of_the_weights_needs_less() -> None:
    (whole,) = rows_of(1)
    of: dict[str, dict[str, Any]] = {}
    for name, part in {"embeddings": False, "last_layers": 2, "lora": {"rank": 2, "alpha": 2}}.items():
        stage = STAGE.model_copy(update={"train": Part.model_validate({name: part})})
        (of[name],) = footprint(stage, SHAPE, 512, Execution(precision="bf16", micro_batch_sequences=1), 1)
    block, outer = 64 * 80 + 64 * 64 + 2 * 4 * 64 * 64 + 80 + 64 + 5 * 64 + 4 * 64, (512 + 128) * 64
    assert whole["parameters"] == 8 * block + outer + 2 * 64
    assert of["embeddings"]["optimizer"] == 8 * (8 * block + 2 * 64)
    assert of["last_layers"]["gradients"] == 4 * (2 * block + 2 * 64)
    assert of["last_layers"]["activations"] == whole["activations"] // 4
    adapters = of["lora"]["parameters"] - whole["parameters"]
    assert adapters == 8 * 2 * (64 + 80 + 64 + 64 + 64 + 256 + 256 + 64)
    assert of["lora"]["optimizer"] == 8 * adapters


def test_an_impossible_layout_is_refused() -> None:
    with pytest.raises(UserError, match="8 heads"):
        rows_of(3, tensor_parallel=3)


@pytest.mark.parametrize("data", [8, 16])
def test_the_papers_recipe_prints_its_table(data: int) -> None:
    arguments = ["train", str(RECIPES / "aurora-m.yaml"), "--stage", "cap", "--dry-run", "--ranks", str(16 * data)]
    done = CliRunner().invoke(aurora, [*arguments, "--json"], catch_exceptions=False)
    rows = json.loads(done.output)
    assert [row["layers"] for row in rows] == ["0-9", "10-19", "20-29", "30-39"]
    width, heads = 6144, 48
    per_rank = (width * (width + 2 * 4 * width) // 4) + width * width // 4 + 2 * width * width // heads
    assert rows[1]["parameters"] == pytest.approx(10 * per_rank, rel=0.002)
    table = CliRunner().invoke(aurora, arguments, catch_exceptions=False).output
    assert table.startswith("ranks")
    assert f"{4 * data}-{8 * data - 1}" in table


def test_the_published_shapes_have_the_published_sizes() -> None:
    sizes = []
    for architecture, vocabulary in PUBLISHED.values():
        with torch.device("meta"):
            sizes.append(Network(architecture, vocabulary).num_parameters)
    assert sizes == [164_144_128, 1_137_207_296, 3_043_311_104, 7_327_263_232, 15_517_456_384]


def test_an_unknown_shape_is_told() -> None:
    recipe = str(RECIPES / "starcoder-1b.yaml")
    arguments = ["train", recipe, "--stage", "cap", "--dry-run", "model.path=some/where", "tokens.path=some/where"]
    done = CliRunner().invoke(aurora, arguments)
    assert done.exit_code
    assert "The architecture of some/where is not known here" in str(done.exception or done.output) + done.output


def test_a_new_network_is_planned_with_a_tokenizer_that_is_there(tmp_path: Path) -> None:
    """Its largest id decides the rows of the embedding, and what it is taught is added."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.add_special_tokens(["<|endoftext|>"])
    tokenizer.model = models.BPE({"a": 1, "b": 99}, [])
    (tmp_path / "mine").mkdir()
    tokenizer.save(str(tmp_path / "mine/tokenizer.json"))
    given = (RECIPES / "tiny.yaml").read_text().replace("train: {vocabulary: 8192, pattern: marks}", "path: mine")
    (tmp_path / "new.yaml").write_text(given.replace("../policies", str(RECIPES.parent / "policies")))
    architecture = load_recipe(tmp_path / "new.yaml").recipe.model.architecture
    for more, extended in ((0, []), (50, ["tokens.extend={entries: 50, languages: [fi]}"])):
        arguments = ["train", str(tmp_path / "new.yaml"), "--stage", "base", "--dry-run", "--json", *extended]
        (row,) = json.loads(CliRunner().invoke(aurora, arguments, catch_exceptions=False).output)
        with torch.device("meta"):
            assert row["parameters"] == Network(architecture, 100 + more).num_parameters
    done = CliRunner().invoke(aurora, [*arguments, "tokens.path=some/where"])
    assert "tokens.path: the tokenizer of some/where is not known here" in str(done.exception)
