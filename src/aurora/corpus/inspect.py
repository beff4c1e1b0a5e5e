"""What a corpus kept and lost, as text for a terminal.

One decision: it reads the ledger alone, so a corpus of any size is described at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aurora.errors import UserError
from aurora.files import read_json


def find_corpus(path: Path) -> Path:
    """The corpus artifact at `path`, which may also be its run; `UserError` where there is none."""
    for folder in (path, path / "corpus"):
        if (folder / "ledger.json").is_file():
            return folder
    raise UserError(f"{path} holds no corpus: give runs/NAME or runs/NAME/corpus.")


def describe(folder: Path) -> str:
    """The ledger of a corpus artifact as a table, its losses by rule, and examples."""
    ledger = read_json(folder / "ledger.json")
    documents = ledger["documents"]
    lines = [
        f"{documents['in']:,} documents = {documents['kept']:,} kept + {documents['dropped']:,} dropped "
        f"+ {documents['quarantined']:,} quarantined; {ledger['held_out']['documents']:,} of the kept are held out.",
        "",
        f"{'source':<16}{'language':<10}{'in':>9}{'kept':>9}{'dropped':>9}{'quarantined':>13}{'MB kept':>9}",
    ]
    for source, table in ledger["by_source"].items():
        lines += [_row(source, language, counts) for language, counts in table.items()]
    if ledger["losses"]:
        lines += ["", f"{'rule':<28}{'language':<10}{'source':<16}{'documents':>10}{'MB':>8}"]
    for loss in sorted(ledger["losses"], key=lambda loss: -loss["documents"]):
        rule = f"{loss['step']}/{loss['rule']}"
        megabytes = loss["bytes"] / 1e6
        lines.append(f"{rule:<28}{loss['language']:<10}{loss['source']:<16}{loss['documents']:>10,}{megabytes:>8.2f}")
    if ledger["examples"]:
        lines += ["", "Examples of what was dropped:"]
    for example in ledger["examples"]:
        excerpt = " ".join(example["excerpt"].split())
        lines.append(f"  {example['step']}/{example['rule']} = {example['value']} [{example['language']}] {excerpt}")
    return "\n".join(lines)


def _row(source: str, language: str, counts: dict[str, Any]) -> str:
    numbers = f"{counts['in']:>9,}{counts['kept']:>9,}{counts['dropped']:>9,}{counts['quarantined']:>13,}"
    return f"{source:<16}{language:<10}{numbers}{counts['bytes_kept'] / 1e6:>9.2f}"
