"""A run's tokens for a terminal: lengths in each language, what every stage reads, and one sequence as text.

One decision: it writes what `aurora.api.tokens` found and reads nothing, so the tables and `--json` say the same.
"""

from __future__ import annotations

from typing import Any

from aurora.console.tables import table
from aurora.console.terminal import line
from aurora.tokens.stage_loader import called

PROVENANCE = ("id", "url", "license")


def describe(facts: dict[str, Any]) -> str:
    """The facts as tables."""
    extension = facts.get("extension", {})
    header = ("language", "bytes per token", *(("before extension",) if extension else ()))
    rows = [
        (lang, f"{value:.2f}", *((f"{extension[lang]['bytes_per_token_before']:.2f}",) if extension else ()))
        for lang, value in facts["bytes_per_token"].items()
    ]
    lines = [f"Tokenizer of {facts['tokenizer']['vocabulary']:,} entries, on held-out text:", ""]
    lines += table(header, rows, num_labels=1)
    stores = [
        (
            name,
            f"{store['documents']:,}",
            f"{store['tokens']:,}",
            f"{store['loss_tokens']:,}",
            f"{store['num_bytes'] / 1e6:.2f}",
        )
        for name, store in facts["stores"].items()
    ]
    lines += ["", *table(("store", "documents", "tokens", "with a loss", "MB of text"), stores, num_labels=1)]
    for name, stage in facts["stages"].items():
        lines += ["", *_describe_stage(name, stage)]
    return "\n".join(lines)


def _describe_stage(name: str, stage: dict[str, Any]) -> list[str]:
    padding = stage["padding"]
    lines = [
        f"Stage {name}: {stage['tokens']:,} tokens in {stage['sequences']:,} sequences; {stage['loss_tokens']:,} have "
        f"a loss, {padding:,} ({padding / stage['tokens']:.1%}) are padding",
        "",
    ]
    header = ("source", "with a loss", "share", "tokens", "share", "padding", "epochs")
    read = [
        (
            source,
            f"{part['loss_tokens']:,}",
            f"{part['share']:.1%}",
            f"{part['tokens']:,}",
            f"{part['token_share']:.1%}",
            f"{part['padding']:,}",
            f"{part['epochs']:.2f}",
        )
        for source, part in stage["sources"].items()
    ]
    lines += table(header, read, num_labels=1)
    return lines + [
        f"{part[key]:,} {called(source)} of {source} are {what}."
        for source, part in stage["sources"].items()
        for key, what in (
            ("cut", "cut: they go on beyond the sequence"),
            ("left_out", "left out: none of their answers stands within the sequence"),
        )
        if part.get(key)
    ]


def describe_sequence(sequence: dict[str, Any]) -> str:
    """A sequence for a terminal: where it is from, then each document."""
    lines = [
        f"Sequence {sequence['sequence']:,} of stage {sequence['stage']} (step {sequence['step']:,}): number "
        f"{sequence['index']:,} of {sequence['source']}, pass {sequence['epoch']}"
    ]
    for document in sequence["documents"]:
        facts = "  ".join(f"{key} {document[key]}" for key in (*PROVENANCE, "category", "side") if document.get(key))
        loss = f"{document['loss_tokens']:,} tokens with a loss"
        lines += ["", line(f"── document {document['number']:,}  {facts}  {loss}"), document["text"]]
    return "\n".join(lines)
