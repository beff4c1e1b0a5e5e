from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aurora.corpus.work import WorkFiles, fingerprint


@pytest.fixture
def files(tmp_path: Path) -> WorkFiles:
    """The work files of a shard whose phase `prepared` is done."""
    files = WorkFiles(tmp_path, "web.00001")
    files.texts.parent.mkdir()
    files.texts.write_bytes(b"texts")
    files.finish("prepared", fingerprint("settings", 1), {"documents": 2}, files.texts, files.lines)
    return files


def test_a_finished_phase_gives_its_result(files: WorkFiles) -> None:
    assert files.result("prepared", fingerprint("settings", 1)) == {"documents": 2}
    assert files.result("prepared", fingerprint("settings", 2)) is None
    assert files.result("written", fingerprint("settings", 1)) is None
    assert WorkFiles(files.work, "web.00002").result("prepared", fingerprint("settings", 1)) is None


def cut(files: WorkFiles, record: Path) -> None:
    record.write_bytes(record.read_bytes()[:-5])


@pytest.mark.parametrize(
    "damage",
    [
        lambda files, record: files.texts.write_bytes(b"texxs"),
        lambda files, record: files.texts.unlink(),
        lambda files, record: record.write_text("[]"),
        lambda files, record: record.write_text('{"fingerprint": 1}'),
        lambda files, record: record.write_bytes(b"\xff"),
        cut,
    ],
)
def test_a_phase_whose_files_or_record_are_damaged_runs_again(
    files: WorkFiles, damage: Callable[[WorkFiles, Path], object]
) -> None:
    damage(files, files.work / "prepared" / "web.00001.done.json")
    assert files.result("prepared", fingerprint("settings", 1)) is None


def test_fingerprints_tell_values_apart_and_ignore_the_order_of_keys() -> None:
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert len({fingerprint(), fingerprint(None), fingerprint("1"), fingerprint(1), fingerprint(1, 1)}) == 5
