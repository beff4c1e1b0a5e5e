"""A cache that holds tiny wheels, as if they had been fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from aurora.recipe.packages import WheelPin
from corpus.sources.small_wheels import Content, write_wheel


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def cached(cache: Path) -> Callable[..., WheelPin]:
    """Puts a tiny wheel into the cache, as if it had been fetched; returns its pin."""

    def put(files: Mapping[str, Content], name: str = "tiny", version: str = "1.0") -> WheelPin:
        path = write_wheel(cache, name, version, files)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        folder = cache / "wheels" / f"{name}-{version}-{digest[:16]}"
        folder.mkdir(parents=True)
        path.rename(folder / path.name)
        return WheelPin(name=name, version=version, sha256=digest, license="MIT")

    return put
