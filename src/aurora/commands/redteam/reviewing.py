"""`aurora redteam review|export|verify|lint`: reviewing items, what it comes to, and what is odd in a log or a set."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aurora.commands.options import FILE, Choice, json_option
from aurora.console.terminal import write, write_json
from aurora.errors import AuroraError

if TYPE_CHECKING:
    from aurora.redteam.review.linting import Finding
    from aurora.redteam.review.log.file import Verified

# As in `aurora.redteam.review.exporting.formats`, which is imported only when something is exported.
FORMATS = ("jsonl", "parquet", "hub", "argilla", "potato", "csv")
MOST_SHOWN, MOST_OF_A_RULE = 20, 5  # faults, and findings; --json prints them all


@click.command("export")
@click.argument("log", type=FILE)
@click.option(
    "--output", type=FILE, required=True, metavar="DIR", help="Folder to write; a new one, or an earlier export."
)
@click.option(
    "--format",
    "form",
    type=Choice(FORMATS),
    default=FORMATS[0],
    show_default=True,
    help="What the rows are written as.",
)
@click.option(
    "--held-out-share",
    "share",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.2,
    show_default=True,
    help="About how much of each language and kind is held out, in whole families of prompts.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="What is held out follows from it."
)
@json_option
def export_reviews(log: Path, output: Path, form: str, share: float, seed: int, as_json: bool) -> None:
    """Write the dataset of a review: its accepted items, preference pairs, agreement and a card.

    LOG is the log of a review (JSON lines). The same log gives the same bytes.
    """
    from aurora.redteam.review.exporting.folder import Export, export
    from aurora.redteam.review.log.file import read_state

    dataset = export(read_state(log), output, Export(form, share, seed))
    if as_json:
        write_json(dataset.summary())
        return
    pairs = f"{len(dataset.preferences):,} preference pair{'' if len(dataset.preferences) == 1 else 's'}"
    write(f"{len(dataset.train):,} rows to train on, {len(dataset.held_out):,} held out, {pairs}: {output}")
    if left := dataset.facts["items"]["without_answer"]:
        write(f"{left:,} accepted items have no answer and are left out.")


@click.command("verify")
@click.argument("log", type=FILE)
@click.option("--key", default="", metavar="HEX", help="The public key that the log must be signed with.")
@click.option("--export", "exported", type=FILE, metavar="DIR", help="Make this export again, and compare every byte.")
@json_option
def verify_reviews(log: Path, key: str, exported: Path | None, as_json: bool) -> None:
    """Replay the log of a review: name every event that was edited, dropped, put in or moved, and what it comes to.

    Without --key, the log is held against the key that it names itself.
    """
    from aurora.redteam.review.log.file import verify

    read = verify(log, key.lower())
    told: dict[str, Any] = {"faults": [asdict(fault) for fault in read.faults], "differences": []}
    if read.state is not None:
        told |= _comes_to(read)
        if exported is not None:
            told["differences"] = _differences(log, read, exported)
    if as_json:
        write_json(told)
    else:
        _show(log, told)
    if read.faults:
        raise AuroraError(
            f"{log} is not as it was written ({_times(len(read.faults), 'fault')}): restore it from a copy."
        )
    if told["differences"]:
        raise AuroraError(f"{exported} is not what {log} comes to: export it again, or restore the log.")


def _comes_to(read: Verified) -> dict[str, Any]:
    """What a whole log comes to, as JSON."""
    from collections import Counter

    from aurora.errors import UserError
    from aurora.redteam.review.agreement import agreement_table
    from aurora.redteam.review.exporting.dataset import dataset_of

    state = read.state
    assert state is not None
    assert state.head is not None
    told: dict[str, Any] = {
        "project": state.head.project,
        "key": state.head.key,
        "events": state.count,
        "last": state.last,
        "items": dict(sorted(Counter(item.status for item in state.items.values()).items())),
        "agreement": agreement_table(state),
    }
    try:
        dataset = dataset_of(state)
    except UserError:  # nothing is accepted yet
        return told
    return told | {"dataset_sha256": dataset.digest}


def _differences(log: Path, read: Verified, exported: Path) -> list[str]:
    """What in an export is not what the log came to when it was exported."""
    from aurora.redteam.review.exporting.folder import differences, events_of
    from aurora.redteam.review.log.file import verify

    assert read.state is not None
    wanted = events_of(exported)
    then = verify(log, first=wanted).state if wanted < read.state.count else read.state
    assert then is not None
    return differences(then, exported)


def _show(log: Path, told: dict[str, Any]) -> None:
    for fault in told["faults"][:MOST_SHOWN]:
        write(f"{log}, line {fault['line']}: {fault['sentence']}")
    if len(told["faults"]) > MOST_SHOWN:
        write(f"... and {len(told['faults']) - MOST_SHOWN:,} more (--json lists them)")
    for sentence in told["differences"]:
        write(sentence)
    if "events" in told:
        items = ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in told["items"].items())
        write(f"{told['project']}: {told['events']:,} events, whole and signed by {told['key']}")
        write(f"items: {items or 'none'}")
        alpha = told["agreement"]["labels"]["alpha"]
        value = f"not defined ({alpha['why']})" if alpha["value"] is None else f"{alpha['value']:.3f}"
        write(f"Krippendorff's alpha of labels: {value}, on {_times(alpha['items'], 'item')}")
        if "dataset_sha256" in told:
            write(f"dataset: {told['dataset_sha256']} (SHA-256, with the usual split)")


@click.command("lint")
@click.argument("path", type=FILE)
@click.option("--policy", metavar="POLICY", help="Policy whose categories items must have: a file, or a name.")
@json_option
def lint_items(path: Path, policy: str | None, as_json: bool) -> None:
    """Tell what is odd in a log, an exported folder or a file of items: empty texts, languages, duplicates, labels.

    It ends with 1 where anything is.
    """
    from aurora.redteam.review.linting import lint

    count, found = lint(path, _categories(policy) if policy else None)
    if as_json:
        write_json({"items": count, "findings": [asdict(finding) for finding in found]})
    else:
        by_rule: dict[str, list[Finding]] = {}
        for finding in found:
            by_rule.setdefault(finding.rule, []).append(finding)
        for rule, broken in by_rule.items():
            for finding in broken[:MOST_OF_A_RULE]:
                write(f"{finding.place}: {rule}: {finding.sentence}")
            if len(broken) > MOST_OF_A_RULE:
                write(f"... and {len(broken) - MOST_OF_A_RULE:,} more of {rule} (--json lists them)")
        write(f"{_times(count, 'item')}, {_times(len(found), 'finding')}")
    if found:
        raise AuroraError(f"{path} has {_times(len(found), 'finding')}: correct the items, or leave them out.")


def _categories(policy: str) -> list[str]:
    from aurora.redteam.policy import load_policy
    from aurora.shipped import places

    return [category.id for category in load_policy(places.find("policies", policy, Path()), []).file.leaves()]


def _times(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


@click.command("review")
@click.option(
    "--data", type=FILE, required=True, metavar="DIR", help="The project's folder: its log, accounts and key."
)
@click.option("--policy", "policies", multiple=True, metavar="POLICY", help="A policy, by name or file; once or more.")
@click.option(
    "--import", "imports", type=FILE, multiple=True, metavar="PATH", help="Import items, from a file or folder."
)
@click.option("--title", default="", help="The project's title, when it is begun; the folder's name if left out.")
@click.option(
    "--reviews", type=click.IntRange(1, 9), default=2, show_default=True, help="Reviews of each item, at least."
)
@click.option(
    "--most", type=click.IntRange(1, 9), default=3, show_default=True, help="And at most, where it is unsure."
)
@click.option("--add-user", "users", multiple=True, metavar="LOGIN:ROLE", help="Add a reviewer, adjudicator or admin.")
@click.option("--requeue", is_flag=True, help="Ask anew for labels whose clause of a policy has changed.")
@click.option("--save-log", type=FILE, metavar="FILE", help="Write the log as a file, and serve nothing.")
@click.option("--database", envvar="AURORA_REVIEW_DATABASE", metavar="URL", help="PostgreSQL instead of a file in DIR.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen: this machine alone.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8100, show_default=True, help="0 takes any that is free."
)
@click.option("--name", "names", multiple=True, metavar="HOST", help="A name by which others reach it; once or more.")
@click.option("--https", is_flag=True, help="Browsers reach it by HTTPS, through a proxy.")
def review_items(
    data: Path,
    policies: tuple[str, ...],
    imports: tuple[Path, ...],
    title: str,
    reviews: int,
    most: int,
    users: tuple[str, ...],
    requeue: bool,
    save_log: Path | None,
    database: str | None,
    host: str,
    port: int,
    names: tuple[str, ...],
    https: bool,
) -> None:
    """Label items in the browser, with several people (extra `review`).

    Everything that people decide goes to a signed log in DIR that is only ever added to; the dataset is made from it
    (`aurora redteam export`).
    """
    from aurora.api.reviewing import review

    review(
        data,
        policies=policies,
        imports=imports,
        title=title,
        reviews=reviews,
        most=most,
        users=users,
        requeue=requeue,
        save_log=save_log,
        database=database,
        host=host,
        port=port,
        names=names,
        https=https,
    )
