"""`aurora redteam judge`: what answers are, what a judge is worth, and a judge of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aurora.commands.options import FILE, json_option
from aurora.console.terminal import write, write_json

if TYPE_CHECKING:
    from aurora.redteam.judging.calibration import Calibration

# As in `aurora.api.judging`, which is imported only when something is judged.
RULES = "rules"
KEYS = ("class", "language", "model")


def _keys(context: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    """The names of a list with commas; a usage error for one that is none of `KEYS`."""
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    for name in names:
        if name not in KEYS:
            from aurora.nearest import meant

            raise click.BadParameter(f"{name!r} is none of {', '.join(KEYS)} ({meant(name, KEYS)}).")
    return names


@click.command("judge")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=FILE)
@click.option("--calibrate", is_flag=True, help="Compare the judge with the labels of people in FILE.")
@click.option("--train", is_flag=True, help="Learn a judge from the labels of people in FILE; --output names it.")
@click.option("--judge", "name", default=RULES, metavar="JUDGE", help="The judge: a file of one.  [rules]")
@click.option(
    "--by", default=",".join(KEYS), callback=_keys, metavar="KEYS", help="Agreement by class, language, model.  [all]"
)
@click.option("--name", "data", metavar="NAME", help="What the answers are called; their file's name without it.")
@click.option("--language", metavar="CODE", help="Language of the rows that name none.")
@click.option("--output", type=FILE, metavar="FILE", help="Write the judged answers, the calibration or the judge.")
@json_option
def judge(
    files: tuple[Path, ...],
    calibrate: bool,
    train: bool,
    name: str,
    by: tuple[str, ...],
    data: str | None,
    language: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Say what answers are; compare a judge with people; or learn a judge from them.

    FILE has JSON lines with prompt, answer and language, and for --calibrate and --train a label: refusal, partial or
    compliance (the forms of XSTest and Do-Not-Answer are read too). A row's model is its `model`, or its file's name.
    """
    from aurora.api import judging

    if calibrate and train:
        raise click.UsageError("--calibrate measures a judge and --train learns one: give one of them.")
    if train:
        if output is None:
            raise click.UsageError("--train needs --output: the file of the judge, such as mine.safetensors.")
        if name != RULES:
            raise click.UsageError("--train learns a judge from labels alone: leave out --judge.")
        worth = judging.train_judge(files, output, data=data, language=language).calibration
        assert worth is not None
        _show(worth, by, as_json)
        return
    if calibrate:
        _show(judging.calibrate(files, name, by=by, data=data, language=language, output=output), by, as_json)
        return
    if len(files) > 1:
        raise click.UsageError("Give one FILE to judge; several are for --calibrate and --train.")
    _judge(files[0], name, language, output, as_json)


def _judge(path: Path, name: str, language: str | None, output: Path | None, as_json: bool) -> None:
    from aurora.api.judging import judge_file
    from aurora.redteam.judging.named import worth_of
    from aurora.redteam.judging.shown import counts, outcome_lines

    rows, known = judge_file(path, name, language=language, output=output)
    if as_json:
        write_json({"judge": worth_of(known).table(), "counts": counts(rows)})
    else:
        write("\n".join(outcome_lines(rows, known)))


def _show(worth: Calibration, by: Sequence[str], as_json: bool) -> None:
    from aurora.redteam.judging.shown import lines

    if as_json:
        write_json(worth.table())
        return
    write("\n".join(lines(worth, by)))
