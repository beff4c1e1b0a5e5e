"""Sources: where raw documents come from, one module a kind.

One decision: a source yields documents and quarantined inputs in one stream, in an order that depends on its settings
alone, so whoever reads it can account for everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aurora.corpus.document import Document, Quarantined
from aurora.recipe.corpus import (
    EnvironmentSource,
    HubSource,
    JsonlSource,
    ParquetSource,
    Source,
    TextSource,
    WheelsSource,
)


def read_source(name: str, source: Source, base: Path, cache: Path) -> Iterator[Document | Quarantined]:
    """Documents of one source of the recipe, and what could not become one.

    Relative paths start from `base`; downloads are kept below `cache`. `limit_megabytes` ends a language's text early.
    Raises `UserError` for missing files, packages or extras, `AuroraError` where the network or a download fails.
    """
    found = _read(name, source, base, cache)
    return found if source.limit_megabytes is None else _limited(found, source.limit_megabytes * 1e6, source.language)


def provenance(name: str, source: Source, base: Path, cache: Path) -> dict[str, Any]:
    """What a source's text depends on, without fetching anything: versions, hashes, licences."""
    from aurora.corpus.sources import environment, files, wheels

    match source:
        case JsonlSource() | ParquetSource() | TextSource():
            return {"kind": source.kind, "files": files.identities(name, source.paths, base)}
        case HubSource():
            identity = {"kind": "hub", "dataset": source.dataset, "revision": source.revision or "newest"}
            local = base / source.dataset
            return (
                {**identity, "files": files.identities(name, [f"{source.dataset}/**/*"], base)}
                if local.is_dir()
                else identity
            )
        case WheelsSource():
            return {"kind": "wheels", "packages": [pin.model_dump() for pin in wheels.pins_of(source)]}
        case EnvironmentSource():
            return {"kind": "environment", "packages": environment.identities(source.distributions)}


def _read(name: str, source: Source, base: Path, cache: Path) -> Iterator[Document | Quarantined]:
    from aurora.corpus.sources import environment, files, hub, wheels

    match source:
        case JsonlSource():
            return files.read_jsonl(name, source, base)
        case ParquetSource():
            return files.read_parquet(name, source, base)
        case TextSource():
            return files.read_text(name, source, base)
        case HubSource():
            return hub.read_hub(name, source, base)
        case WheelsSource():
            return wheels.read_wheels(name, source, cache)
        case EnvironmentSource():
            return environment.read_environment(name, source)


def _limited(
    found: Iterator[Document | Quarantined], limit: float, only: str | None
) -> Iterator[Document | Quarantined]:
    """Documents until each language has `limit` bytes; where there is one language alone, reading ends there."""
    sizes: dict[str, int] = {}
    for item in found:
        if isinstance(item, Quarantined):
            yield item
            continue
        if sizes.get(item.lang, 0) < limit:
            sizes[item.lang] = sizes.get(item.lang, 0) + len(item.text.encode("utf-8", "surrogatepass"))
            yield item
        elif only is not None:
            return
