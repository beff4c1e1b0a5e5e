"""`aurora evaluate` and `aurora compare`: checkpoints on tasks, and their results item by item."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aurora.commands.options import FILE, Choice, json_option
from aurora.console.terminal import write, write_json
from aurora.errors import AuroraError

if TYPE_CHECKING:
    from aurora.evaluation.self_test.running import SelfTest

# As in `aurora.api.evaluating`, which is imported only when a checkpoint is evaluated.
FORMATS = ("aurora", "lm-eval", "olmo-eval")


class Share(click.ParamType[float]):
    """A share of a score: `2%` or `0.02`."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The share; a usage error for what is none, and for a number that may be meant as percent."""
        text = str(value).strip()
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if 0 <= share < 1:
            return share
        meant = f" (did you mean {text}%?)" if text.replace(".", "", 1).isdigit() and float(text) < 100 else ""
        return self.fail(f"{text!r} is no share of a score from 0% to below 100%{meant}; write 2% or 0.02.", param, ctx)


page_option = click.option(
    "--html", "page", type=FILE, metavar="PAGE", help="Also write an HTML page of verdicts, charts and all items."
)


@click.command()
@click.argument("checkpoints", nargs=-1, required=True, metavar="CHECKPOINT...", type=FILE)
@click.option("--suite", "suites", multiple=True, help="A suite of tasks (aurora ls suites); may be given again.")
@click.option(
    "--task", "tasks", multiple=True, help="A task (aurora ls tasks), or a file of one; may be given again.  [pronouns]"
)
@click.option(
    "--data",
    multiple=True,
    type=FILE,
    metavar="DIR",
    help="Folder with a NAME.jsonl or NAME.jsonl.gz for each task; may be given again.  [the hub]",
)
@click.option("--limit", type=click.IntRange(min=1), help="So many first items of each task.")
@click.option(
    "--budget",
    type=Share(),
    metavar="SHARE",
    help="Ask only until it is decided whether a later checkpoint lost more of its score than this (2%).",
)
@click.option(
    "--shots", type=click.IntRange(min=0), help="Examples before a question; each task's own number without it."
)
@click.option("--form", "forms", multiple=True, help="Ask only in this form (cloze, choice, ...); may be given again.")
@click.option("--chat", is_flag=True, help="Ask in the chat format of each model.")
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Programs drawn for each problem, for pass@k.",
)
@click.option(
    "--cache", type=FILE, metavar="FILE", help="Answers that are not computed again; made if it is not there."
)
@click.option("--judge", default="rules", metavar="JUDGE", help="Of requests: a judge's file.  [rules]")
@click.option("--unsafe-code", is_flag=True, help="Run programs that models write without a jail.")
@click.option("--self-test", is_flag=True, help="Test the scorer on each checkpoint with bugs put in; ask no tasks.")
@click.option("--output", type=FILE, metavar="DIR", help="Write NAME.json of each checkpoint, with every answer.")
@click.option(
    "--format",
    "form",
    type=Choice(FORMATS),
    default=FORMATS[0],
    show_default=True,
    help="Of what --output writes.",
)
@page_option
@json_option
def evaluate(
    checkpoints: tuple[Path, ...],
    suites: tuple[str, ...],
    tasks: tuple[str, ...],
    data: tuple[Path, ...],
    limit: int | None,
    budget: float | None,
    shots: int | None,
    forms: tuple[str, ...],
    chat: bool,
    samples: int,
    cache: Path | None,
    judge: str,
    unsafe_code: bool,
    self_test: bool,
    output: Path | None,
    form: str,
    page: Path | None,
    as_json: bool,
) -> None:
    """Ask checkpoints tasks, each in several wordings, and compare every later one with the first, item by item.

    A CHECKPOINT is a run, whose last stage is meant, the folder of a checkpoint in it, or a folder in the layout of
    Hugging Face.
    """
    from aurora.api import evaluating

    if self_test:
        _show_tests(evaluating.self_test(checkpoints), as_json)
        return
    from aurora.evaluation.tasks.planned import Wanted

    if page:
        evaluating.check_page(page)
    wanted = Wanted(suites, tasks, data, limit, shots, forms, chat, unsafe_code, samples, cache, budget, judge)
    found = evaluating.evaluate(checkpoints, wanted, output, form)
    if os.environ.get("RANK", "0") == "0":  # of torchrun's processes the first one speaks
        _show(found, page, as_json)


@click.command()
@click.argument("results", nargs=-1, required=True, metavar="RESULTS...", type=FILE)
@page_option
@json_option
def compare(results: tuple[Path, ...], page: Path | None, as_json: bool) -> None:
    """Compare results of `aurora evaluate` item by item: what each later file gained or forgot against the first.

    RESULTS are files that `aurora evaluate --output` wrote, or files of lm-eval or olmo-eval with scores of items.
    """
    from aurora.api import evaluating

    if page:
        evaluating.check_page(page)
    _show(evaluating.read_all(results), page, as_json)


def _show_tests(tests: Mapping[str, SelfTest], as_json: bool) -> None:
    if as_json:
        write_json({name: asdict(test) for name, test in tests.items()})
    else:
        write("\n".join(line for name, test in tests.items() for line in [name, *test.lines()]))
    if failed := [name for name, test in tests.items() if not test.passed]:
        raise AuroraError(f"The scorer does not hold on {failed[0]}: its scores are not to be trusted; report this.")


def _show(results: Sequence[dict[str, Any]], page: Path | None, as_json: bool) -> None:
    from aurora.api.evaluating import comparison, write_page
    from aurora.console.progress import say
    from aurora.evaluation.comparing.results import warnings
    from aurora.evaluation.comparing.shown import lines, outcome_lines
    from aurora.evaluation.comparing.translations import attack_lines

    rows = comparison(results)
    if page:
        write_page(results, rows, page)
        say(f"  {page}")
    if as_json:
        write_json({"compared": rows, "results": list(results)})
        return
    write("\n".join(lines(rows)))
    for one in results:
        if outcomes := outcome_lines(one["name"], one):
            write("\n".join(["", *outcomes, *attack_lines(one["name"], one)]))
        for warning in warnings(one):
            say(f"  {one['name']}: {warning}")
