"""The values that decide the numbers of a stage's first steps, key by key of the recipe.

One decision: it is a flat table of values and not only their hash, so that a stage that cannot resume says which key
was edited, from what to what. What decides only later steps is not in it: a stage may be given more tokens while its
learning rates allow it, and other weights from a later step on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aurora.files import canonical_json
from aurora.recipe.recipe import Recipe
from aurora.recipe.stages.objective import LIKELIHOOD
from aurora.recipe.stages.stage import IMPORTED, Stage
from aurora.recipe.stages.train import ALL

# By key of the recipe, or of an input; JSON values.
MadeWith = Mapping[str, Any]
MISSING = "nothing"
UNSTATED = {"train": ALL, "objective": LIKELIHOOD}  # defaults that count as not stated


def made_with(recipe: Recipe, stage: Stage, steps: int) -> dict[str, Any]:
    """The settings that decide the first `steps` steps of a stage or control of the recipe."""
    stage = stage.until(steps)
    key = _key(recipe, stage.name)
    control = stage.name not in recipe.stages
    found: dict[str, Any] = {"seed": recipe.seed}
    for part, value in stage.numerics().items():
        if part == "mixture" and control:
            found |= _flat(f"{key}.control.mixture", value)
        elif part not in ("tokens", "schedule", "control") and UNSTATED.get(part) != value:
            found |= _flat(f"{key}.{part}", value)
    # A stage that may end early may have begun its decay at any step.
    found |= _flat(f"{key}.schedule", stage.course.until(steps if stage.stop_when is None else stage.steps))
    if stage.course.falls_within(steps) or stage.decides:  # then these steps depend on the stage's length
        found[f"{key}.tokens"] = stage.tokens_before(stage.steps)
    if stage.retention is not None:
        found |= _flat("evaluation.held_out_kilobytes", recipe.evaluation.held_out_kilobytes)
    if stage.stop_when is not None:
        found |= _flat("evaluation.answer_tokens", recipe.evaluation.answer_tokens)
    if is_fresh(recipe, stage):
        found |= _flat("model", recipe.model.numerics())
    return json_values(found | _flat("execution", recipe.execution.numerics()))


def is_fresh(recipe: Recipe, stage: Stage) -> bool:
    """Whether a stage starts from a new network."""
    return stage.start == IMPORTED and recipe.model.path is None


def json_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they come back from a JSON file."""
    found: dict[str, Any] = json.loads(canonical_json(values))
    return found


def differences(before: MadeWith, now: MadeWith) -> dict[str, tuple[Any, Any]]:
    """(old, new) value of every key that differs."""
    keys = sorted({*before, *now})
    pairs = {key: (before.get(key, MISSING), now.get(key, MISSING)) for key in keys}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def described(changed: Mapping[str, tuple[Any, Any]]) -> str:
    """`key (was old, is new), ...` for a sentence."""
    return ", ".join(f"{key} (was {shown(old)}, is {shown(new)})" for key, (old, new) in changed.items())


def shown(value: Any) -> str:
    """A value for a sentence; a hash is shortened."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:12] if len(text) == 64 and set(text) <= set("0123456789abcdef") else text


def _key(recipe: Recipe, name: str) -> str:
    """Where the recipe states a stage; a control where its stage is."""
    controlled = {f"{stage}-{made.control.name}": stage for stage, made in recipe.stages.items() if made.control}
    return f"stages.{controlled.get(name, name) if name not in recipe.stages else name}"


def _flat(key: str, value: Any) -> dict[str, Any]:
    """A value's leaves by their keys; keys that are not set are left out."""
    if isinstance(value, Mapping):
        return {inner: leaf for name, item in value.items() for inner, leaf in _flat(f"{key}.{name}", item).items()}
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        return _flat(key, {str(number): item for number, item in enumerate(value)})
    return {} if value is None or value == [] else {key: value}
