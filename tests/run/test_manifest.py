from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.errors import AuroraError, UserError
from aurora.folders import ALTERED, MISSING, faults
from aurora.run.manifest import artifact, files_of, fingerprint, read_manifest, written_folder


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
    assert not faults(tmp_path / "out", manifest.hashes)
    with pytest.raises(AuroraError, match="lists no file"):
        manifest.digest("*.bin")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["manifest.json", "sub"]


def test_a_pattern_matches_whole_paths(tmp_path: Path) -> None:
    """A file of the same name deeper down is another file."""
    with artifact(tmp_path / "out", "step", 1, {}, {}) as partial:
        (partial / "step-1").mkdir()
        for name in ("model.bin", "step-1/model.bin"):
            (partial / name).write_text(name)
    manifest = read_manifest(tmp_path / "out")
    assert manifest is not None
    assert list(manifest.chosen("*model*.bin")) == ["model.bin"]
    assert list(manifest.chosen("*/*.bin")) == ["step-1/model.bin"]


def test_only_listed_files_are_read(tmp_path: Path) -> None:
    make(tmp_path / "out", {})
    (tmp_path / "out/sub/evil.txt").write_text("put here by somebody")
    assert files_of(tmp_path / "out", "sub/*.txt") == [tmp_path / "out/sub/data.txt"]
    assert files_of(tmp_path / "out", "*.txt") == []


def test_of_a_folder_in_the_making_all_is_read(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", ".c.txt.12.partial"):
        (tmp_path / name).touch()
    assert [path.name for path in files_of(tmp_path, "*.txt")] == ["a.txt", "b.txt"]


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
        (partial / "sub").mkdir()
        (partial / "sub/half").write_text("work")
        raise KeyboardInterrupt
    with artifact(out, "step", 1, {"a": 2}, {}) as partial:
        assert not (partial / "sub").exists()


def test_what_killed_attempts_left_half_written_is_swept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with artifact(out, "step", 1, {}, {}) as partial:
        (partial / "sub/.step-1.partial/deep").mkdir(parents=True)
        for name in (".data.txt.12.partial", "sub/.data.txt.7.partial", "sub/.step-1.partial/deep/file", "data.txt"):
            (partial / name).write_text("x")
    assert {path.name for path in out.rglob("*") if path.is_file()} == {"data.txt", "manifest.json"}


def test_an_attempt_killed_just_before_it_was_published_is_taken_up(tmp_path: Path) -> None:
    def killed(manifest: Path) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt), artifact(out, "step", 1, {}, {}, announce=killed) as partial:
        (partial / "work").write_text("done")
    with artifact(out, "step", 1, {}, {}) as partial:
        assert (partial / "work").read_text() == "done"
    manifest = read_manifest(out)
    assert manifest is not None
    assert list(manifest.outputs) == ["work"]


def test_a_link_among_the_outputs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("x")
    with pytest.raises(AuroraError, match="is a link"), artifact(tmp_path / "out", "step", 1, {}, {}) as partial:
        (partial / "data").symlink_to(tmp_path / "elsewhere")


def test_a_cut_missing_or_flipped_file_is_found(tmp_path: Path) -> None:
    make(tmp_path / "out", {}, "content")
    manifest = read_manifest(tmp_path / "out")
    assert manifest is not None
    for content in ("con", "contenT"):
        (tmp_path / "out/sub/data.txt").write_text(content)
        assert faults(tmp_path / "out", manifest.hashes) == {"sub/data.txt": ALTERED}
    (tmp_path / "out/sub/data.txt").unlink()
    assert faults(tmp_path / "out", manifest.hashes) == {"sub/data.txt": MISSING}


@pytest.mark.parametrize("key", ["settings", "inputs", "fingerprint", "step", "version", "outputs", "none"])
def test_an_altered_manifest_is_refused(tmp_path: Path, key: str) -> None:
    make(tmp_path / "out", {"peak": 1})
    path = tmp_path / "out/manifest.json"
    values = json.loads(path.read_text())
    values[key] = {"peak": "2"} if isinstance(values.get(key), dict) else 7
    path.write_text(json.dumps(values))
    with pytest.raises(AuroraError, match=r"manifest\.json"):
        read_manifest(tmp_path / "out")


def test_nobody_elses_folder_is_worked_in(tmp_path: Path) -> None:
    """A folder that merely has the name of a working folder keeps its files, whatever fingerprint is asked for."""
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial/notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"out\.partial holds notes\.txt and was not written by Aurora"):
        make(tmp_path / "out", {})
    assert (tmp_path / "out.partial/notes.txt").read_text() == "mine"
    assert not (tmp_path / "out").exists()


def test_a_failed_folder_leaves_nothing_and_keeps_the_one_before(tmp_path: Path) -> None:
    with written_folder(tmp_path / "out", "export", {}, {}) as partial:
        (partial / "a").write_text("old")
    with pytest.raises(RuntimeError), written_folder(tmp_path / "out", "export", {}, {}) as partial:
        (partial / "a").write_text("new")
        raise RuntimeError
    assert (tmp_path / "out/a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_fingerprint_sees_every_part() -> None:
    marks = {
        fingerprint("a", 1, {}, {}),
        fingerprint("b", 1, {}, {}),
        fingerprint("a", 2, {}, {}),
        fingerprint("a", 1, {"k": 1}, {}),
        fingerprint("a", 1, {}, {"k": "1"}),
    }
    assert len(marks) == 5
