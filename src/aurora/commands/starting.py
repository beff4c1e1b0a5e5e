"""`aurora init`: a recipe of one's own."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import click

from aurora.commands.options import FILE, json_option
from aurora.console.terminal import line, write, write_json
from aurora.errors import AuroraError


@click.command("init")
@click.argument("folder", metavar="DIR", type=FILE)
@click.argument("more", metavar="[TEXT]...", nargs=-1)
@click.option("--language", metavar="CODE", help="Language of the text: sv, fin_Latn, pt-BR.")
@click.option("--text", metavar="PATTERN", multiple=True, help="Your text: a file, a folder, or a pattern; repeatable.")
@click.option("--base", metavar="MODEL", help="Model to continue: a folder, a GGUF file, or OWNER/NAME of the hub.")
@click.option(
    "--policy",
    metavar="NAME",
    is_flag=False,
    flag_value="own",
    help="Tune on a policy: a file of yours, or one that comes with Aurora; without NAME, on one to change.",
)
@click.option("--yes", is_flag=True, help="Ask nothing: what is missing is a mistake.")
@json_option
def init(
    folder: Path,
    more: tuple[str, ...],
    language: str | None,
    text: tuple[str, ...],
    base: str | None,
    policy: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Write a recipe for your own text into DIR, with the reason of each choice; it runs as it stands.

    TEXT is more of your text, so that a pattern which the shell has expanded does as well.
    """
    from aurora.languages.labels import required
    from aurora.starting.begin import begin
    from aurora.starting.files import texts_of

    asking = not yes and sys.stdin.isatty()
    text += more
    if not text:
        text = (_asked("--text", "Your text (a file, a folder or a pattern)", asking, lambda one: texts_of([one])),)
    if language is None:
        language = _asked("--language", "Its language (the code: sv, fin_Latn)", asking, required)
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
        write(f"Next: aurora run {shlex.quote(str(begun.recipe))}")


def _asked(option: str, question: str, asking: bool, check: Callable[[str], object]) -> str:
    """The answer of a person, asked again until it passes a check."""
    if not asking:
        raise click.UsageError(f"Missing option '{option}'.")

    def checked(answer: str) -> str:
        try:
            check(answer)
        except (AuroraError, ValueError) as error:
            raise click.UsageError(str(error)) from error
        return answer

    return str(click.prompt(question, err=True, value_proc=checked))
