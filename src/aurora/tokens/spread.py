"""All languages of a source in a mixture: the weight of `SOURCE/*` shared by what each language has.

One decision: shares follow from the tokens with a loss that the stores say they hold, so a mixture of languages is
fixed once the tokens are, and everything behind it knows languages alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aurora.errors import UserError
from aurora.files import read_json
from aurora.recipe.names import EVERY, is_store_name
from aurora.recipe.stages.stage import Stage


def spread(stage: Stage, stores: Path) -> Stage:
    """The stage with the languages of each `SOURCE/*` in its place, in all its mixtures.

    Raises `UserError` for a source without a store.
    """
    if not any(name.endswith(f"/{EVERY}") for name in stage.sources):
        return stage
    changes = [
        change.model_copy(update={"mixture": _spread(change.mixture, stage, stores)}) for change in stage.changes
    ]
    mixture = _spread(stage.mixture, stage, stores)
    return stage.model_copy(update={"mixture": mixture, "changes": changes})


def _spread(mixture: Mapping[str, float], stage: Stage, stores: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, weight in mixture.items():
        source, _, language = name.partition("/")
        if language != EVERY:
            found[name] = weight
            continue
        sizes = _sizes(source, stores)
        if not sizes:
            raise UserError(f"Stage {stage.name} reads {name}, but the tokens have no language of {source}.")
        parts = {store: tokens ** (1 / stage.temperature) for store, tokens in sizes.items()}
        total = sum(parts.values())
        # Six figures: a share is shown as it is, and the period in which sources take turns stays short.
        found |= {store: float(f"{weight * part / total:.6g}") for store, part in parts.items()}
    return found


def _sizes(source: str, stores: Path) -> dict[str, int]:
    """Tokens with a loss of each store of a source that has any."""
    sizes: dict[str, int] = {}
    for side in sorted(stores.glob(f"{source}.*.json")):
        name = side.name.removesuffix(".json").replace(".", "/", 1)
        if is_store_name(name) and (tokens := int(read_json(side)["loss_tokens"])):
            sizes[name] = tokens
    return sizes
