"""`aurora ls`, `aurora schema` and `aurora env`: what a recipe may name, its schema, and where it would run."""

from __future__ import annotations

import click

from aurora.commands.options import Choice, json_option
from aurora.console.terminal import write, write_json, write_json_text

# As in `aurora.api.listing`, which is imported only when a list is asked for.
KINDS = ("recipes", "policies", "languages", "rules", "models", "sources", "tasks", "suites")


@click.command("ls")
@click.argument("kind", type=Choice(KINDS))
@click.option("--paths", is_flag=True, help="Print only the files, to copy and change them.")
@json_option
def ls(kind: str, paths: bool, as_json: bool) -> None:
    """List what comes with Aurora: names that a recipe or a command may use, each with a description."""
    from aurora.api.listing import listing

    found = listing(kind)
    if paths and not all(one.path for one in found):
        raise click.UsageError(f"{kind} are not files: leave out --paths.")
    if as_json:
        write_json([{"name": one.name, "says": one.says, "path": one.path and str(one.path)} for one in found])
    elif paths:
        write("\n".join(str(one.path) for one in found))
    else:
        width = max(len(one.name) for one in found)
        write("\n".join(f"{one.name:<{width}}  {one.says}" for one in found))


@click.command()
def schema() -> None:
    """Print the JSON Schema of a recipe, by which editors complete keys and mark mistakes."""
    from aurora.recipe.json_schema import schema_text

    write_json_text(schema_text())


@click.command()
@json_option
def env(as_json: bool) -> None:
    """Print versions, machine, accelerator, memory, extras and folders, to add to a question or a bug report."""
    from aurora.api.surroundings import surroundings

    found = surroundings()
    if as_json:
        write_json(found)
    else:
        width = max(map(len, found))
        write("\n".join(f"{name:<{width}}  {value}" for name, value in found.items()))
