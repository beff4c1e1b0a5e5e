"""What a corpus kept and lost, as text for a terminal.

One decision: only the ledger is read, so a corpus of any size is described at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aurora.console.tables import table
from aurora.console.terminal import line
from aurora.corpus.ledger import FILE as LEDGER
from aurora.errors import UserError
from aurora.files import as_written, read_json
from aurora.nearest import beside
from aurora.run.folder import RunFolder


def find_corpus(path: Path) -> Path:
    """The corpus artifact at `path` or in the run at `path`; `UserError` if there is none."""
    for folder in (path, RunFolder(path).corpus):
        if (folder / LEDGER).is_file():
            return folder
    raise UserError(f"{path} has no corpus{beside(path)}: give runs/NAME or runs/NAME/corpus.")


def describe(folder: Path) -> str:
    """The ledger of a corpus artifact as a table, its losses by rule, and examples."""
    with as_written(folder / LEDGER):
        return "\n".join(_lines(read_json(folder / LEDGER)))


def _lines(ledger: dict[str, Any]) -> list[str]:
    documents = ledger["documents"]
    lines = [
        f"{documents['in']:,} documents = {documents['kept']:,} kept + {documents['dropped']:,} dropped "
        f"+ {documents['quarantined']:,} quarantined; {ledger['held_out']['documents']:,} of the kept are held out.",
        "",
        *table(
            ("source", "language", "in", "kept", "dropped", "quarantined", "MB kept"),
            [
                _counts_row(source, language, counts)
                for source, by_language in ledger["by_source"].items()
                for language, counts in by_language.items()
            ],
            num_labels=2,
        ),
    ]
    if ledger["losses"]:
        losses = sorted(ledger["losses"], key=lambda loss: -loss["documents"])
        header = ("rule", "language", "source", "documents", "MB")
        lines += ["", *table(header, list(map(_loss_row, losses)), num_labels=3)]
    if changes := ledger.get("changes"):
        lines += ["", *(_change_line(name, by_language) for name, by_language in changes.items())]
    if ledger["examples"]:
        lines += ["", "Examples of what was dropped:"]
    for example in ledger["examples"]:
        excerpt = " ".join(example["excerpt"].split())
        loss = f"{example['step']}/{example['rule']} = {example['value']} [{example['language']}]"
        lines.append(line(f"  {loss} {excerpt}"))
    return lines


def _change_line(name: str, by_language: dict[str, int]) -> str:
    return line(f"{name}: " + ", ".join(f"{number:,} {language}" for language, number in by_language.items()))


def _counts_row(source: str, language: str, counts: dict[str, Any]) -> tuple[str, ...]:
    numbers = (f"{counts[key]:,}" for key in ("in", "kept", "dropped", "quarantined"))
    return source, language, *numbers, f"{counts['bytes_kept'] / 1e6:.2f}"


def _loss_row(loss: dict[str, Any]) -> tuple[str, ...]:
    rule = f"{loss['step']}/{loss['rule']}"
    return rule, loss["language"], loss["source"], f"{loss['documents']:,}", f"{loss['bytes'] / 1e6:.2f}"
