"""`aurora run` and `aurora train`: running recipes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aurora.commands.options import (
    json_option,
    output_option,
    overrides_argument,
    recipe_argument,
    refuse_both,
    restart_option,
    resume_option,
)
from aurora.console.terminal import write, write_json, write_json_text

if TYPE_CHECKING:
    from aurora.recipe import LoadedRecipe


@click.command()
@recipe_argument
@overrides_argument
@output_option
@click.option("--until", metavar="STEP", help="Stop after this step.")
@resume_option
@restart_option
@click.option("--show", is_flag=True, help="Print the effective recipe and where each value comes from; run nothing.")
@click.option("--dry-run", is_flag=True, help="Say which steps would run; run nothing.")
@json_option
def run(
    recipe: Path,
    overrides: tuple[str, ...],
    output: Path | None,
    until: str | None,
    resume_from: int | None,
    restart: bool,
    show: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Run a recipe from raw text to its report.

    --resume-from and --restart apply to the first stage that runs and has earlier work.
    """
    from aurora.checking.check import sound_recipe

    loaded = sound_recipe(recipe, overrides)
    if show:
        if as_json:
            write_json_text(json.dumps(loaded.recipe.model_dump(mode="json"), indent=2) + "\n")
        else:
            write(loaded.show(), end="")
        return
    refuse_both(resume_from, restart)
    from aurora.api.runs import plan_run, run_recipe

    if dry_run:
        would_run = plan_run(loaded, output, until=until)
        outcome: dict[str, Any] = {"run": str(would_run.path), "would_run": would_run.steps}
    else:
        done = run_recipe(loaded, output, until=until, resume_from=resume_from, restart=restart)
        page = None if until else str(done.page)
        outcome = {"run": str(done.path), "ran": done.ran, "report": page}
    if as_json:
        write_json(outcome)


@click.command()
@recipe_argument
@overrides_argument
@click.option("--stage", required=True, help="Training stage (or STAGE-CONTROL) to run.")
@click.option("--dry-run", is_flag=True, help="Print what each rank would hold, in bytes, and train nothing.")
@click.option("--ranks", type=click.IntRange(1), help="Processes to plan for with --dry-run.")
@resume_option
@restart_option
@output_option
@json_option
def train(
    recipe: Path,
    overrides: tuple[str, ...],
    stage: str,
    dry_run: bool,
    ranks: int | None,
    resume_from: int | None,
    restart: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    """Run one training stage and the steps that it needs; works under torchrun."""
    from aurora.checking.check import sound_recipe

    loaded = sound_recipe(recipe, overrides)
    if dry_run:
        _plan_stage(loaded, stage, ranks, as_json)
        return
    refuse_both(resume_from, restart)
    from aurora import run_recipe

    run_recipe(loaded, output, stage=stage, resume_from=resume_from, restart=restart)


def _plan_stage(loaded: LoadedRecipe, stage: str, ranks: int | None, as_json: bool) -> None:
    """Print the footprint of a stage on so many ranks; without a number, on the fewest possible."""
    from aurora.checking.check import check_loaded
    from aurora.errors import UserError
    from aurora.nearest import nearest
    from aurora.planning.footprint import footprint, lines, shape_of
    from aurora.recipe.stages.stage import checkpoints_of

    execution = loaded.recipe.execution
    made = checkpoints_of(loaded.recipe.stages)
    if stage not in made:
        close = nearest(stage, made)
        hint = f" (did you mean {close}?)" if close else ""
        raise UserError(f"This recipe has no stage {stage!r}{hint}; its stages are {', '.join(made)}.")
    check_loaded(loaded, here=False).refuse()
    ranks = ranks or execution.tensor_parallel * execution.pipeline_parallel * max(1, execution.shard_parallel)
    rows = footprint(made[stage], *shape_of(loaded.recipe, loaded.base), execution, ranks)
    if as_json:
        write_json(rows)
    else:
        write("\n".join(lines(rows)))
