"""Hugging Face data sets, streamed.

One decision: only data is ever read. A data set that needs code of its own to load is refused, because code from the
hub is never run here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aurora.corpus.document import UNDETERMINED, Document, Quarantined, new_document
from aurora.errors import AuroraError, UserError
from aurora.recipe.corpus import HubSource


def read_hub(name: str, source: HubSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document a row of the data set's split; a folder in hub layout is read like the hub."""
    try:
        from datasets import load_dataset
    except ImportError as error:
        raise UserError(f"corpus.sources.{name} reads the hub: pip install 'aurora-lm[hub]' first.") from error
    local = base / source.dataset
    place = str(local) if local.is_dir() else source.dataset
    try:
        rows = load_dataset(place, source.configuration, split=source.split, revision=source.revision, streaming=True)
        iterator = iter(rows)
        first = next(iterator, None)
    except Exception as error:  # the library raises whatever its back ends raise
        raise _refusal(name, place, error) from error
    if first is not None and source.text_key not in first:
        raise UserError(f"corpus.sources.{name}.text_key: {place} has no {source.text_key}; it has {', '.join(first)}.")
    number = 0
    while first is not None:
        number += 1
        yield _document(first, name, source, f"hub:{source.dataset}#{number}")
        try:
            first = next(iterator, None)
        except Exception as error:
            raise _refusal(name, place, error) from error


def _document(row: dict[str, object], name: str, source: HubSource, where: str) -> Document | Quarantined:
    text = row.get(source.text_key)
    if not isinstance(text, str):
        return Quarantined(name, where, f"{source.text_key} is not text")
    language = source.language or (row.get(source.language_key) if source.language_key else None)
    if language is not None and not isinstance(language, str):
        return Quarantined(name, where, f"{source.language_key} is not text")
    return new_document(text, language or UNDETERMINED, name, source.license, where)


def _refusal(name: str, place: str, error: Exception) -> AuroraError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, ValueError):  # unknown configuration, split or revision, or a data set made of code
        return UserError(f"corpus.sources.{name}: {place} cannot be loaded: {reason}")
    return AuroraError(
        f"corpus.sources.{name}: {place} cannot be read ({type(error).__name__}: {reason}): check the network, "
        "the name and your access, and run the same command again."
    )
