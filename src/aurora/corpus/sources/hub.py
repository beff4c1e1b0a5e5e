"""Hugging Face data sets, streamed.

One decision: only data is read, and only of one revision: the pinned one, or the newest, which is looked up before the
first row and becomes part of every document's place. A data set that needs its own code to load is refused, because
code from the hub is never run here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aurora.corpus.document import Document, Quarantined
from aurora.corpus.sources import files
from aurora.corpus.sources.rows import Row, document_of, names_of, value_at
from aurora.errors import AuroraError, UserError
from aurora.recipe.names import is_hub_name
from aurora.recipe.sources import HubSource


def read_hub(name: str, source: HubSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document for each row of the data set's split; raises as `hub_rows`, and `UserError` for a missing column."""
    rows = hub_rows(name, source.dataset, source.configuration, source.split, source.revision, base)
    for number, row in enumerate(rows):
        if number == 0:
            _check_columns(row.value, name, source)
        yield _document(row, name, source)


def hub_rows(
    name: str, dataset: str, configuration: str | None, split: str, revision: str | None, base: Path
) -> Iterator[Row]:
    """The rows of a data set's split; a local folder in hub layout is read alike.

    Raises `UserError` without the `hub` extra or for a name, configuration or split that does not exist, and
    `AuroraError` if the network fails.
    """
    try:
        from datasets import load_dataset
    except ImportError as error:
        raise UserError(
            f"corpus.sources.{name} reads the hub: run `pip install datasets huggingface-hub` first."
        ) from error
    local = base / dataset
    _check_name(name, dataset, base)
    try:
        if local.is_dir():
            place = dataset
            rows = load_dataset(str(local), configuration, split=split, streaming=True)
        else:
            revision = revision or _newest(dataset)
            place = f"{dataset}@{revision}"
            rows = load_dataset(dataset, configuration, split=split, revision=revision, streaming=True)
        iterator = iter(rows)
        row = next(iterator, None)
    except Exception as error:  # the library raises whatever its back ends raise
        raise _refusal(name, dataset, error) from error
    number = 0
    while row is not None:
        number += 1
        yield Row(f"hub:{place}#{number}", row)
        try:
            row = next(iterator, None)
        except Exception as error:
            raise _refusal(name, dataset, error) from error


def identity(name: str, kind: str, dataset: str, revision: str | None, base: Path) -> dict[str, Any]:
    """What identifies the data set: its pinned revision, or the files of a local folder."""
    _check_name(name, dataset, base)
    facts: dict[str, Any] = {"kind": kind, "dataset": dataset}
    if (base / dataset).is_dir():
        return {**facts, "files": files.identities(name, [f"{dataset}/**/*"], base)}
    return {**facts, "revision": revision or "newest"}


def _check_name(name: str, dataset: str, base: Path) -> None:
    # The library takes a bare name, such as `text`, for one of its own readers of files in the current folder.
    if not (base / dataset).is_dir() and not is_hub_name(dataset):
        raise UserError(
            f"corpus.sources.{name}.dataset: {dataset!r} is neither a folder nor a data set of the hub; write "
            "OWNER/NAME."
        )


def _check_columns(row: dict[str, Any], name: str, source: HubSource) -> None:
    for key in (source.text_key, source.language_key):
        if key is not None:
            try:
                value_at(row, key)
            except KeyError as error:
                raise UserError(
                    f"corpus.sources.{name}: {source.dataset} has no column {key}; choose from {names_of(row)}."
                ) from error


def _newest(dataset: str) -> str:
    """The newest commit on the hub."""
    from huggingface_hub import HfApi

    return str(HfApi().dataset_info(dataset).sha)


def _document(row: Row, name: str, source: HubSource) -> Document | Quarantined:
    try:
        return document_of(row.value, name, source, row.where)
    except (ValueError, TypeError, KeyError) as error:
        reason = str(error.args[0]) if isinstance(error, KeyError) else str(error)
        return Quarantined(name, row.where, reason, str(row.value.get(source.text_key))[: files.EXCERPT])


def _refusal(name: str, dataset: str, error: Exception) -> AuroraError:
    reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
    # An unknown name, configuration, split or revision, or a data set made of code.
    if isinstance(error, (ValueError, RuntimeError)) or type(error).__name__ in (
        "DatasetNotFoundError", "EmptyDatasetError", "RepositoryNotFoundError", "RevisionNotFoundError",
    ):  # fmt: skip
        return UserError(
            f"corpus.sources.{name}: {dataset} cannot be loaded ({reason}); correct its name, configuration, split or "
            "revision."
        )
    return AuroraError(
        f"corpus.sources.{name}: {dataset} cannot be read ({type(error).__name__}: {reason}): check the network, "
        "the name and your access, and run the same command again."
    )
