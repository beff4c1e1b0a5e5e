"""`aurora evaluate`: checkpoints on benchmarks of choices, compared in pairs."""

from __future__ import annotations

from pathlib import Path

import click

from aurora.commands.options import FILE, json_option
from aurora.console.terminal import write, write_json


@click.command()
@click.argument("checkpoints", nargs=-1, required=True, metavar="CHECKPOINT...", type=FILE)
@click.option(
    "--task", "tasks", multiple=True, default=("pronouns",), show_default=True, help="A task; may be given again."
)
@click.option("--data", type=FILE, metavar="DIR", help="Folder with a NAME.jsonl or NAME.jsonl.gz for each task.")
@click.option("--limit", type=click.IntRange(min=1), help="So many first items of each task; all without it.")
@json_option
def evaluate(
    checkpoints: tuple[Path, ...], tasks: tuple[str, ...], data: Path | None, limit: int | None, as_json: bool
) -> None:
    """Ask checkpoints which of some continuations is likelier, and compare each with the first one, item by item.

    A CHECKPOINT is a run, whose last stage is meant, or the folder of a checkpoint in it.
    """
    from aurora.api.evaluating import evaluate_tasks
    from aurora.evaluation.suites.shown import lines

    found = evaluate_tasks(list(checkpoints), list(tasks), data, limit)
    if as_json:
        write_json(found)
    else:
        write("\n".join(lines(found)))
