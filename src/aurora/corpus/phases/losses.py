"""What of a source could not be read, and whether that is too much to go on.

One decision: it is asked when all is read and nothing is decided, so a wrong key or a cut download stops a build before
it makes a corpus of what is left, and once more when all is decided; what was done is kept for the next build.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aurora.corpus.document import Quarantined
from aurora.errors import UserError
from aurora.recipe.corpus import HtmlSource, Source, WarcSource

LONGEST_REASON = 400  # characters
MOST_RULES = 3
# Steps whose losses stand elsewhere in the corpus.
COPIES = ("duplicates", "cuts")
_PAGES = " that is a web page (an answer with HTML, or a text of a WET archive)"


@dataclass
class Read:
    """What was read of a source: documents and their bytes of text, inputs that became none, the first of them, and
    how many bytes went unread of how many (`size`, None where it has no files)."""

    documents: int = 0
    bytes: int = 0
    quarantined: int = 0
    unread: int = 0
    size: int | None = None
    first: str = ""

    def lose(self, found: Quarantined) -> None:
        """Enter an input that became no document."""
        self.first = self.first or f"{found.where}: {found.error}"[:LONGEST_REASON]
        self.quarantined += 1
        self.unread += found.unread

    def add(self, more: Mapping[str, Any]) -> None:
        """Enter what was read of a shard."""
        self.documents += more["documents"]
        self.bytes += more["bytes"]
        self.quarantined += more["quarantined"]
        self.unread += more["unread"]
        if more["size"] is not None:
            self.size = (self.size or 0) + more["size"]
        self.first = self.first or more["first"]


def check_kept(ledger: Mapping[str, Any]) -> None:
    """Raise UserError for the first source of which a closed ledger keeps nothing, but where some of it
    stands in others."""
    for name, languages in ledger["by_source"].items():
        losses = [loss for loss in ledger["losses"] if loss["source"] == name]
        if any(counts["kept"] for counts in languages.values()) or any(loss["step"] in COPIES for loss in losses):
            continue
        losses.sort(key=lambda loss: -loss["documents"])
        said = ", ".join(
            f"{loss['documents']:,} to {loss['step']} {loss['rule']} ({loss['language']})"
            for loss in losses[:MOST_RULES]
        )
        raise UserError(
            f"corpus.sources.{name}: none of its documents is kept; it loses {said}. Correct the source, its language "
            "or the rules, or leave it out."
        )


def check_sources(sources: Mapping[str, Source], read: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Raise UserError for the first source of which no document, or too little, was read; `read` names the source of
    each shard and what was read of it."""
    found = {name: Read() for name in sources}
    for name, counts in read:
        found[name].add(counts)
    for name, source in sources.items():
        check(f"corpus.sources.{name}", source, found[name])


def check(key: str, source: Source, read: Read) -> None:
    """Raise UserError where no document, or too little, was read of a source."""
    if not read.documents and not read.quarantined:
        kind = _PAGES if isinstance(source, HtmlSource | WarcSource) else ""
        raise UserError(f"{key}: it holds no document: nothing was found in it{kind}; check what it names.")
    if not read.documents:
        raise UserError(
            f"{key}: none of its {read.quarantined:,} inputs became a document. The first, {read.first}; correct the "
            "source or its files."
        )
    inputs = read.documents + read.quarantined
    for lost, all_of_it, unit in ((read.quarantined, inputs, "inputs"), (read.unread, read.size, "bytes")):
        if all_of_it and lost > source.may_lose * all_of_it:
            raise UserError(
                f"{key}: {lost:,} of its {all_of_it:,} {unit} cannot be read, more than its share may_lose "
                f"({source.may_lose:g}). The first, {read.first}; mend the files, or raise {key}.may_lose if the rest "
                "is enough."
            )
