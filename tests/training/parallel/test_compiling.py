"""Compiled blocks compute what plain ones do, in one process and in every layout that takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from aurora.errors import UserError
from aurora.model.weights import read_weights
from aurora.recipe.execution import Execution
from aurora.training.parallel.compiling import refuse_without_compiler
from aurora.training.parallel.layout import layout_of
from aurora.training.trainer import Trainer
from oracles import one_process
from training.small_stage import Lab, assert_same

# The compiler asks every tensor for its gradient, and ignores by a filter of its own what this warns of.
pytestmark = pytest.mark.filterwarnings("ignore:The .grad attribute")


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_compiled_stage_trains_alike_and_goes_on_to_the_bit(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six rows, four at a time: two shapes; documents, which attention goes around; a checkpoint between."""
    stage = lab.stage(6, document_masks=True)
    plain = lab.train("plain", stage)
    compiled = lab.execution(compile=True, checkpoint_seconds=1e-9)
    found = lab.train("compiled", stage, execution=compiled)
    assert found["loss"] == pytest.approx(plain["loss"], rel=1e-5)
    left, right = (read_weights([lab.folder / name / "model.safetensors"]) for name in ("plain", "compiled"))
    assert any(not torch.equal(left[name], right[name]) for name in left)  # else nothing was compiled

    class Cut(Exception):
        """In the middle of the stage."""

    advance = Trainer.advance

    def cut(trainer: Trainer) -> Any:
        if trainer.step == 3:
            raise Cut
        return advance(trainer)

    monkeypatch.setattr(Trainer, "advance", cut)
    with pytest.raises(Cut):
        lab.train("cut", stage, execution=compiled)
    monkeypatch.setattr(Trainer, "advance", advance)
    lab.train("cut", stage, execution=compiled)
    assert_same(lab.folder / "compiled", lab.folder / "cut")


@pytest.mark.distributed
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "layout",
    [
        "2,1,2 --micro-batch 4 --sequence-parallel --documents --recompute full",
        "1,2,1 --micro-batch 4 --schedule interleaved --recompute attention",
    ],
)
def test_a_compiled_layout_trains_what_one_process_trains(layout: str) -> None:
    found = one_process.compare(one_process.parse(["--layout", *layout.split(), "--steps", "8", "--compile"]))
    assert found["max_loss_error"] < 1e-5
    assert found["max_weight_error"] < 1e-4


@pytest.mark.parametrize("schedule", ["interleaved-zero-bubble", "zero-bubble-v"])
def test_a_schedule_that_would_lose_gradients_is_refused(schedule: str) -> None:
    execution = Execution(pipeline_parallel=2, pipeline_schedule=schedule, compile=True)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"execution\.compile does not work with pipeline_schedule"):
        layout_of(execution, 2)


def test_a_machine_without_a_compiler_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(UserError, match="needs a C\\+\\+ compiler"):
        refuse_without_compiler(torch.device("cpu"))
