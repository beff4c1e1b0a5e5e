"""`aurora check`: what is wrong with a recipe, before anything runs."""

from __future__ import annotations

from pathlib import Path

import click

from aurora.commands.options import json_option, output_option, overrides_argument, recipe_argument
from aurora.console.terminal import line, write, write_json


@click.command()
@recipe_argument
@overrides_argument
@output_option
@json_option
@click.pass_context
def check(ctx: click.Context, recipe: Path, overrides: tuple[str, ...], output: Path | None, as_json: bool) -> None:
    """Everything that is wrong with a recipe, told before it runs: keys, files, rows, models, policy, device, disk.

    Ends with 2 where there is a mistake. Notes are worth a thought and stop nothing. `run` and `train` begin with it.
    """
    from aurora.checking.check import check_recipe

    found = check_recipe(recipe, overrides, output)
    if as_json:
        write_json({"recipe": str(found.recipe), "mistakes": found.mistakes, "notes": found.notes})
    else:
        listed = [*found.mistakes, *(f"Note: {note}" for note in found.notes)]
        number = len(found.mistakes)
        count = f"{number} mistake{'s' * (number != 1)}" if number else "no mistakes"
        write("\n".join([*map(line, listed), f"{line(str(found.recipe))} has {count}."]))
    ctx.exit(2 if found.mistakes else 0)
