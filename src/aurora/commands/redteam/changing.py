"""`aurora redteam diff`: what hangs on a policy that was edited."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from aurora.commands.options import FILE, json_option
from aurora.console.terminal import write, write_json


@click.command("diff")
@click.argument("old", metavar="OLD", type=FILE)
@click.argument("new", metavar="NEW", type=FILE)
@click.option(
    "--data",
    multiple=True,
    type=FILE,
    metavar="FILE|DIR",
    help="Prompts, datasets, logs of reviews and folders of the review app to look through; may be given again.",
)
@click.option("--run", "runs", multiple=True, type=FILE, metavar="RUN", help="A run to look into; may be given again.")
@json_option
def diff_policies(old: Path, new: Path, data: tuple[Path, ...], runs: tuple[Path, ...], as_json: bool) -> None:
    """List what hangs on the clauses that differ between two versions of a policy.

    Prompts, labels, pairs, held-out items, checkpoints and rows of the report, by the hash of their clause; --json has
    every id. Nothing is written: `aurora redteam review --requeue` asks for the labels anew.
    """
    from aurora.api.policies import compare_policies

    told = compare_policies(old, new, data, runs)
    if as_json:
        write_json(told)
        return
    for line in _lines(told):
        write(line)


def _lines(told: dict[str, Any]) -> Iterator[str]:
    yield f"{told['policy']} {told['versions'][0]} -> {told['versions'][1]}"
    yield from _clauses(told)
    for language, words in told["words"].items():
        counts = ", ".join(f"{len(ids):,} {kind}" for kind, ids in words.items() if ids)
        yield f"  words in {language}: {counts}"
    for rows in told["rows"]:
        unknown = f"; {rows['unknown']:,} of another version" if rows["unknown"] else ""
        yield f"  {rows['file']}: {len(rows['hanging']):,} of {rows['rows']:,}{unknown}"
    for log in told["labels"]:
        yield f"  {log['file']}: {len(log['hanging']):,} of {log['labels']:,} labels, of {len(log['items']):,} items"
    for run in told["runs"]:
        yield f"  {run['run']}: {', '.join(_of_run(run)) or 'nothing'}"


def _clauses(told: dict[str, Any]) -> Iterator[str]:
    for name, clause in told["edited"].items():
        yield f"  {name} reads otherwise ({', '.join(clause['keys'])}): {clause['old']} -> {clause['new']}"
        yield f"    {len(told['hanging'][name]):,} prompts of its words hang on it"
    for name in told["gone"]:
        yield f"  {name} is gone, with {len(told['hanging'][name]):,} prompts of its words"
    for name in told["added"]:
        yield f"  {name} is new"
    if not (told["edited"] or told["gone"] or told["added"]):
        yield "  every clause reads as it did"
    elif told["versions"][0] == told["versions"][1]:
        yield f"  both say version {told['versions'][0]}: give NEW a higher one"


def _of_run(run: dict[str, Any]) -> Iterator[str]:
    yield from (f"{len(ids):,} items of {name}" for name, ids in run["items"].items() if ids)
    yield from (f"the checkpoint {name}" for name in run["checkpoints"])
    yield from (f"{len(ids):,} answers of {name}" for name, ids in run["answers"].items() if ids)
    if run["report"]:
        yield f"in the report {', '.join(run['report'])}"
