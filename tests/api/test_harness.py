"""The model `aurora` of lm-evaluation-harness: loaded by its path, and mistakes are one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from lm_eval.api.instance import Instance
from lm_eval.api.registry import get_model

from api.byte_checkpoint import write_checkpoint
from aurora.api.checkpoints import load_checkpoint
from aurora.api.harness import HarnessLM
from aurora.errors import UserError
from aurora.evaluation.scorer.lm import AuroraLM


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("model") / "m")


def test_the_harness_knows_the_model_and_scores_as_we_do(checkpoint: Path) -> None:
    model = get_model("aurora")
    assert model is HarnessLM
    given = {"batch_size": 1, "device": "cuda" if torch.cuda.is_available() else "cpu", "max_batch_size": None}
    one = model.create_from_arg_string(f"path={checkpoint},seed=3", given)
    other = model.create_from_arg_obj({"pretrained": str(checkpoint), "dtype": "bfloat16"}, {"batch_size": "auto:4"})
    assert (one.batch_size, one.seed, other.batch_size) == (None, 3, None)
    assert other.network.output_weight.dtype is torch.bfloat16
    asked = [Instance("loglikelihood", {}, ("Q:", " a"), 0)]
    loaded = load_checkpoint(checkpoint)
    assert one.loglikelihood(asked) == AuroraLM(loaded.network, loaded.text).loglikelihood(asked)
    assert len(one.get_model_info()["weights"]) == 64


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "no checkpoint is named: write path=CHECKPOINT"),
        ({"path": "nowhere"}, "nowhere"),
        ({"path": "P", "dtpye": "float32"}, r"dtpye is not known \(did you mean dtype\?\)"),
        ({"path": "P", "dtype": "int8"}, "dtype=int8 is none of float32, bfloat16, float16"),
        ({"path": "P", "batch_size": 0}, "batch_size=0 is no number of texts"),
        ({"path": "P", "batch_size": "many"}, "batch_size=many is no number of texts"),
        ({"path": "P", "seed": "x"}, "seed=x is no whole number"),
    ],
    ids=["nothing", "nowhere", "slip", "dtype", "none", "many", "seed"],
)
def test_mistakes_are_one_sentence(checkpoint: Path, given: Mapping[str, Any], said: str) -> None:
    given = {key: str(checkpoint) if value == "P" else value for key, value in given.items()}
    with pytest.raises(UserError, match=said):
        HarnessLM.create_from_arg_obj(given)
