"""Running recipes, and opening runs.

One decision: a `Run` holds only a path and reads files when asked, so it is never out of date, and a run that is still
under way can be inspected.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from aurora.api.checkpoints import Checkpoint, load_checkpoint
from aurora.api.corpora import Corpus
from aurora.api.tokens import Tokens
from aurora.errors import UserError
from aurora.recipe import LoadedRecipe, Recipe
from aurora.reporting.schema import Report
from aurora.run.folder import RunFolder
from aurora.run.opening import finished_checkpoints, recipe_of
from aurora.training.wish import Wish


@dataclass(frozen=True)
class Run:
    """A run in the folder `path`; `ran` names the steps that ran in the call that returned it."""

    path: Path
    ran: list[str] = field(default_factory=list)

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe that the run was last carried out with."""
        return recipe_of(self.path)

    @property
    def corpus(self) -> Corpus:
        """Its clean documents; `UserError` where they are not built yet."""
        return Corpus(self.path)

    @property
    def tokens(self) -> Tokens:
        """Its tokenizer and token stores."""
        return Tokens(self.recipe, RunFolder(self.path))

    @property
    def checkpoints(self) -> list[str]:
        """Names of the stages (and controls) that are trained, sorted; `model` is the imported one."""
        return finished_checkpoints(self.path)

    def checkpoint(self, stage: str | None = None, device: str | None = None) -> Checkpoint:
        """The final model of a stage; without a name, of the last finished one."""
        return load_checkpoint(self.path, stage, device)

    @property
    def page(self) -> Path:
        """The path of its report's page."""
        return RunFolder(self.path).page

    @property
    def report(self) -> Report:
        """Its report; `AuroraError` where the run is not finished."""
        from aurora.reporting.report import read_report

        return read_report(self.path)

    def verify(self) -> str:
        """Read every byte of the run again; returns what was verified, `AuroraError` names all damage."""
        from aurora.run.verify import verify

        return verify(self.path)


@dataclass(frozen=True)
class Planned:
    """The steps that would run in the folder `path`."""

    path: Path
    steps: list[str]


def run_recipe(
    recipe: LoadedRecipe | Path | str,
    output: Path | str | None = None,
    *,
    until: str | None = None,
    stage: str | None = None,
    resume_from: int | None = None,
    restart: bool = False,
) -> Run:
    """Run the steps of a recipe that are not done yet, in the folder `output` (`runs/NAME` if None).

    `until` stops after a step (`corpus`, `tokens`, `train:cap` ...), `stage` after the one that trains it.
    `resume_from` lets a stage with earlier work go on from the checkpoint of that step although values were edited,
    `restart` begins it anew; they apply to `stage`, or else to the first one that runs. Raises `UserError` for a
    mistake in the recipe or the folder, `AuroraError` for a problem of the machine or the data.
    """
    from aurora.pipeline.running import run_recipe as carry_out
    from aurora.pipeline.training import step_name

    if restart and resume_from is not None:
        raise UserError("resume_from goes on and restart begins anew: give one of them.")
    from aurora.checking.check import sound_recipe

    loaded = recipe if isinstance(recipe, LoadedRecipe) else sound_recipe(recipe)
    folder = run_folder(loaded, output)
    until = step_name(stage) if stage else until
    _check(loaded, folder, until)
    wish = Wish(resume_from, restart, stage)
    outcome = carry_out(loaded, folder, until=until, wish=wish)
    return Run(folder, outcome["ran"])


def plan_run(loaded: LoadedRecipe, output: Path | str | None = None, *, until: str | None = None) -> Planned:
    """The steps that `run_recipe` would run; nothing is written."""
    from aurora.pipeline.running import run_recipe as carry_out

    folder = run_folder(loaded, output)
    _check(loaded, folder, until)
    return Planned(folder, carry_out(loaded, folder, until=until, dry_run=True)["would_run"])


def _check(loaded: LoadedRecipe, folder: Path, until: str | None) -> None:
    """Say what there is to know before a run, and refuse what is certain to fail; of several processes the first."""
    from aurora.checking.check import check_loaded
    from aurora.console.progress import say
    from aurora.pipeline.running import refuse_step

    refuse_step(loaded, folder, until)
    if os.environ.get("RANK", "0") == "0":
        found = check_loaded(loaded, folder, until)
        for note in found.notes:
            say(f"Note: {note}")
        found.refuse()


def open_run(path: Path | str) -> Run:
    """The run in a folder; `UserError` where there is none."""
    run = Run(Path(path))
    assert run.recipe  # read now, so that a wrong path fails at once
    return run


def run_folder(loaded: LoadedRecipe, output: Path | str | None = None) -> Path:
    """The folder in which a recipe runs."""
    return Path(output) if output is not None else Path("runs") / loaded.recipe.name
