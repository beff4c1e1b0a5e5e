"""Packages that were made to be unpacked: each costs seconds and the memory of one file, and what was wrong is kept."""

from __future__ import annotations

import json
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aurora.corpus.document import Document, Quarantined
from aurora.corpus.sources import packages, read_source
from aurora.corpus.sources.catalogues import language_of, read_catalogue
from aurora.corpus.sources.messages import paragraphs
from aurora.corpus.sources.python_text import prose
from aurora.errors import AuroraError
from aurora.recipe.packages import WheelPin
from aurora.recipe.sources import WheelsSource
from corpus.sources.small_wheels import mo_bytes

Cached = Callable[..., WheelPin]
GOOD = {"tiny/locale/fi/LC_MESSAGES/good.po": 'msgid "Try it again"\nmsgstr "Yritä sitä uudelleen"\n'}


@pytest.fixture(autouse=True)
def _within_seconds() -> Any:
    start = time.perf_counter()
    yield
    assert time.perf_counter() - start < 20


def read(pin: WheelPin, cache: Path, **keys: Any) -> tuple[list[Document], list[Quarantined]]:
    found = list(read_source("programs", WheelsSource(kind="wheels", packages=[pin], **keys), cache, cache))
    return [item for item in found if isinstance(item, Document)], [i for i in found if isinstance(i, Quarantined)]


def packed(cache: Path, pin: WheelPin) -> Path:
    (path,) = (cache / "wheels").glob(f"{pin.name}-*/*.whl")
    return path


def repack(cache: Path, pin: WheelPin, method: int, files: dict[str, bytes]) -> WheelPin:
    """The wheel of a pin with more files, packed by a method; the pin of what came out."""
    path = packed(cache, pin)
    with zipfile.ZipFile(path, "a", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return moved(path, pin)


def moved(path: Path, pin: WheelPin) -> WheelPin:
    digest = packages.sha256(path)
    path.parent.rename(path.parent.with_name(f"{pin.name}-{pin.version}-{digest[:16]}"))
    return pin.model_copy(update={"sha256": digest})


def test_a_catalogue_that_unpacks_to_gigabytes(cached: Cached, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "LARGEST_MEMBER", 1_000_000)
    name = "tiny/locale/fi/LC_MESSAGES/bomb.po"
    pin = repack(cache, cached(GOOD), zipfile.ZIP_DEFLATED, {name: b"#" * 30_000_000})
    assert packed(cache, pin).stat().st_size < 100_000
    tracemalloc.start()
    documents, (broken,) = read(pin, cache)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [document.text for document in documents] == ["Yritä sitä uudelleen"]
    assert broken.where.endswith(name)
    assert "30,000,000 bytes unpacked; at most 1,000,000 are read" in broken.error
    assert peak < 15_000_000


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_methods_that_ask_for_memory(cached: Cached, cache: Path, method: int) -> None:
    pin = repack(cache, cached(GOOD), method, {"tiny/locale/fi/LC_MESSAGES/a.po": b"#" * 1000})
    documents, (broken,) = read(pin, cache)
    assert len(documents) == 1
    assert f"packed by method {method}, which wheels do not use" in broken.error


@pytest.mark.parametrize("field", ["table", "64-bit", "cut"])
def test_a_table_of_files_that_does_not_fit_in_memory(cached: Cached, cache: Path, field: str) -> None:
    pin = cached(GOOD)
    path = packed(cache, pin)
    data = bytearray(path.read_bytes())
    end = data.rfind(b"PK\5\6")
    if field == "table":
        data[end + 12 : end + 16] = struct.pack("<L", 0x7FFFFFFF)
    elif field == "64-bit":
        data[end:end] = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    else:
        del data[end:]
    path.write_bytes(data)
    pin = moved(path, pin)
    with pytest.raises(AuroraError, match=r"tiny 1\.0 cannot be unpacked \("):
        read(pin, cache)


def shared_texts(count: int, length: int) -> bytes:
    """A catalogue whose every message is the same stretch of the file."""
    table = struct.pack("<2I", length, 28) * count
    return struct.pack("<7I", 0x950412DE, 0, count, 28, 28, 0, 0) + table + b"x" * length


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.mo", shared_texts(20_000, 100_000), "its messages are longer than the file itself"),
        ("a.json", b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "nested too deep"),
        ("a.json", b"[" * 100_000, "nested too deep"),
        ("a.json", b'{"a": ' + b"9" * 5000 + b"}", "Exceeds the limit"),
        ("a.po", b'msgid ""\nmsgstr "charset=punycode"\n' + b"a" * 500_000, "its character set punycode is unknown"),
        ("a.po", b'msgid ""\nmsgstr "charset=IDNA"\n' + b"a" * 500_000, "its character set IDNA is unknown"),
        ("a.po", b'msgid ""\nmsgstr "charset=zlib"\n', "its character set zlib is unknown"),
    ],
)
def test_a_catalogue_made_to_cost_time_or_memory(
    cached: Cached, cache: Path, name: str, content: bytes, said: str
) -> None:
    place = f"tiny/translations/fi/{name}" if name.endswith("json") else f"tiny/locale/fi/LC_MESSAGES/{name}"
    documents, (broken,) = read(cached({place: content, **GOOD}), cache, languages=["fi"])
    assert said in broken.error
    assert [document.text for document in documents] == ["Yritä sitä uudelleen"]


def test_a_message_of_very_many_lines() -> None:
    content = b'msgid "a"\nmsgstr ""\n' + b'"some words "\n' * 300_000
    (message,) = read_catalogue("a.po", content)
    assert len(message.translation) == 300_000 * len("some words ")


def test_texts_that_share_their_bytes_are_read() -> None:
    (message,) = read_catalogue("a.mo", mo_bytes({"Save the file": "Tallenna tiedosto"}))
    assert message.translation == "Tallenna tiedosto"


@pytest.mark.parametrize(
    "path", ["x/fi" + "@" * 60 + ".mo", "fi" + "_@" * 400 + "/LC_MESSAGE/x.mo", "i18n/" * 5000 + ".mo"]
)
def test_a_path_made_to_cost_time(path: str) -> None:
    assert language_of(path) is None


def test_markup_made_to_cost_time() -> None:
    assert prose('"""' + ":a:`x<" * 60_000 + '"""', set()) == ""
    assert list(paragraphs("<!--" * 5000)) == []
    assert list(paragraphs("Some words <!-- no text --> are left over")) == ["Some words are left over"]


def test_deep_sources(cached: Cached, cache: Path) -> None:
    deep = {"tiny/a.py": "(" * 50_000, "tiny/b.py": "if x:\n pass\n" + "elif x:\n pass\n" * 20_000}
    documents, broken = read(cached({**deep, "tiny/c.py": json.dumps("x")}), cache, take="docstrings")
    assert not documents
    assert {item.where.rpartition("/")[2] for item in broken} <= {"a.py", "b.py"}
