"""`aurora tokens`: clean documents to token stores."""

from __future__ import annotations

from pathlib import Path

import click

from aurora.commands.options import (
    FILE,
    Commands,
    json_option,
    output_option,
    overrides_argument,
    recipe_argument,
    run_until,
)
from aurora.console.terminal import write, write_json


@click.group(cls=Commands)
def tokens() -> None:
    """Clean documents to token stores."""


@tokens.command("build")
@recipe_argument
@overrides_argument
@output_option
@json_option
def tokens_build(recipe: Path, overrides: tuple[str, ...], output: Path | None, as_json: bool) -> None:
    """Learn or load the tokenizer and encode the corpus; --json prints what `inspect` does."""
    made = run_until(recipe, overrides, output, "tokens")
    if as_json:
        write_json(made.tokens.facts())


@tokens.command("inspect")
@click.argument("run_folder", type=FILE)
@click.option("--at", type=click.IntRange(min=0), help="Show this sequence (from 0) of a stage as text.")
@click.option("--stage", help="Stage (or STAGE-CONTROL) of --at; the last one if left out.")
@json_option
def tokens_inspect(run_folder: Path, at: int | None, stage: str | None, as_json: bool) -> None:
    """Show bytes per token by language, tokens and epochs by source and stage; or one sequence with its documents."""
    from aurora import open_run
    from aurora.tokens.describe import describe_sequence

    found = open_run(run_folder).tokens
    if at is None:
        if stage is not None:
            raise click.UsageError("--stage belongs to --at: give both or none.")
        if as_json:
            write_json(found.facts())
        else:
            write(str(found))
        return
    sequence = found.sequence(at, stage)
    if as_json:
        write_json(sequence)
    else:
        write(describe_sequence(sequence))
