"""The benchmarks whose training sets a model has learnt from.

One decision: a source says what it was made from, and a stage which sources it learns, so what a benchmark measures of
a model follows from the recipe, and is said wherever that benchmark is measured.
"""

from __future__ import annotations

from aurora.recipe.recipe import Recipe
from aurora.recipe.sources import ConversationsSource
from aurora.recipe.stages.stage import checkpoints_of


def learnt_from(recipe: Recipe, checkpoint: str) -> dict[str, list[str]]:
    """By benchmark the sources made from its training set that a stage or control, or a stage before it, learns."""
    checkpoints = checkpoints_of(recipe.stages)
    learnt: set[str] = set()
    while (stage := checkpoints.get(checkpoint)) is not None:
        mixtures = [stage.mixture, *(change.mixture for change in stage.changes)]
        learnt |= {store.rpartition("/")[0] for mixture in mixtures for store in mixture}
        checkpoint = stage.start
    found: dict[str, list[str]] = {}
    for name, source in sorted(recipe.corpus.sources.items()):
        if name in learnt and isinstance(source, ConversationsSource):
            for benchmark in source.made_from:
                found.setdefault(benchmark, []).append(name)
    return found


def is_of(task: str, benchmark: str) -> bool:
    """Whether a task measures a benchmark: it has its name, or that and a language (`gsm8k_en` of `gsm8k`)."""
    name = task.replace("_", "-")
    return name == benchmark or name.startswith(f"{benchmark}-")
