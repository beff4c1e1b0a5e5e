"""The end of the page: everything needed to reproduce the run, and a glossary.

One decision: versions, seed, hashes and the whole effective recipe are on the page itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aurora.reporting.page.components import Cell, Row, cut, facts, folded, section, table
from aurora.reporting.page.markup import Html, join, tag
from aurora.reporting.schema import Report
from aurora.reporting.wording import count

GLOSSARY = (
    ("bits per byte", "cross-entropy in bits over the UTF-8 bytes of a text; comparable across tokenizers"),
    ("token bigram", "a model that predicts each token from the one before it alone; trained on the same text"),
    ("stage", "one training phase: base (the starting model), cap, cat, safety"),
    ("CAP, CAT", "Continual Auxiliary Pretraining and Continual Alignment Tuning, the two stages of AURORA‑M"),
    ("mixture", "the sources of a stage and their token weights"),
    ("replay", "text of the languages that came first, mixed in so that they are not forgotten"),
    ("control", "a stage trained a second time with another mixture, to show what would have happened"),
    ("held-out", "kept apart before training by a hash of the document, and never trained on"),
    ("refusal, over-refusal", "declining what the policy forbids; declining a harmless look-alike"),
    ("interval", "95 % Wilson interval: the range of rates that fit the number of prompts asked"),
)


def reproduction_section(report: Report) -> Html:
    """Environment, hashes and recipe."""
    environment = report.environment.model_dump(exclude_none=True)
    pairs = [(name, _value(value)) for name, value in environment.items() if value not in ({}, "")]
    if report.network:
        pairs += [(name, count(value)) for name, value in report.network.model_dump(exclude_none=True).items()]
    named = [(name.replace("_", " "), tag("span", value, class_="value")) for name, value in pairs]
    hashes: list[Row] = [[name, Cell(digest, "hash")] for name, digest in sorted(report.hashes.items())]
    return section(
        "reproduce",
        "Reproduction",
        facts(named) if named else None,
        *[tag("p", sentence, class_="note") for sentence in _edits(report)],
        folded(
            "SHA-256 of every artifact",
            table("SHA-256 of every artifact", ["artifact", "SHA-256"], hashes, words=(0, 1)),
        )
        if hashes
        else None,
        folded("The effective recipe", tag("pre", tag("code", cut(report.recipe_text)), tabindex=0, translate="no"))
        if report.recipe_text
        else None,
    )


def _edits(report: Report) -> list[str]:
    """The edits during a stage, for which the recipe alone does not reproduce the run."""
    return [
        f"Stage {stage.name} was resumed after step {edit.step:,} with changed values: "
        + ", ".join(f"{key} ({old} before, {new} after)" for key, (old, new) in edit.changed.items())
        + ". The recipe has the new ones."
        for stage in report.stages
        for edit in stage.edits
    ]


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in sorted(value.items()))
    return str(value)


def glossary_section() -> Html:
    """The words of the page."""
    return section("words", "Words", join(facts([(word, meaning) for word, meaning in GLOSSARY])))
