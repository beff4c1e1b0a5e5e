from __future__ import annotations

import errno
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from tensorboardX.proto.event_pb2 import Event

from aurora.errors import AuroraError
from aurora.training.records.metrics import MetricsLog, keep_until, read_metrics


def events_of(folder: Path) -> list[Any]:
    """The events of all files in the order in which they were begun."""
    found = []
    for path in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns):
        content = path.read_bytes()
        while content:
            (length,) = struct.unpack("<Q", content[:8])
            found.append(Event.FromString(content[12 : 12 + length]))
            content = content[16 + length :]
    return found


def record(step: int, loss: float) -> dict[str, float]:
    return {"step": step, "loss": loss}


def test_a_stage_that_goes_on_drops_the_lines_and_events_after_its_checkpoint(tmp_path: Path) -> None:
    with MetricsLog(tmp_path, tmp_path / "events", 0) as log:
        for step in (1, 2, 3):
            log.write(record(step, step * 1.5))
    with MetricsLog(tmp_path, tmp_path / "events", 2) as log:
        log.write({**record(3, 9.0), "held_out/fi": 4.25})
    assert read_metrics(tmp_path / "metrics.jsonl") == [
        record(1, 1.5), record(2, 3.0), {**record(3, 9.0), "held_out/fi": 4.25},
    ]  # fmt: skip
    events = events_of(tmp_path / "events")
    # TensorBoard voids what came before with the same or a later step when it meets a start event.
    starts = [event.step for event in events if event.HasField("session_log")]
    assert starts == [1, 3]
    last = {value.tag: value.simple_value for value in events[-1].summary.value}
    assert (events[-1].step, last) == (3, {"loss": 9.0, "held_out/fi": 4.25})


def test_a_stage_from_its_beginning_voids_older_events_and_removes_none(tmp_path: Path) -> None:
    for loss in (1.0, 2.0):
        with MetricsLog(tmp_path, tmp_path / "events", 0) as log:
            log.write(record(1, loss))
    assert read_metrics(tmp_path / "metrics.jsonl") == [record(1, 2.0)]
    starts = [event.step for event in events_of(tmp_path / "events") if event.HasField("session_log")]
    assert starts == [1, 1]


def test_a_line_cut_by_a_crash_goes_too(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n{"st')
    keep_until(path, 10)
    assert path.read_text() == '{"step": 1}\n{"step": 2}\n'
    path.write_bytes(b'{"step": 1}\n\xff\x00garbage\n{"step": 3}')
    keep_until(path, 10)
    assert path.read_text() == '{"step": 1}\n'


def test_flushed_lines_are_on_disk(tmp_path: Path) -> None:
    with MetricsLog(tmp_path, tmp_path / "events", 0) as log:
        log.write(record(1, 0.1))
        log.flush()
        assert json.loads((tmp_path / "metrics.jsonl").read_text()) == record(1, 0.1)


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with MetricsLog(tmp_path, tmp_path / "events", 0) as log:
        log.write(record(1, 0.1))
        with monkeypatch.context() as patch, pytest.raises(AuroraError, match="The disk is full while writing"):
            patch.setattr("os.fsync", full)
            log.flush()
