"""Writes docs/recipe.md and docs/report.md from the types, docs/commands.md from the commands; `make docs` runs it."""

from __future__ import annotations

from pathlib import Path

import click

from aurora.cli import aurora
from aurora.recipe import Recipe
from aurora.recipe.reference import reference_page
from aurora.reporting.reference import report_page

HERE = Path(__file__).parent


def commands_page() -> str:
    """Every command with its help, as Markdown."""
    lines = [
        "# Commands",
        "",
        "Generated from the command tree by `make docs`. Every command can be run again and goes on where it stopped;",
        "progress and messages go to standard error, data (`--json`) to standard output. Exit codes: 0 done, 2 the user's",
        "mistake, 1 anything else. `aurora --debug COMMAND ...` shows the full trace of an error.",
        "",
    ]
    for path, command in walk("aurora", aurora):
        context = click.Context(command, info_name=path)
        lines += [f"## {path}", "", "```", command.get_help(context), "```", ""]
    return "\n".join(lines)


def walk(path: str, command: click.Command) -> list[tuple[str, click.Command]]:
    """A command and all below it, with their full names."""
    found = [(path, command)]
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            found += walk(f"{path} {name}", command.commands[name])
    return found


if __name__ == "__main__":
    (HERE / "recipe.md").write_text(reference_page(Recipe) + "\n", encoding="utf-8")
    (HERE / "commands.md").write_text(commands_page(), encoding="utf-8")
    (HERE / "report.md").write_text(report_page(), encoding="utf-8")
