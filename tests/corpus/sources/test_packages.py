from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from aurora.corpus.sources import packages
from aurora.errors import AuroraError, UserError
from aurora.recipe.packages import WheelPin
from corpus.sources.small_wheels import write_wheel

PERMISSIVE = {"MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "PSF-2.0"}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the only package index."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(packages, "_PIP", (*packages._PIP, "--no-index", "--find-links", str(folder)))
    return folder


def pin_of(path: Path, sha256: str | None = None) -> WheelPin:
    name, version, *_ = path.name.split("-")
    return WheelPin(name=name, version=version, sha256=sha256 or hashlib.sha256(path.read_bytes()).hexdigest())


def test_fetched_once_checked_and_kept(index: Path, cache: Path) -> None:
    wheel = write_wheel(index, "tiny", "1.0", {"tiny/a.py": "x = 1\n"})
    pin = pin_of(wheel)
    (path,) = packages.fetch([pin], cache)
    assert path.read_bytes() == wheel.read_bytes()
    shutil.rmtree(index)  # from here on there is no index
    assert packages.fetch([pin], cache) == [path]
    path.write_bytes(b"damaged")
    with pytest.raises(AuroraError, match=r"tiny 1\.0 cannot be downloaded"):
        packages.fetch([pin], cache)
    assert list((cache / "wheels").iterdir()) == []


def test_a_damaged_file_in_the_cache_is_fetched_anew(index: Path, cache: Path) -> None:
    wheel = write_wheel(index, "tiny", "1.0", {"tiny/a.py": "x = 1\n"})
    pin = pin_of(wheel)
    folder = cache / "wheels" / f"tiny-1.0-{pin.sha256[:16]}"
    folder.mkdir(parents=True)
    (folder / wheel.name).write_bytes(wheel.read_bytes()[:50])
    (path,) = packages.fetch([pin], cache)
    assert path.read_bytes() == wheel.read_bytes()


def test_another_file_than_the_pinned_one_is_refused(index: Path, cache: Path) -> None:
    wheel = write_wheel(index, "tiny", "1.0", {})
    with pytest.raises(AuroraError, match=r"tiny 1\.0 is not the pinned one: its SHA-256 is [0-9a-f]{64} instead of b"):
        packages.fetch([pin_of(wheel, "b" * 64)], cache)
    assert list((cache / "wheels").iterdir()) == []


def test_source_archives_are_never_fetched(index: Path, cache: Path) -> None:
    (index / "tiny-1.0.tar.gz").write_bytes(b"whatever")
    with pytest.raises(AuroraError, match=r"tiny 1\.0 cannot be downloaded \(No matching distribution"):
        packages.fetch([WheelPin(name="tiny", version="1.0", sha256="a" * 64)], cache)


def test_after_a_failure_nothing_more_is_tried(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    script = "import sys, time; open(sys.argv[1], 'a').write('x'); time.sleep(0.2); sys.exit('ERROR: no network')"
    monkeypatch.setattr(packages, "_PIP", (sys.executable, "-S", "-c", script, str(log)))
    pins = [WheelPin(name=f"tiny{number}", version="1", sha256="a" * 64) for number in range(30)]
    with pytest.raises(AuroraError, match=r"tiny0 1 cannot be downloaded \(no network\)"):
        packages.fetch(pins, cache)
    assert len(log.read_text()) <= 2 * packages.DOWNLOADS_AT_ONCE


def test_without_pip(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="ensurepip"):
        packages.fetch([WheelPin(name="tiny", version="1", sha256="a" * 64)], cache)


def test_what_a_killed_download_left_is_removed(cache: Path) -> None:
    for name, age in (("old", 2 * packages.STALE_SECONDS), ("new", 0)):
        folder = cache / "wheels" / f".fetch-{name}"
        folder.mkdir(parents=True)
        os.utime(folder, (time.time() - age,) * 2)
    packages.fetch([], cache)
    assert [path.name for path in (cache / "wheels").iterdir()] == [".fetch-new"]


def test_the_pinned_sets() -> None:
    sets = packages.pinned_sets()
    assert set(sets) == {"light", "large", "copyleft", "eld"}
    pins = [pin for pins in sets.values() for pin in pins]
    assert len({(pin.name, pin.version) for pin in pins}) == len({pin.sha256 for pin in pins}) == len(pins)
    for name in ("light", "large"):
        assert {pin.license for pin in sets[name]} <= PERMISSIVE
        assert [pin.name for pin in sets[name]] == sorted(pin.name for pin in sets[name])
    assert all("GPL" in pin.license for pin in sets["copyleft"])
    assert [pin.name for pin in sets["eld"]] == ["eld"]
    assert "eld" not in {pin.name for name in ("light", "large", "copyleft") for pin in sets[name]}
