"""How much of a source could not be read or was not kept, and whether that stops the build.

One decision: losses of reading are checked once everything is read and nothing is decided, so a wrong key or a cut
download stops the build before it makes a corpus of the rest; losses to rules once everything is decided. The work of
a stopped build is kept for the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aurora.corpus.document import Quarantined
from aurora.errors import UserError
from aurora.recipe.sources import HtmlSource, Source, WarcSource

LONGEST_REASON = 400  # characters of an error, which may quote a document
MOST_RULES = 3  # rules that a message names, those with most losses first
# Steps that drop only text which the corpus has elsewhere: a source may lose everything to them.
COPIES = ("duplicates", "cuts")
_PAGES = " that is a web page (an answer with HTML, or a text of a WET archive)"


@dataclass
class Read:
    """What was read of a source: documents, their bytes of text, and quarantined inputs with the first error.

    `unread` of its `size` bytes on disk could not be read; `size` is None for a source without files.
    """

    documents: int = 0
    bytes: int = 0
    quarantined: int = 0
    unread: int = 0
    size: int | None = None
    first: str = ""

    def lose(self, item: Quarantined) -> None:
        """Count a quarantined input."""
        self.first = self.first or f"{item.where}: {item.error}"[:LONGEST_REASON]
        self.quarantined += 1
        self.unread += item.unread

    def add(self, more: Mapping[str, Any]) -> None:
        """Add what was read of a shard, the fields of a `Read`."""
        self.documents += more["documents"]
        self.bytes += more["bytes"]
        self.quarantined += more["quarantined"]
        self.unread += more["unread"]
        if more["size"] is not None:
            self.size = (self.size or 0) + more["size"]
        self.first = self.first or more["first"]


def check_kept(ledger: Mapping[str, Any]) -> None:
    """`UserError` for the first source of which a closed ledger keeps nothing, unless other sources have its text."""
    for name, languages in ledger["by_source"].items():
        losses = [loss for loss in ledger["losses"] if loss["source"] == name]
        if any(counts["kept"] for counts in languages.values()) or any(loss["step"] in COPIES for loss in losses):
            continue
        losses.sort(key=lambda loss: -loss["documents"])
        reasons = ", ".join(
            f"{loss['documents']:,} to {loss['step']} {loss['rule']} ({loss['language']})"
            for loss in losses[:MOST_RULES]
        )
        raise UserError(
            f"corpus.sources.{name}: no document was kept; it lost {reasons}. Correct the source, its language or the "
            "rules, or remove the source."
        )


def check_sources(sources: Mapping[str, Source], read: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """`UserError` for the first source of which nothing, or too little, was read; `read` has (source, fields of `Read`)
    for each shard."""
    totals = {name: Read() for name in sources}
    for name, counts in read:
        totals[name].add(counts)
    for name, source in sources.items():
        check(f"corpus.sources.{name}", source, totals[name])


def check(key: str, source: Source, read: Read) -> None:
    """`UserError` if nothing, or too little, was read of the source at `key` of the recipe."""
    if not read.documents and not read.quarantined:
        kind = _PAGES if isinstance(source, HtmlSource | WarcSource) else ""
        raise UserError(f"{key} has no documents: there is nothing in it{kind}; check its paths.")
    if not read.documents:
        raise UserError(
            f"{key}: none of its {read.quarantined:,} inputs could be read as a document. The first error: "
            f"{read.first}. Correct the source or its files."
        )
    inputs = read.documents + read.quarantined
    for lost, all_of_it, unit in ((read.quarantined, inputs, "inputs"), (read.unread, read.size, "bytes")):
        if all_of_it and lost > source.may_lose * all_of_it:
            raise UserError(
                f"{key}: {lost:,} of its {all_of_it:,} {unit} cannot be read, more than may_lose allows "
                f"({source.may_lose:g}). The first error: {read.first}. Repair the files, or raise {key}.may_lose if "
                "the rest is enough."
            )
