from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from aurora import hashes
from aurora.hashes import digest_of, remembered


def settled(path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file that has not changed for long, by a clock that runs ahead; returns its hash."""
    path.write_bytes(content)
    later = path.stat().st_ctime_ns + 10 * hashes.SETTLED_NS
    monkeypatch.setattr(time, "time_ns", lambda: later)
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read to be hashed."""
    read: list[Path] = []
    monkeypatch.setattr(hashes, "_known", {})

    def sha256(path: Path) -> str:
        read.append(path)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    monkeypatch.setattr(hashes, "sha256", sha256)
    return read


def test_a_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: list[Path]) -> None:
    path, memory = tmp_path / "step.partial/a", tmp_path / "memory.json"
    path.parent.mkdir()
    expected = settled(path, b"content", monkeypatch)
    with remembered(memory):
        assert digest_of(path) == digest_of(path) == expected
    hashes._known.clear()  # as in another process
    path.parent.rename(tmp_path / "step")
    with remembered(memory):
        assert digest_of(tmp_path / "step/a") == expected
    assert reads == [path]


def test_a_flipped_bit_with_the_old_date_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: list[Path]
) -> None:
    path = tmp_path / "a"
    expected = settled(path, b"content", monkeypatch)
    assert digest_of(path) == expected
    before = path.stat()
    while path.stat().st_ctime_ns == before.st_ctime_ns:
        path.write_bytes(b"contenT")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert digest_of(path) == hashlib.sha256(b"contenT").hexdigest() != expected


def test_a_file_that_may_still_change_within_a_tick_is_read_again(tmp_path: Path, reads: list[Path]) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"content")
    for content in (b"content", b"contenT", b"cOntent"):
        path.write_bytes(content)
        assert digest_of(path) == hashlib.sha256(content).hexdigest()
    assert len(reads) == 3


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"a": {}}', "\x00"])
def test_a_damaged_memory_says_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "memory.json").write_text(content)
    (tmp_path / "a").write_bytes(b"x")
    with remembered(tmp_path / "memory.json"):
        assert digest_of(tmp_path / "a") == hashlib.sha256(b"x").hexdigest()


def test_what_is_gone_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: list[Path]) -> None:
    memory = tmp_path / "memory.json"
    for number in range(5):
        settled(tmp_path / "a", bytes([number]), monkeypatch)
        with remembered(memory):
            digest_of(tmp_path / "a")
        hashes._known.clear()
    assert len(memory.read_text().splitlines()) <= 4
