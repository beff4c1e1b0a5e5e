"""Arguments and options that several commands share, and how they start a run.

One decision: an option with one meaning is one object, so no two commands spell or explain it differently.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from aurora.api.runs import Run

FILE = click.Path(path_type=Path)


class Commands(click.Group):
    """A group of commands that says which one a slip of the keyboard was meant to be."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is asked for; a usage error with the nearest where there is none of its name."""
        from aurora.nearest import meant

        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            names = self.list_commands(ctx)
            raise click.UsageError(f"No such command {args[0]!r} ({meant(args[0], names, 'commands')}).", ctx)
        return super().resolve_command(ctx, args)


class Choice(click.Choice[str]):
    """One of some words; a slip of the keyboard is told what was meant."""

    def get_invalid_choice_message(self, value: object, ctx: click.Context | None) -> str:
        """What is wrong with a word that is none of them."""
        from aurora.nearest import nearest

        close = nearest(str(value), self.choices)
        return f"{str(value)!r} is none of {', '.join(self.choices)}{f' (did you mean {close}?)' if close else ''}."


class RecipeName(click.Path):
    """A recipe's file, or the name of one that comes with Aurora; a shell completes both."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The names that begin so, then whatever files do."""
        from aurora.shipped import places

        named = [CompletionItem(name) for name in places.names("recipes") if name.startswith(incomplete)]
        return [*named, *super().shell_complete(ctx, param, incomplete)]


recipe_argument = click.argument("recipe", type=RecipeName(path_type=Path))
overrides_argument = click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
output_option = click.option("--output", type=FILE, help="Run folder; runs/NAME if left out.")
resume_option = click.option(
    "--resume-from",
    type=click.IntRange(min=0),
    metavar="STEP",
    help="Let an interrupted or edited stage go on from this checkpoint, whatever was edited since.",
)
restart_option = click.option(
    "--restart", is_flag=True, help="Begin an interrupted or edited stage anew; its earlier work is set aside."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print data instead of text.")


def run_until(recipe: Path, overrides: Sequence[str], output: Path | None, step: str) -> Run:
    """Run a recipe up to a step."""
    from aurora import run_recipe
    from aurora.checking.check import sound_recipe

    return run_recipe(sound_recipe(recipe, overrides), output, until=step)


def say_unfinished(run: Path) -> None:
    """Say where a run is not finished, for what is in it may be of earlier values than its recipe's."""
    from aurora.console.progress import say
    from aurora.run.opening import unfinished

    if unfinished(run):
        say(
            f"Note: {run} is not finished, so this may be of earlier values than its recipe's; run that again to go on."
        )


def refuse_both(resume_from: int | None, restart: bool) -> None:
    """A usage error where a stage is both to resume and to begin anew."""
    if restart and resume_from is not None:
        raise click.UsageError("--resume-from goes on and --restart begins anew: give one of them.")
