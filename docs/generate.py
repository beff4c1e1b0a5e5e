"""Writes the reference pages, the rooms in the README and the tree in docs/architecture.md; `make docs` runs it.

One decision: whatever the code can say of itself is taken from it (types, help, first lines of modules), so a page
cannot tell of a file or a key that is no more.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from aurora.cli import aurora
from aurora.errors import AuroraError
from aurora.files import read_json, sha256
from aurora.languages.reference import key_tables
from aurora.recipe import Recipe
from aurora.recipe.json_schema import NAME as SCHEMA
from aurora.recipe.json_schema import schema_text
from aurora.recipe.reference import reference_page
from aurora.reporting.page import browser
from aurora.reporting.reference import report_page
from aurora.reporting.report import render
from aurora.reporting.schema import Report

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for figures.py, wherever this is run from
SOURCE = HERE.parent / "src/aurora"
README = HERE.parent / "README.md"
ARCHITECTURE = HERE / "architecture.md"
ROOMS = "## Rooms\n"
TREE = "## One line a file\n"
LANGUAGE = HERE / "language.md"
JUDGES = HERE / "judges.md"
WORTH = "## What the rules are worth\n"
KEYS = "## Keys\n"
DEMO, PICTURE = HERE / "demo.json", HERE / "images/report.png"
SHOWN = "## What the demo shows, and what it does not\n"


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
        "RECIPE is a file, or the name of a recipe that comes with Aurora (`aurora ls recipes`): `aurora run tiny`.",
        "[Installing](install.md) says how the shell completes all of them.",
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


def with_section(page: str, heading: str, content: str) -> str:
    """A page with what stands under one of its headings replaced."""
    before, _, rest = page.partition(heading)
    _, _, after = rest.partition("\n## ")
    return f"{before}{heading}\n{content}\n## {after}"


def readme() -> str:
    """The README with its rooms as their packages say it today, and the demo's figures as its report has them."""
    from figures import demo_section

    shown = demo_section(Report.model_validate(read_json(DEMO)))
    return with_section(with_section(README.read_text(encoding="utf-8"), ROOMS, rooms()), SHOWN, shown)


def picture() -> None:
    """The first screen of the demo's page, taken again where it is of another run."""
    if PICTURE.is_file() and browser.is_of(PICTURE.read_bytes(), sha256(DEMO)):
        return
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        page.write_text(render(read_json(DEMO)), encoding="utf-8")
        try:
            browser.photograph(page, PICTURE, source=sha256(DEMO))
        except AuroraError as error:
            print(f"{PICTURE} is of another run than {DEMO}: {error}", file=sys.stderr)


def architecture() -> str:
    """The page on the architecture with a line for every file."""
    return with_section(ARCHITECTURE.read_text(encoding="utf-8"), TREE, tree())


def language() -> str:
    """The page on languages with the keys of a language's file."""
    return with_section(
        LANGUAGE.read_text(encoding="utf-8"),
        KEYS,
        "Keys in bold must be there; `make docs` takes this from the types.\n\n" + key_tables(),
    )


def judges() -> str:
    """The page on judges with what the rules are worth, as it was measured."""
    from aurora.redteam.judging.named import calibration_of_rules
    from aurora.redteam.judging.worth import two_digits

    found = calibration_of_rules()
    rows = [
        f"{found.judge.capitalize()} beside the labels of {found.data}, {found.note}; English alone.",
        "",
        "| answers of | answers | kappa | 95 % interval | agreed |",
        "|---|---|---|---|---|",
    ]
    for name, part in [("all", found.whole), *found.by["model"].items()]:
        interval = " to ".join(map(two_digits, part.interval or ()))
        rows.append(
            f"| {name.removeprefix('completions_')} | {part.answers:,} | {two_digits(part.kappa)} | {interval} | "
            f"{two_digits(part.agreed)} |"
        )
    return with_section(JUDGES.read_text(encoding="utf-8"), WORTH, "\n".join(rows) + "\n")


def errors() -> str:
    """Every sentence that a command can fail with."""
    from errors_page import errors_page

    return errors_page(SOURCE)


def rooms() -> str:
    """The rooms of src/aurora with the first sentence of each, as an indented block."""
    packages = sorted(SOURCE.glob("*/__init__.py"))
    lines = [f"      {package.parent.name + '/':<14}{said_by(package)}" for package in packages]
    return "\n".join(["    src/aurora/", *lines]) + "\n"


def tree() -> str:
    """Every file of src/aurora with what it says of itself first, as an indented block."""
    return "\n".join(["    src/aurora/", *branch(SOURCE, 6)]) + "\n"


def branch(folder: Path, indent: int) -> Iterator[str]:
    """The lines of a folder: its files, those of its `data/` among them, then its rooms."""
    files = [path for path in [*folder.glob("*.*"), *folder.glob("data/*")] if path.suffix in SAYS]
    for path in sorted(files, key=lambda path: path.relative_to(folder).as_posix()):
        if path.name != "__init__.py":
            yield f"{' ' * indent}{path.relative_to(folder).as_posix():<{36 - indent}}{said_by(path)}"
    for package in sorted(folder.glob("*/__init__.py")):
        yield f"{' ' * indent}{package.parent.name + '/':<{36 - indent}}{said_by(package)}"
        yield from branch(package.parent, indent + 2)


def said_by(path: Path) -> str:
    """The first sentence of a file's docstring or of its first comment."""
    text = path.read_text(encoding="utf-8")
    said = (ast.get_docstring(ast.parse(text)) or "") if path.suffix == ".py" else SAYS[path.suffix](text)
    sentence = " ".join(said.partition("\n\n")[0].split()).partition(". ")[0].rstrip(".")
    return sentence if len(sentence) <= 120 else sentence[:120].rpartition(" ")[0].rstrip(",:;") + " ..."


def first_comment(text: str) -> str:
    """The comment that a YAML file begins with, or that a style sheet does."""
    if text.startswith("/*"):
        return text[2:].partition("*/")[0]
    lines = itertools.takewhile(lambda line: line.startswith("#"), text.splitlines())
    return "\n".join(line.removeprefix("#").strip() for line in lines)


SAYS = {".py": str, ".yaml": first_comment, ".css": first_comment, ".html": first_comment}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--demo", type=Path, metavar="RUN", help="take the README's figures and picture from this run")
    if run := parser.parse_args().demo:
        shutil.copyfile(run / "report.json", DEMO)
    picture()
    README.write_text(readme(), encoding="utf-8")
    LANGUAGE.write_text(language(), encoding="utf-8")
    JUDGES.write_text(judges(), encoding="utf-8")
    ARCHITECTURE.write_text(architecture(), encoding="utf-8")
    (HERE / "recipe.md").write_text(reference_page(Recipe) + "\n", encoding="utf-8")
    (HERE.parent / "recipes" / SCHEMA).write_text(schema_text(), encoding="utf-8")
    (HERE / "errors.md").write_text(errors(), encoding="utf-8")
    (HERE / "commands.md").write_text(commands_page(), encoding="utf-8")
    (HERE / "report.md").write_text(report_page(), encoding="utf-8")
