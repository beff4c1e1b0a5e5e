"""What each rank of a layout holds: layers, parameters and bytes, before a job is started.

One decision: parameters are counted from the table of tensors, cut as a rank would cut them, so counts are exact;
activations follow the published formula and are an estimate.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aurora.console.tables import table
from aurora.errors import UserError
from aurora.gguf.wheel import SCHEME
from aurora.model.families import FAMILIES
from aurora.model.huggingface import published_architecture
from aurora.model.published import CONFIG
from aurora.model.tensors import tensor_table, trained_names
from aurora.planning.published import CONFIGURATIONS, published_shape
from aurora.recipe import Recipe
from aurora.recipe.execution import Execution
from aurora.recipe.model import Architecture
from aurora.recipe.stages.stage import Stage
from aurora.tokens.text.published import local_model
from aurora.tokens.text.text_facts import read_text
from aurora.training.parallel.layout import Layout, layout_of, refuse_stage
from aurora.training.parallel.pipeline import segment_numbers
from aurora.training.parallel.segment import cut_layers, held_specs
from aurora.training.parallel.tensor import TensorGroup, placed
from aurora.training.start import part_to_train

COLUMNS = ("ranks", "layers", "parameters", "weights", "gradients", "optimizer", "activations", "total")


def shape_of(recipe: Recipe, base: Path) -> tuple[Architecture, int]:
    """(architecture, vocabulary) that the recipe's stages train, without running it; paths are relative to `base`."""
    model, tokens, cache = recipe.model, recipe.tokens, recipe.corpus.downloads
    added = tokens.extend.entries if tokens.extend is not None else 0
    if model.architecture is not None:
        refuse_odd(model.architecture)
        if tokens.train is not None:
            return model.architecture, tokens.train.vocabulary
        return model.architecture, _entries(tokens.path or "", base, cache, "tokens.path") + added
    assert model.path is not None
    config = local_model(model.path, base, cache) / CONFIG
    if config.is_file():
        architecture, vocabulary = published_architecture(config)
    elif (shape := published_shape(model.path)) is not None:
        architecture, vocabulary = shape
    else:
        raise UserError(
            f"The architecture of {model.path} is not known here: {_how_to_have(model.path)}, or plan with one of "
            f"{', '.join(CONFIGURATIONS)}."
        )
    if added:  # rows that the model has beyond its tokenizer are used first
        vocabulary = max(vocabulary, _entries(model.path, base, cache, "model.path") + added)
    positions = model.positions or architecture.positions
    return architecture.model_copy(update={"positions": positions}), vocabulary


def refuse_odd(architecture: Architecture) -> None:
    """`UserError` where a network is not of the form of the family that its recipe names."""
    try:
        FAMILIES[architecture.family].refuse(architecture)
    except ValueError as error:
        raise UserError(f"model.architecture: {error}: give it that, or name another `family`.") from error


def _entries(path: str, base: Path, cache: Path, key: str) -> int:
    """Rows that the tokenizer in `path` needs, without downloading anything."""
    local = local_model(path, base, cache)
    if local.exists():
        return read_text(local).vocabulary
    if (shape := published_shape(path)) is not None:
        return shape[1]
    raise UserError(f"{key}: the tokenizer of {path} is not known here: {_how_to_have(path)}, or train one.")


def _how_to_have(path: str) -> str:
    """What to do about a model that is not here: planning downloads nothing."""
    if path.startswith(SCHEME):
        return f"download its package (`aurora import {path} FOLDER` does)"
    return "download it and give its folder"


def lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    """`footprint` as a table, bytes in GB."""

    def cell(name: str, value: Any) -> str:
        return f"{value / 1e9:.2f} GB" if name in COLUMNS[3:] else f"{value:,}" if isinstance(value, int) else value

    return table(COLUMNS, [[cell(name, row[name]) for name in COLUMNS] for row in rows], 2)


def footprint(
    stage: Stage, architecture: Architecture, vocabulary: int, execution: Execution, ranks: int
) -> list[dict[str, Any]]:
    """A row for each rank of the pipeline, in bytes; the ranks beside it (tensor, data) hold as much.

    `weights` are the fp32 ones, shared by the data-parallel ranks of a shard, and the bf16 ones computed with;
    `optimizer` is two moments. Of a stage that trains a part (`train`) gradients and moments are of that part, and
    activations of the blocks from its lowest on. Raises `UserError` for a layout that cannot be.
    """
    layout = layout_of(execution, ranks)
    refuse_stage(layout, architecture, vocabulary, stage, execution)
    architecture = part_to_train(architecture, stage)
    return [_of_rank(layout, rank, architecture, vocabulary, execution, stage) for rank in range(layout.pipeline)]


