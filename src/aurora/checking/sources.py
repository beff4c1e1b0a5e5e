"""Checks of a recipe's sources: files that exist, rows with text, in the language that the recipe declares.

One decision: the first documents of each source are read, by the corpus's own reader. If they are all documents, what
they show is a mistake, otherwise a note.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aurora.checking.findings import Findings
from aurora.corpus.document import Document, Quarantined
from aurora.corpus.sources.rows import USUAL_TEXT_KEYS
from aurora.errors import UserError
from aurora.languages.labels import CODE, UNDETERMINED, family
from aurora.nearest import nearest
from aurora.recipe.names import EVERY, REDTEAM
from aurora.recipe.sources import (
    ConversationsSource,
    EnvironmentSource,
    HtmlSource,
    HubSource,
    JsonlSource,
    ParquetSource,
    Source,
    TextSource,
    WarcSource,
    WheelsSource,
)

MOST_READ, MOST_LETTERS = 5_000, 10_000_000  # of each source: some tenths of a second
LOOKED_AT = 50  # documents of which the language is identified
FEWEST = 10  # documents that tell something about the rest
ENOUGH = 0.9  # share of them in one language


@dataclass(frozen=True)
class Look:
    """The first documents of a source, and whether there are no more."""

    documents: Sequence[Document]
    whole: bool


def check_sources(findings: Findings, cache: Path, *, mixtures: bool) -> None:
    """Every source, and what the `mixtures` read of each."""
    corpus = findings.loaded.recipe.corpus
    for table, sources in (("sources", corpus.sources), ("other_domain", corpus.other_domain)):
        for name, source in sources.items():
            _licence(findings, f"corpus.{table}.{name}", source.license)
            look = _look(findings, f"corpus.{table}.{name}", name, source, cache)
            if look is not None and corpus.curation.identify_language:
                _language(findings, f"corpus.{table}.{name}", source, look)
            if look is not None and mixtures and table == "sources":
                _stores(findings, name, source, look)
    if mixtures:
        _unread(findings)


def _look(findings: Findings, key: str, name: str, source: Source, cache: Path) -> Look | None:
    """The first documents of a source that lies here, after it was asked whether it can be read."""
    from aurora.corpus.sources import provenance, read_source

    base = findings.loaded.base
    if isinstance(source, HtmlSource | WarcSource) and not findings.needs(key, "resiliparse", "web"):
        return None
    dataset = source.dataset if isinstance(source, HubSource | ConversationsSource) else None
    if dataset is not None:
        if findings.needs(f"{key}.dataset", "datasets", "hub") and not (base / dataset).exists():
            findings.elsewhere.append(dataset)
        return None
    if isinstance(source, WheelsSource | EnvironmentSource) or getattr(source, "wheels", None) is not None:
        with findings.asking(key):
            provenance(name, source, base, cache)
        return None
    before = len(findings.mistakes)
    paths = getattr(source, "paths", [])
    for number, pattern in enumerate(paths):
        if what := _unmatched(name, pattern, base):
            findings.mistake(f"{key}.paths.{number}" if len(paths) > 1 else f"{key}.paths", what)
    if len(findings.mistakes) > before or not isinstance(
        source, JsonlSource | ParquetSource | TextSource | ConversationsSource
    ):
        return None
    if isinstance(source, ConversationsSource) and source.rephrase is not None:
        return None  # to read it is to ask its endpoint, which may cost money: only a run does
    documents: list[Document] = []
    broken: list[Quarantined] = []
    whole = False
    with findings.asking(key):
        whole = _read_first(read_source(name, source, base, cache), documents, broken)
    if broken and not documents:
        where, what, certain = _unusable(key, source, broken[0])
        (findings.mistake if certain or whole else findings.note)(where, what)
        return None
    return Look(documents, whole) if documents else None


def _unmatched(name: str, pattern: str, base: Path) -> str | None:
    """What is wrong with a pattern that matches no file."""
    from aurora.corpus.sources.files import find_files

    try:
        find_files(name, [pattern], base)
    except UserError as error:
        what = str(error).partition(": ")[2].removesuffix(".")  # without the key, which may be of another table
        with suppress(UserError):
            find_files(name, [pattern], Path.cwd())
            meant = Path(os.path.relpath(pattern, base)).as_posix()
            return f"{what}; paths start from the recipe's folder: write {meant}"
        return what
    return None


def _licence(findings: Findings, key: str, licence: str) -> None:
    """A licence as people write it, where the report wants what programs read."""
    if " " in licence and not set(licence.split()) & {"AND", "OR", "WITH"}:
        spdx = "-".join(licence.split())
        findings.note(f"{key}.license", f"{licence!r} is no SPDX expression, which programs read; write {spdx}")


def _read_first(read: Iterator[Document | Quarantined], documents: list[Document], broken: list[Quarantined]) -> bool:
    """Read the first of a source into two lists; whether that was all of it."""
    size = 0
    for item in read:
        if isinstance(item, Quarantined):
            broken.append(item)
        else:
            documents.append(item)
            size += len(item.text)
        if size > MOST_LETTERS or len(documents) + len(broken) >= MOST_READ:
            return next(read, None) is None
    return True


def _unusable(key: str, source: Source, first: Quarantined) -> tuple[str, str, bool]:
    """(key, what, whether it holds for all rows) of a source of whose first rows none becomes a document."""
    missing = f"the key {getattr(source, 'text_key', '')} is missing; there are "
    if missing not in first.error:
        return key, f"none of the first rows is a document ({first.where}: {first.error})", False
    keys = first.error.strip("'\"").rpartition(missing)[2].split(", ")
    usual = next((name for name in USUAL_TEXT_KEYS if name in keys), None)
    close = nearest(getattr(source, "text_key", ""), keys) or usual
    meant = f"did you mean {close}?" if close else f"keys: {', '.join(keys)}"
    return f"{key}.text_key", f"the rows have no {source.text_key!r} ({meant})", True  # type: ignore[union-attr]


def _language(findings: Findings, key: str, source: Source, look: Look) -> None:
    """Whether the documents are in the language that they are declared in; others are dropped when it is identified."""
    from aurora.corpus.cleaning.identify import Cld2, contradicts

    if source.language in (None, CODE):
        return
    identifier = Cld2()
    seen = look.documents[:LOOKED_AT]
    found = Counter(
        filter(None, (contradicts(identifier.identify(_opening(document)), document.lang) for document in seen))
    )
    if len(seen) >= FEWEST and found and found.total() >= ENOUGH * len(seen):
        other = found.most_common(1)[0][0]
        what = (
            f"{found.total()} of the first {len(look.documents)} documents read as {other!r}, not {source.language!r}"
        )
        if found.total() == len(seen):
            findings.mistake(f"{key}.language", f"{what}, and would all be dropped; write {other}, or take it out")
        else:
            findings.note(f"{key}.language", f"{what}, and are dropped")


def _stores(findings: Findings, name: str, source: Source, look: Look) -> None:
    """Whether what the mixtures read of a source is among its first documents."""
    if source.language is not None:
        return  # what its stores are is known, and compared with the mixtures where the recipe is read
    from aurora.corpus.cleaning.identify import Cld2

    identifier = Cld2()
    labelled = all(document.lang != UNDETERMINED for document in look.documents)
    seen = look.documents if labelled else look.documents[:: max(1, len(look.documents) // 200)]
    languages = Counter(
        document.lang if document.lang != UNDETERMINED else identifier.identify(_opening(document)).best
        for document in seen
    )
    known = {family(tag) for tag in languages}
    for stage, mixture in _mixtures(findings):
        for store in mixture:
            read, _, language = store.partition("/")
            if read != name or language == EVERY or family(language) in known or UNDETERMINED in languages:
                continue
            most = languages.most_common(1)[0][0]
            certain = look.whole and len(seen) == len(look.documents)
            what = f"none of the {len(seen):,} documents {'' if certain else 'looked at '}of {name} is {language!r}"
            key = f"{stage}.{store}"
            if certain:
                findings.mistake(key, f"{what} (did you mean {name}/{most}?)")
            else:
                findings.note(key, f"{what}; they are {', '.join(tag for tag, _ in languages.most_common(4))}")


def _opening(document: Document) -> bytes:
    """Enough of a document to tell its language."""
    return document.text[:4000].encode("utf-8", "replace")


def _mixtures(findings: Findings) -> list[tuple[str, dict[str, float]]]:
    """(key, mixture) of every stage, change and control."""
    found: list[tuple[str, dict[str, float]]] = []
    for name, stage in findings.loaded.recipe.stages.items():
        found.append((f"stages.{name}.mixture", stage.mixture))
        found += [(f"stages.{name}.changes.{at}.mixture", change.mixture) for at, change in enumerate(stage.changes)]
        if stage.control:
            found.append((f"stages.{name}.control.mixture", stage.control.mixture))
    return found


def _unread(findings: Findings) -> None:
    """Sources that no mixture reads."""
    read = {store.split("/")[0] for _, mixture in _mixtures(findings) for store in mixture}
    for name in findings.loaded.recipe.corpus.sources:
        if name not in read:
            findings.note(f"corpus.sources.{name}", "no mixture reads this source: name it in one, or take it out")
    if findings.loaded.recipe.redteam is not None and REDTEAM not in read:
        findings.note("redteam", "no mixture reads redteam/pairs or redteam/benign, so nothing is tuned on this policy")
