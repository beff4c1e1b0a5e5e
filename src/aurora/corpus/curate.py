"""The curation plan: raw documents to clean ones, step by step.

One decision: a document goes through the steps one at a time and its fate is written down at once, so memory stays
bounded by a batch of rows and the set of text hashes, and nothing can be lost between steps.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aurora.corpus.contamination import SentenceIndex
from aurora.corpus.document import CODE, COLUMNS, UNDETERMINED, Document, Quarantined, text_hash
from aurora.corpus.language import Cld2, Identifier, contradiction
from aurora.corpus.ledger import Ledger
from aurora.corpus.normalise import normalise
from aurora.corpus.quality import judge
from aurora.corpus.shards import REWRITTEN, PartWriter, QuarantineWriter, move_to_held_out
from aurora.corpus.sources import provenance, read_source
from aurora.errors import UserError
from aurora.files import write_json
from aurora.progress import progress, say
from aurora.recipe.corpus import Corpus, Curation, Source

PARTS = ("clean", "held_out", "dropped", "quarantined", "other_domain")
_HASHES = 1 << 128
# From so many documents on, a language is measured on one at least.
MEASURED_FROM = 10


def build_corpus(corpus: Corpus, base: Path, cache: Path, seed: int, folder: Path) -> dict[str, Any]:
    """Curate every source of `corpus` into `folder`; returns the ledger, also written to `ledger.json`.

    Relative paths start from `base`; downloads go to `cache`. Which documents are held out depends on their text alone,
    not on `seed`, so that runs with other seeds are measured on the same text; a language of at least `MEASURED_FROM`
    documents of which the split held out none gives the one of the lowest hash.
    """
    shutil.rmtree(folder / REWRITTEN, ignore_errors=True)
    for part in PARTS:
        shutil.rmtree(folder / part, ignore_errors=True)
        (folder / part).mkdir(parents=True)
    other = _write_other_domain(corpus, base, cache, folder)
    ledger = Ledger()
    plan = _Plan(corpus.curation, other, Cld2(), ledger)
    for name, source in sorted(corpus.sources.items()):
        _curate_source(name, source, base, cache, folder, plan)
    if unmeasured := plan.unmeasured():
        for name in sorted(corpus.sources):
            for document in move_to_held_out(folder, name, unmeasured):
                ledger.hold_out(document)
    closed = ledger.close({name: provenance(name, source, base, cache) for name, source in corpus.sources.items()})
    write_json(folder / "ledger.json", closed)
    _say_result(closed)
    return closed


@dataclass
class _Split:
    """How a language was split: documents kept, whether any is held out, and the lowest hash among them."""

    kept: int = 0
    held_out: bool = False
    lowest: int = _HASHES


class _Plan:
    """The steps, and what they remember from one document to the next."""

    def __init__(self, curation: Curation, other: SentenceIndex, identifier: Identifier, ledger: Ledger) -> None:
        self.curation = curation
        self.ledger = ledger
        self._other = other
        self._identifier = identifier
        self._seen: set[int] = set()
        self._splits: dict[str, _Split] = {}
        self._held_out_below = int(curation.held_out_share * _HASHES)

    def decide(self, document: Document) -> tuple[Document, str, tuple[str, str, Any] | None]:
        """The document as it leaves the steps, the part it belongs to, and (step, rule, value) where it is dropped."""
        for column in COLUMNS:
            getattr(document, column).encode()  # a lone surrogate raises here and is quarantined, not written
        if self.curation.normalise:
            document = replace(document, text=normalise(document.text, document.lang))
        document, loss = self._language(document)
        if loss is None and self.curation.quality and (broken := judge(document.text, document.lang)):
            loss = ("quality", broken.rule, broken.value)
        mark = text_hash(document.text)
        if loss is None and mark in self._seen:
            loss = ("duplicates", "exact", f"{mark:032x}")
        if loss is not None:
            return document, "dropped", loss
        if overlap := self._other.find(document.text):
            raise UserError(
                f"The source {document.source} holds a sentence of the measuring domain, which is never trained on: "
                f"{overlap.sentence[:60]!r} in {document.url or document.id}; take it out of corpus.sources."
            )
        if self.curation.duplicates == "exact":
            self._seen.add(mark)
        return document, "held_out" if self._holds_out(document.lang, mark) else "clean", None

    def unmeasured(self) -> set[int]:
        """The text hashes to hold out beside the split, so that no language goes without."""
        splits = self._splits.values()
        return {split.lowest for split in splits if split.kept >= MEASURED_FROM and not split.held_out}

    def _holds_out(self, language: str, mark: int) -> bool:
        split = self._splits.setdefault(language, _Split())
        held_out = mark < self._held_out_below
        split.kept += 1
        split.held_out |= held_out
        split.lowest = min(split.lowest, mark)
        return held_out

    def _language(self, document: Document) -> tuple[Document, tuple[str, str, Any] | None]:
        if not self.curation.identify_language or document.lang == CODE:
            return document, None
        if document.lang == UNDETERMINED:
            found = self._identifier.identify(document.text)
            return replace(document, lang=found.best), None if found.languages else ("language", "unknown", "")
        other = contradiction(self._identifier, document.text, document.lang)
        return document, ("language", "contradicts", other) if other else None


def _curate_source(name: str, source: Source, base: Path, cache: Path, folder: Path, plan: _Plan) -> None:
    with (
        PartWriter(folder, name) as writer,
        QuarantineWriter(folder, name) as quarantine,
        progress(f"curate {name}", None, "B") as bar,
    ):
        for found in read_source(name, source, base, cache):
            if isinstance(found, Quarantined):
                broken: Quarantined | None = found
            else:
                bar.update(len(found.text.encode("utf-8", "surrogatepass")))
                broken = _curate(found, plan, writer)
            if broken is not None:
                plan.ledger.quarantine(broken)
                quarantine.write(broken)


def _curate(document: Document, plan: _Plan, writer: PartWriter) -> Quarantined | None:
    """Write a document where it belongs and enter it; returned as quarantined where it makes a step raise."""
    try:
        curated, part, loss = plan.decide(document)
    except UserError:
        raise
    except Exception as error:  # whatever a document makes a step raise, the rest goes on
        return _raised(document, error)
    writer.write(part, curated, loss)
    if loss is not None:
        plan.ledger.drop(curated, *loss)
    else:
        plan.ledger.keep(curated, part == "held_out")
    return None


def _raised(document: Document, error: Exception) -> Quarantined:
    return Quarantined(
        document.source,
        document.url or document.id,
        f"{type(error).__name__}: {error}",
        document.text[:160],
        document.lang if document.lang.isascii() else UNDETERMINED,
    )


def _write_other_domain(corpus: Corpus, base: Path, cache: Path, folder: Path) -> SentenceIndex:
    """Write the measuring domain's documents and index their sentences, one a line."""
    sentences: list[str] = []
    for name, source in sorted(corpus.other_domain.items()):
        with PartWriter(folder, name) as writer:
            for document in _documents(name, read_source(name, source, base, cache)):
                text = normalise(document.text, document.lang)
                sentences += text.splitlines()
                writer.write("other_domain", replace(document, text=text), None)
    return SentenceIndex(sentences)


def _documents(name: str, found: Iterator[Document | Quarantined]) -> Iterator[Document]:
    """The documents that can be written; how many could not is said, for the ledger counts training text alone."""
    num_broken = 0
    for item in found:
        try:
            if isinstance(item, Quarantined):
                raise ValueError(item.error)
            for column in COLUMNS:
                getattr(item, column).encode()
        except ValueError:
            num_broken += 1
            continue
        yield item
    if num_broken:
        say(f"  {num_broken:,} inputs of the other domain {name} cannot be read and are left out")


def _say_result(ledger: dict[str, Any]) -> None:
    documents = ledger["documents"]
    say(
        f"  {documents['in']:,} documents in: {documents['kept']:,} kept ({ledger['bytes']['kept'] / 1e6:.1f} MB), "
        f"{documents['dropped']:,} dropped, {documents['quarantined']:,} quarantined"
    )