def _of_rank(
    layout: Layout, rank: int, architecture: Architecture, vocabulary: int, execution: Execution, stage: Stage
) -> dict[str, Any]:
    group = None
    if layout.tensor > 1:
        group = TensorGroup(None, 0, layout.tensor, layout.sequence_parallel)  # type: ignore[arg-type]  # idle
    cuts = cut_layers(architecture, vocabulary, layout.pipeline * layout.segments)
    blocks = [cuts[number] for number in segment_numbers(layout, rank)]
    of_blocks: Counter[int | None] = Counter()  # parameters by block, None outside of them
    table = tensor_table(architecture, vocabulary)
    moving = trained_names(table, architecture.layers, stage.train)
    trained = 0
    for part in blocks:
        for name, spec in held_specs(architecture, vocabulary, part).items():
            size = math.prod(placed(spec, group).held)
            of_blocks[spec.block] += size
            trained += size if name in moving else 0
    lowest = min((table[name].block or 0 for name in moving if table[name].block is not None), default=0)
    kept = sum(number >= lowest for part in blocks for number in part)  # whose activations the backward pass needs
    parameters = of_blocks.total()
    of_block = max(size for block, size in of_blocks.items() if block is not None)
    working = 4 if execution.precision == "fp32" else 2  # bytes of a number in forward and backward
    # A pipeline gathers its segments once for all micro-batches; without one, FSDP holds a block and the next at a
    # time.
    gathered = parameters if layout.pipeline > 1 else min(parameters, 2 * of_block)
    # Masters and gradients are fp32: 4 bytes; AdamW's two moments: 8. Reduced gradients of a pipeline stay whole.
    row: dict[str, Any] = {
        "ranks": _name(layout, rank),
        "layers": ", ".join(f"{part.start}-{part.stop - 1}" for part in blocks),
        "parameters": parameters,
        "weights": 4 * parameters // layout.shard + working * gathered,
        "gradients": 4 * (trained if layout.pipeline > 1 else trained // layout.shard),
        "optimizer": 8 * trained // layout.shard,
        "activations": _activations(layout, rank, architecture, execution, stage.sequence_length, kept),
    }
    row["total"] = sum(row[name] for name in ("weights", "gradients", "optimizer", "activations"))
    return row


def _activations(
    layout: Layout, rank: int, architecture: Architecture, execution: Execution, length: int, layers: int
) -> int:
    """Bytes kept for the backward passes under way (Korthikanti et al., arXiv 2205.05198, table 2, bf16).

    A layer keeps what its norms and its two first matrices read, and masks of dropout, which a tensor group shares only
    with sequence parallelism; and queries, keys, values, what attention gives and what the MLP computes between its
    matrices, which the group always shares. That is the paper's 34 bytes a token and width where heads have keys of
    their own and the MLP is plain and four times as wide. A recomputed block keeps its input. Attention weights are not
    counted: accelerators use the fused kernel.
    """
    tokens, width = execution.micro_batch_sequences * length, architecture.width
    queries = architecture.heads * architecture.head_width
    keys = architecture.key_value_heads * architecture.head_width
    norms = 8 if architecture.norm_place == "around" else 4
    common = (norms + 4 + (2 if architecture.dropout else 0)) * width
    shared = (4 if architecture.head_norm == "none" else 6) * (queries + keys) + (
        8 if architecture.gated else 4
    ) * architecture.inner
    per_layer = tokens * (common + shared) // layout.tensor
    if not layout.sequence_parallel:
        per_layer = tokens * (common + shared // layout.tensor)
    if layout.recompute == "full":
        per_layer = 2 * tokens * width // (layout.tensor if layout.sequence_parallel else 1)
    # With 1f1b a rank waits for as many backward passes as there are ranks after it; for others this is a bound.
    under_way = layout.pipeline - rank if layout.schedule == "1f1b" else layout.pipeline
    return per_layer * layers * under_way


def _name(layout: Layout, rank: int) -> str:
    """The global ranks at this place in the pipeline."""
    size = layout.data * layout.tensor
    return f"{rank * size}-{(rank + 1) * size - 1}" if size > 1 else str(rank)
