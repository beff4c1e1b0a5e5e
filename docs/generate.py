"""Writes docs/recipe.md, docs/report.md, docs/commands.md and the tree of the README; `make docs` runs it."""

from __future__ import annotations

import ast
from pathlib import Path

import click

from aurora.cli import aurora
from aurora.recipe import Recipe
from aurora.recipe.reference import reference_page
from aurora.reporting.reference import report_page

HERE = Path(__file__).parent
SOURCE = HERE.parent / "src/aurora"
README = HERE.parent / "README.md"
TREE = "## One line a file\n"


def commands_page() -> str:
    """Every command with its help, as Markdown."""
    lines = [
        "# Commands",
        "",
        "Generated from the command tree by `make docs`. Any command can be run again and goes on where it stopped;",
        "progress and messages go to standard error, data (`--json`) to standard output. Exit codes: 0 done, 2 the",
        "user's mistake, 128 and the number of a signal (130 of Ctrl-C, 143 of SIGTERM), 1 anything else.",
        "`aurora --debug COMMAND ...` shows the full trace of an error.",
        "",
    ]
    for path, command in walk("aurora", aurora):
        context = click.Context(command, info_name=path, **aurora.context_settings)  # as below `aurora`
        lines += [f"## {path}", "", "```", command.get_help(context), "```", ""]
    return "\n".join(lines)


def walk(path: str, command: click.Command) -> list[tuple[str, click.Command]]:
    """A command and all below it, with their full names."""
    found = [(path, command)]
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            found += walk(f"{path} {name}", command.commands[name])
    return found


def readme() -> str:
    """The README with its tree of modules as their docstrings say it today."""
    before, _, rest = README.read_text(encoding="utf-8").partition(TREE)
    _, _, after = rest.partition("\n## ")
    return f"{before}{TREE}\n{tree()}\n## {after}"


def tree() -> str:
    """Every module below src/aurora with the first sentence of its docstring, as an indented block."""
    lines = ["    src/aurora/"]
    files = sorted(SOURCE.rglob("*.py"), key=lambda path: (path.parent != SOURCE, path.parent.as_posix(), path.name))
    for path in files:
        relative = path.relative_to(SOURCE)
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        sentence = " ".join(docstring.partition("\n\n")[0].split()).partition(". ")[0].rstrip(".")
        if relative.name == "__init__.py":
            if len(relative.parts) > 1:
                lines.append(f"      {relative.parent.as_posix() + '/':<32}{sentence}")
        else:
            indent = "  " if len(relative.parts) > 1 else ""
            lines.append(f"      {indent}{relative.name:<{32 - len(indent)}}{sentence}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    README.write_text(readme(), encoding="utf-8")
    (HERE / "recipe.md").write_text(reference_page(Recipe) + "\n", encoding="utf-8")
    (HERE / "commands.md").write_text(commands_page(), encoding="utf-8")
    (HERE / "report.md").write_text(report_page(), encoding="utf-8")
