from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.run.folder import RunFolder
from aurora.run.lock import locked


def test_a_run_has_one_process_at_a_time(tmp_path: Path) -> None:
    said = (
        rf"Another process is working on .* \(process {os.getpid()}, since \d{{4}}-\d\d-\d\d \d\d:\d\d\): wait for it"
    )
    with locked(tmp_path), pytest.raises(UserError, match=said), locked(tmp_path):
        pass
    with locked(tmp_path):
        assert RunFolder(tmp_path).lock.exists()
    with RunFolder(tmp_path).lock.open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
