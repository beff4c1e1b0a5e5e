"""Every layout beside one process, and the nine mistakes that would train wrongly without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from oracles import one_process

pytestmark = [pytest.mark.distributed, pytest.mark.timeout(600)]

LORA = '--train {"lora":{"rank":4,"alpha":8}}'
# tensor, pipeline, data and what else distinguishes the run: each kind of cut once, and each schedule ...
LAYOUTS = [
    "2,1,1 --micro-batch 8 --sequence-parallel --recompute full",
    "4,1,1 --micro-batch 8 --sequence-parallel --untied --multi-head",
    "1,2,1 --micro-batch 4 --recompute attention --documents",
    "1,2,1 --micro-batch 4 --schedule interleaved",
    "1,4,1 --micro-batch 4 --schedule interleaved-zero-bubble",
    "1,2,1 --micro-batch 4 --schedule zero-bubble-v --recompute full",
    "1,1,2 --micro-batch 4 --documents",
    "1,1,4 --shard 2 --micro-batch 4",
    "2,2,2 --micro-batch 4 --sequence-parallel --new-rows --untied",
    "4,1,1 --micro-batch 8 --family llama --documents",
    "2,2,2 --micro-batch 4 --family llama --sequence-parallel --recompute full",
    "2,2,1 --micro-batch 4 --family qwen3 --sequence-parallel --documents",
    "4,1,1 --micro-batch 8 --family olmo2 --sequence-parallel",
    "2,2,1 --micro-batch 4 --family gemma3_text --recompute full",
    f"2,1,1 --micro-batch 8 --family llama --sequence-parallel {LORA}",
    '1,2,1 --micro-batch 4 --schedule zero-bubble-v --train {"last_layers":2}',
    '1,2,2 --micro-batch 4 --untied --train {"embeddings":false}',
]
PREFERRING = ["2,2,2 --micro-batch 4 --sequence-parallel --prefer"]
# ... and more of them together.
CAMPAIGN = [
    "1,2,1 --micro-batch 4 --schedule zero-bubble-v --untied --prefer",
    f"1,1,2 --micro-batch 4 --family llama --prefer {LORA}",
    "4,1,1 --micro-batch 8 --recompute full --multi-head --prefer",
    '1,2,1 --micro-batch 4 --schedule interleaved --prefer --train {"last_layers":2}',
    "2,1,1 --micro-batch 8",
    "1,4,1 --micro-batch 4 --untied",
    "1,4,1 --micro-batch 4 --schedule zero-bubble-v --untied",
    "1,1,4 --micro-batch 2 --recompute full",
    "2,2,1 --micro-batch 4 --sequence-parallel --documents",
    "2,2,1 --micro-batch 4 --schedule zero-bubble-v --multi-head",
    "2,2,2 --micro-batch 4 --sequence-parallel",
    "2,2,2 --micro-batch 4 --new-rows",
    "2,1,2 --micro-batch 8 --new-rows --untied",
    "4,4,1 --micro-batch 4 --sequence-parallel",
    "2,1,1 --micro-batch 8 --family llama --multi-head --recompute attention",
    "1,2,1 --micro-batch 4 --family llama --documents",
    "1,1,2 --micro-batch 4 --family llama",
    "2,2,1 --micro-batch 4 --family llama --untied",
    "4,1,1 --micro-batch 8 --family qwen3 --recompute full",
    "1,2,1 --micro-batch 4 --family qwen3 --untied",
    "2,1,1 --micro-batch 8 --family olmo2 --multi-head",
    "1,2,1 --micro-batch 4 --family olmo2 --untied",
    "2,2,2 --micro-batch 4 --family olmo2",
    "4,1,1 --micro-batch 8 --family gemma3_text --documents",
    "1,1,2 --micro-batch 4 --family gemma3_text --untied",
    "2,2,2 --micro-batch 4 --family gemma3_text --sequence-parallel",
    "2,2,2 --micro-batch 4 --family qwen3 --multi-head",
    f"2,2,2 --micro-batch 4 --family llama {LORA}",
    f"4,1,1 --micro-batch 8 --family qwen3 {LORA}",
    f"1,2,1 --micro-batch 4 --schedule zero-bubble-v {LORA}",
    '1,2,1 --micro-batch 4 --schedule interleaved-zero-bubble --train {"last_layers":2}',
    '2,2,1 --micro-batch 4 --schedule interleaved --recompute full --train {"last_layers":1}',
]
# Every family in every kind of layout, also at the published width of its initial values.
FAMILIES = [
    f"{layout} --micro-batch {rows} --family {family}"
    for family in ("llama", "qwen3", "olmo2", "gemma3_text", "apertus --smooth")
    for layout, rows in (("2,1,1", 8), ("1,2,1", 4), ("1,1,2", 4), ("2,2,1", 4), ("2,2,2", 4))
]
FAMILIES += [
    f"2,2,2 --micro-batch 4 --family {family} --initial 0.02"
    for family in ("qwen3", "olmo2", "gemma3_text", "apertus --smooth")
]
CAMPAIGN += [layout for layout in FAMILIES if layout not in CAMPAIGN]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one process computed, for all layouts."""
    return tmp_path_factory.mktemp("alone")


@pytest.mark.parametrize(
    "layout",
    [
        *LAYOUTS,
        *(pytest.param(layout, marks=pytest.mark.slow) for layout in PREFERRING),
        *(pytest.param(layout, marks=pytest.mark.nightly) for layout in CAMPAIGN),
    ],
)
def test_a_layout_trains_what_one_process_trains(layout: str, kept: Path) -> None:
    found = one_process.compare(one_process.parse(["--layout", *layout.split()]), kept=kept)
    assert found["max_loss_error"] < 1e-5
    assert found["max_weight_error"] < 1e-4


@pytest.mark.parametrize(
    ("fix", "layout"),
    [
        ("tie", "1,2,1 --micro-batch 4"),
        ("key-value", "2,1,1 --micro-batch 8"),
        ("placement", "2,1,1 --micro-batch 8 --sequence-parallel"),
        ("both-ends", "1,2,1 --micro-batch 4 --schedule zero-bubble-v"),
        ("clip", "1,2,1 --micro-batch 4"),
        ("own-head", "4,1,1 --micro-batch 8 --family llama"),
        ("norm-total", "2,1,1 --micro-batch 8 --family olmo2"),
        ("enter", "2,1,1 --micro-batch 8 --family llama"),
        ("placement", f"2,1,1 --micro-batch 8 --family llama {LORA}"),
        ("head-norm", "2,1,1 --micro-batch 8 --family qwen3"),
    ],
)
def test_undoing_a_fix_is_noticed(fix: str, layout: str, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDO", fix)
    arguments = one_process.parse(["--layout", *layout.split(), "--steps", "12"])
    found = one_process.compare(arguments, Path(__file__).parents[1] / "mutant.py", kept)
    assert found["max_loss_error"] > 1e-5 or found["max_weight_error"] > 1e-4
