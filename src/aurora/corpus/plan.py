"""The plan of a corpus: the shards that its sources are cut into, and what each shard reads.

One decision: shards follow from the sources and `shard_megabytes` alone, never from the machine, so any number of
workers on any number of machines write the same files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from aurora.corpus.document import Document, Quarantined
from aurora.corpus.sources import read_source
from aurora.corpus.sources.conversations import read_stretch, rows_stand_alone
from aurora.corpus.sources.files import find_files, is_parquet, read_lines, size_of_text
from aurora.corpus.sources.streams import is_cuttable
from aurora.files import canonical_json, read_json, write_json
from aurora.languages import lookup
from aurora.recipe.corpus import Corpus
from aurora.recipe.sources import ConversationsSource, JsonlSource, Source

FOLDERS = ("base", "cache", "folder", "work")
_BLOCK = 1 << 22  # bytes read at a time to count lines


@dataclass(frozen=True)
class Shard:
    """A part of a source that is curated alone: some of its files (`places`), a stretch of lines of one, or all of it.

    `number` is None for a source's only shard; `size` is in bytes on disk, None if it is not known before reading. A
    stretch begins at byte `start` with line `first_line`, and holds the lines that begin before byte `end`.
    """

    source: str
    number: int | None = None
    places: tuple[str, ...] = ()
    start: int = 0
    end: int | None = None
    first_line: int = 1
    size: int | None = None

    @property
    def name(self) -> str:
        """The stem of every file of the shard."""
        return self.source if self.number is None else f"{self.source}.{self.number:05d}"


@dataclass(frozen=True)
class Plan:
    """Everything a worker needs: the corpus, where it reads and writes, and its shards in canonical order.

    `identities` are by shard a hash of all that its text depends on; while it and the settings are the same, the shard
    is not read again.
    """

    corpus: Corpus
    base: Path
    cache: Path
    folder: Path
    work: Path
    shards: tuple[Shard, ...]
    identities: Mapping[str, str]

    @cached_property
    def by_name(self) -> Mapping[str, Shard]:
        """The shards by their names."""
        return {shard.name: shard for shard in self.shards}

    def read(self, shard: Shard) -> Iterator[Document | Quarantined]:
        """The inputs of a shard, in order."""
        source = self.corpus.sources[shard.source]
        if shard.end is not None:
            stretch = shard.places[0], shard.start, shard.end, shard.first_line
            if isinstance(source, ConversationsSource):
                return read_stretch(shard.source, source, self.base, self.cache, *stretch)
            assert isinstance(source, JsonlSource)
            return read_lines(shard.source, source, self.base, *stretch)
        if shard.places:
            source = source.model_copy(update={"paths": list(shard.places)})
        return read_source(shard.source, source, self.base, self.cache)

    def size_on_disk(self, shard: Shard) -> int | None:
        """Bytes of the files that a shard reads; None if it reads no files."""
        source = self.corpus.sources[shard.source]
        if shard.end is not None:
            return shard.end - shard.start
        paths = list(shard.places) or getattr(source, "paths", None)
        if not paths:
            return None
        return sum(path.stat().st_size for path in find_files(shard.source, paths, self.base).values())

    def save(self) -> Path:
        """Write the plan for the workers; returns the file."""
        path = self.work / "plan.json"
        write_json(
            path,
            {
                "corpus": self.corpus.model_dump(mode="json"),
                **{name: str(getattr(self, name).absolute()) for name in FOLDERS},
                "languages": [str(path.absolute()) for path in lookup.own()],
                "shards": [asdict(shard) for shard in self.shards],
                "identities": dict(self.identities),
            },
        )
        return path


def load_plan(path: Path) -> Plan:
    """The plan in a file, which is read once until it changes, with the languages that it names."""
    return _load_plan(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _load_plan(path: Path, changed: int) -> Plan:
    values = read_json(path)
    lookup.use([Path(place) for place in values["languages"]])
    shards = tuple(Shard(**{**shard, "places": tuple(shard["places"])}) for shard in values["shards"])
    base, cache, folder, work = (Path(values[name]) for name in FOLDERS)
    return Plan(Corpus.model_validate(values["corpus"]), base, cache, folder, work, shards, values["identities"])


def make_plan(
    corpus: Corpus, base: Path, cache: Path, folder: Path, work: Path, origins: Mapping[str, dict[str, Any]]
) -> Plan:
    """The plan of a corpus; `origins` is the provenance of each source."""
    shards = tuple(
        shard
        for name, source in sorted(corpus.sources.items())
        for shard in shards_of(name, source, base, corpus.shard_megabytes * 1e6)
    )
    return Plan(corpus, base, cache, folder, work, shards, {shard.name: _identity(shard, origins) for shard in shards})


def shards_of(name: str, source: Source, base: Path, size: float) -> list[Shard]:
    """The shards of a source, each of about `size` bytes of text."""
    paths = getattr(source, "paths", None)
    if source.limit_megabytes is not None or not paths:
        return [Shard(name)]
    shards: list[Shard] = []
    group: list[str] = []
    weight = 0
    for place, path in find_files(name, paths, base).items():
        weighs = size_of_text(path)
        cut = weighs > size and _has_lines(source, path)
        if group and (cut or weight + weighs > size):
            shards.append(Shard(name, len(shards), tuple(group), size=weight))
            group, weight = [], 0
        if cut:
            for start, end, line in _stretches(path, int(size)):
                shards.append(Shard(name, len(shards), (place,), start, end, line, end - start))
        else:
            group.append(place)
            weight += weighs
    if group:
        shards.append(Shard(name, len(shards), tuple(group), size=weight))
    return shards if len(shards) > 1 else [replace(shards[0], number=None)]


def _has_lines(source: Source, path: Path) -> bool:
    """Whether a file can be cut where any line ends."""
    if isinstance(source, ConversationsSource):
        return not is_parquet(path) and is_cuttable(path) and rows_stand_alone(source, path)
    return isinstance(source, JsonlSource) and is_cuttable(path)


def _stretches(path: Path, size: int) -> Iterator[tuple[int, int, int]]:
    """(first byte, byte after the last, number of the first line) of pieces of a file, cut where lines end."""
    start, line, position, num_lines = 0, 1, 0, 0
    with path.open("rb", buffering=0) as stream:
        while piece := stream.read(_BLOCK):
            goal = start + size - position
            cut = -1 if goal > len(piece) else piece.find(b"\n", max(0, goal - 1))
            if cut >= 0:
                num_lines += piece.count(b"\n", 0, cut + 1)
                end = position + cut + 1
                yield start, end, line
                start, line, num_lines = end, line + num_lines, 0
                stream.seek(end)
                position = end
            else:
                num_lines += piece.count(b"\n")
                position += len(piece)
    if start < position:
        yield start, position, line


def _identity(shard: Shard, origins: Mapping[str, dict[str, Any]]) -> str:
    """A hash of the shard and of the files it reads, or of all that its source depends on."""
    origin = origins[shard.source]
    if shard.places:
        origin = {place: origin["files"][place] for place in shard.places}
    return hashlib.sha256(canonical_json([asdict(shard), origin])).hexdigest()
