"""Which checkpoints of a recipe are measured, and which of them answer held-out prompts.

One decision: a published model is a checkpoint like any other, measured before the first stage, for it is the base that
every verdict compares with. A new network has no base but the first stage that it is trained in.
"""

from __future__ import annotations

from aurora.recipe.recipe import Recipe
from aurora.recipe.stages.stage import IMPORTED, TUNING, checkpoints_of


def base_of(recipe: Recipe) -> str | None:
    """The imported model, where the recipe starts from one."""
    return IMPORTED if recipe.model.path is not None else None


def compared_with(recipe: Recipe, name: str) -> str:
    """The checkpoint that a stage is compared with: the imported model, or the first stage behind it, or itself."""
    stage = recipe.stages[name]
    while stage.start != IMPORTED:
        stage = recipe.stages[stage.start]
    return base_of(recipe) or stage.name


def base_to_measure(recipe: Recipe, name: str) -> str | None:
    """The checkpoint that a stage's retention budget counts from, where nothing else measures it: the stage starts from
    another one, which has no budget itself, or none with all sources of this one's."""
    stage, base = recipe.stages.get(name), None
    if stage is not None and stage.retention is not None:
        base = compared_with(recipe, name)
    if stage is None or base is None or base in (name, stage.start):
        return None
    before = recipe.stages[stage.start]
    return None if before.retention is not None and set(stage.sources) <= set(before.sources) else base


def measured(recipe: Recipe) -> list[str]:
    """Every checkpoint whose bits per byte are measured: the imported model, stages and controls."""
    return [*filter(None, [base_of(recipe)]), *checkpoints_of(recipe.stages)]


def before_and_after(recipe: Recipe) -> tuple[str, str] | None:
    """The two checkpoints whose refusals are compared, or None where there are no two.

    They are what safety tuning starts from and the last stage that trains on refusals; of a recipe with a policy that
    continues a published model without such tuning, that model and the last stage, since a model forgets to refuse too.
    """
    tuned = [name for name, stage in recipe.stages.items() if set(TUNING) & set(stage.sources)]
    base = base_of(recipe)
    if tuned:
        start = recipe.stages[tuned[0]].start
        return None if start == IMPORTED and base is None else (start, tuned[-1])
    return (base, list(recipe.stages)[-1]) if base and recipe.redteam else None


def answering(recipe: Recipe) -> list[str]:
    """The checkpoints that answer held-out prompts; the imported model is among them wherever any does."""
    compared = before_and_after(recipe)
    return [*dict.fromkeys(filter(None, [base_of(recipe), *compared]))] if compared else []
