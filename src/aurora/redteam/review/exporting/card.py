"""The card of a dataset: what it is of, how it was made and how far reviewers agreed, filled from the dataset alone.

One decision: every figure of the card is one of `summary.json` or `agreement.json`, and nobody fills in any; where one
is not defined, the card says why.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from aurora.redteam.review.exporting.dataset import Dataset
from aurora.redteam.review.exporting.formats import PREFERENCES, hub_file, tables
from aurora.redteam.reviewed import HELD_OUT, TRAIN

# Licences by the hub's names for them; of any other it wants `other`.
_HUB_LICENSES = {
    name.lower(): name.lower()
    for name in ("Apache-2.0", "MIT", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "ODC-BY", "BSD-3-Clause")
}
MOST_NAMES = 40  # of a language, category, licence or source that the card lists
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def card(dataset: Dataset, hub: bool) -> str:
    """The text of README.md; with the configurations of its files where it is laid out for the hub."""
    return "\n".join([*_front_matter(dataset, hub), "", *_body(dataset)]) + "\n"


def _front_matter(dataset: Dataset, hub: bool) -> Iterator[str]:
    licenses = sorted({row.license for row in dataset.rows})
    name = _HUB_LICENSES.get(licenses[0].lower(), "other") if len(licenses) == 1 else "other"
    yield "---"
    yield f"license: {name}"
    if name == "other":
        yield f"license_name: {json.dumps(', '.join(licenses), ensure_ascii=False)}"
    yield "language:"
    yield from (f"- {language}" for language in sorted({row.language for row in dataset.rows}))
    yield f"pretty_name: {json.dumps(dataset.facts['project'], ensure_ascii=False)}"
    yield "task_categories:\n- text-generation"
    yield "tags:\n- red-teaming\n- safety\n- human-reviewed"
    yield f"size_categories:\n- {next((text for most, text in _SIZES if len(dataset.rows) < most), 'n>1M')}"
    if hub:
        yield "configs:"
        there = {part for part, rows in tables(dataset).items() if rows}
        for config, parts in (("default", (TRAIN, HELD_OUT)), (PREFERENCES, (PREFERENCES,))):
            if there & set(parts):
                yield f"- config_name: {config}\n  data_files:"
                for part in parts:
                    if part in there:
                        split = TRAIN if part == PREFERENCES else part
                        yield f"  - split: {split}\n    path: {hub_file(part)}"
    yield "---"


def _body(dataset: Dataset) -> Iterator[str]:
    facts, items = dataset.facts, dataset.facts["items"]
    yield f"# {_plain(facts['project'])}"
    yield ""
    yield (
        "Prompts that a safety policy is about, each with an answer that people reviewed: requests that it forbids are "
        "answered by a refusal that explains, and look-alikes that it allows by help. Some prompts are harmful to read."
    )
    yield ""
    yield "## How it was made"
    yield ""
    settings = facts["settings"]
    yield (
        f"{items['imported']:,} items were imported; {items['accepted']:,} were accepted, {items['rejected']:,} "
        f"rejected, and {items['undecided']:,} are not decided. Every item has at least {settings['reviews']} reviews, "
        f"and up to {settings['most']} where its label was less certain than {settings['threshold']}; where reviewers "
        "disagreed, an adjudicator decided."
    )
    yield ""
    yield "| policy | version | |\n|---|---|---|"
    yield from (f"| {one['id']} | {one['version']} | {_plain(one['title'])} |" for one in facts["policies"])
    yield ""
    yield (
        f"It was exported from a signed log of {facts['log']['events']:,} events, of which it is a pure function: "
        f"`aurora redteam verify LOG --export FOLDER` makes it again and compares it. The log's last link is "
        f"`{facts['log']['last']}`, its public key `{facts['log']['key']}`, the dataset's SHA-256 `{dataset.digest}`."
    )
    yield ""
    yield from _tables(dataset)
    yield from _agreement(dataset.agreement)
    yield "## What it is not"
    yield ""
    yield (
        "It is written to be trained on, and its held-out part shares no wording with the rest: do not report a model "
        "on prompts that it was trained on. It is as good as its policy, its reviewers and their agreement; reviewers "
        "are pseudonyms, and nothing else is known of them here. Every row names its own licence and source."
    )


def _tables(dataset: Dataset) -> Iterator[str]:
    summary = dataset.summary()
    yield "## What is in it"
    yield ""
    yield "| | train | held out |\n|---|---|---|"
    for title, key in (
        ("language", "by_language"),
        ("category", "by_category"),
        ("kind", "by_kind"),
        ("licence", "by_license"),
        ("source", "by_source"),
    ):
        names = sorted({*summary[TRAIN][key], *summary[HELD_OUT][key]})
        for name in names[:MOST_NAMES]:
            counts = [summary[part][key].get(name, 0) for part in (TRAIN, HELD_OUT)]
            yield f"| {title} {_plain(name)} | {counts[0]:,} | {counts[1]:,} |"
        if len(names) > MOST_NAMES:
            yield f"| {len(names) - MOST_NAMES:,} more of {title}, in summary.json | | |"
    yield f"| all | {len(dataset.train):,} | {len(dataset.held_out):,} |"
    yield ""
    yield f"Beside them there are {len(dataset.preferences):,} preference pairs of training rows."
    yield ""


def _agreement(agreement: dict[str, Any]) -> Iterator[str]:
    yield "## How far reviewers agreed"
    yield ""
    yield "| on | Krippendorff's alpha | items |\n|---|---|---|"
    for name, figures in agreement.items():
        yield f"| {name} | {_figure(figures['alpha'])} | {figures['alpha']['items']:,} |"
    yield ""


def _figure(figure: dict[str, Any]) -> str:
    return f"not defined: {figure['why']}" if figure["value"] is None else f"{figure['value']:.3f}"


def _plain(text: str) -> str:
    """A text that cannot break out of a cell or a heading."""
    return "".join(f"\\{letter}" if letter in "\\|`*_[]<>#" else letter for letter in " ".join(text.split()))
