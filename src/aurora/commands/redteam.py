"""`aurora redteam`: from a written policy to prompts and answers."""

from __future__ import annotations

from pathlib import Path

import click

from aurora.commands.options import Commands, json_option, output_option, overrides_argument, recipe_argument
from aurora.commands.reviewing import export_reviews, lint_items, verify_reviews
from aurora.console.terminal import write_json_text
from aurora.files import json_text, read_json


@click.group(cls=Commands)
def redteam() -> None:
    """From a written policy to prompts and answers."""


@redteam.command("generate")
@recipe_argument
@overrides_argument
@output_option
@json_option
def redteam_generate(recipe: Path, overrides: tuple[str, ...], output: Path | None, as_json: bool) -> None:
    """Expand the recipe's policy into training and held-out items."""
    from aurora.api.runs import run_folder
    from aurora.checking.check import sound_recipe
    from aurora.pipeline.running import run_recipe
    from aurora.redteam.dataset import SUMMARY
    from aurora.run.folder import RunFolder

    loaded = sound_recipe(recipe, overrides)
    folder = run_folder(loaded, output)
    run_recipe(loaded, folder, only="redteam")
    if as_json:
        write_json_text(json_text(read_json(RunFolder(folder).redteam / SUMMARY)))


redteam.add_command(export_reviews)
redteam.add_command(verify_reviews)
redteam.add_command(lint_items)
