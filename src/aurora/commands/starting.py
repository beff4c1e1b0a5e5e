"""`aurora init`: a recipe of one's own."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from aurora.commands.options import FILE, json_option
from aurora.console.terminal import line, write, write_json


@click.command("init")
@click.argument("folder", metavar="DIR", type=FILE)
@click.option("--language", metavar="CODE", help="Language of the text: sv, fin_Latn, pt-BR.")
@click.option("--text", metavar="PATTERN", multiple=True, help="Files of your text, or a quoted pattern; repeatable.")
@click.option("--base", metavar="MODEL", help="Model to continue: a folder, a GGUF file, or OWNER/NAME of the hub.")
@click.option(
    "--policy",
    metavar="NAME",
    is_flag=False,
    flag_value="own",
    help="Tune on a policy that comes with Aurora; without NAME, on one to change.",
)
@click.option("--yes", is_flag=True, help="Ask nothing: what is missing is a mistake.")
@json_option
def init(
    folder: Path,
    language: str | None,
    text: tuple[str, ...],
    base: str | None,
    policy: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Write a recipe for your own text into DIR, with the reason of each choice; it runs as it stands."""
    from aurora.starting.begin import begin

    asking = not yes and sys.stdin.isatty()
    if not text:
        text = (_asked("--text", "Files of your text (a path or a pattern)", asking),)
    if language is None:
        language = _asked("--language", "Their language (its code: sv, fin_Latn)", asking)
    begun = begin(folder, language, text, base, policy)
    if as_json:
        files = [str(path) for path in begun.written]
        write_json(
            {"recipe": str(begun.recipe), "written": files, "chosen": begun.chosen, "notes": begun.checked.notes}
        )
    else:
        write("\n".join(map(line, begun.chosen)))
        write("\n".join(line(f"Note: {note}") for note in begun.checked.notes), end="\n" if begun.checked.notes else "")
        write("\n".join(f"Wrote {line(str(path))}." for path in begun.written))
        write(f"Next: aurora run {begun.recipe}")
    begun.checked.refuse()


def _asked(option: str, question: str, asking: bool) -> str:
    if not asking:
        raise click.UsageError(f"Missing option '{option}'.")
    return str(click.prompt(question, err=True))
