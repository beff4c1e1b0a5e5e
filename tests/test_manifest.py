from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import AuroraError
from aurora.manifest import artifact, damaged_files, fingerprint, read_manifest


def make(folder: Path, settings: dict[str, object], content: str = "x") -> None:
    with artifact(folder, "step", 1, settings, {"raw": "0" * 64}) as partial:
        (partial / "sub").mkdir(exist_ok=True)
        (partial / "sub/data.txt").write_text(content)


def test_a_finished_step_has_a_manifest_with_hashes(tmp_path: Path) -> None:
    make(tmp_path / "out", {"a": 1})
    manifest = read_manifest(tmp_path / "out")
    assert manifest is not None
    assert manifest.fingerprint == fingerprint("step", 1, {"a": 1}, {"raw": "0" * 64})
    assert list(manifest.outputs) == ["sub/data.txt"]
    assert manifest.digest("sub/*") == manifest.digest()
    assert not damaged_files(tmp_path / "out", manifest)
    with pytest.raises(AuroraError, match="lists no file"):
        manifest.digest("*.bin")


def test_an_interrupted_step_is_not_finished_and_keeps_its_work_for_the_same_settings(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt), artifact(out, "step", 1, {"a": 1}, {}) as partial:
        (partial / "half").write_text("work")
        raise KeyboardInterrupt
    assert read_manifest(out) is None
    with artifact(out, "step", 1, {"a": 1}, {}) as partial:
        assert (partial / "half").read_text() == "work"
    assert read_manifest(out) is not None


def test_other_settings_start_clean(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt), artifact(out, "step", 1, {"a": 1}, {}) as partial:
        (partial / "half").write_text("work")
        raise KeyboardInterrupt
    with artifact(out, "step", 1, {"a": 2}, {}) as partial:
        assert not (partial / "half").exists()


def test_a_cut_or_missing_file_makes_the_step_unfinished(tmp_path: Path) -> None:
    make(tmp_path / "out", {}, "content")
    (tmp_path / "out/sub/data.txt").write_text("con")
    assert read_manifest(tmp_path / "out") is None
    (tmp_path / "out/sub/data.txt").unlink()
    assert read_manifest(tmp_path / "out") is None


def test_a_flipped_byte_is_found(tmp_path: Path) -> None:
    make(tmp_path / "out", {}, "content")
    (tmp_path / "out/sub/data.txt").write_text("contenT")
    manifest = read_manifest(tmp_path / "out")
    assert manifest is not None
    assert damaged_files(tmp_path / "out", manifest) == ["sub/data.txt"]


def test_the_fingerprint_sees_every_part() -> None:
    marks = {
        fingerprint("a", 1, {}, {}),
        fingerprint("b", 1, {}, {}),
        fingerprint("a", 2, {}, {}),
        fingerprint("a", 1, {"k": 1}, {}),
        fingerprint("a", 1, {}, {"k": "1"}),
    }
    assert len(marks) == 5
