"""What a stage read of each source, as its report finds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import AuroraError
from aurora.training.records.sources import FILE, read_sources, write_sources

READ = {
    "tokens": 2**40,
    "loss_tokens": 2**39,
    "padding": 0,
    "sequences": 7,
    "sources": {"web/sr-Latn": {"tokens": 1, "share": 0.1 + 0.2}},
}


def test_it_comes_back_as_it_was_counted(tmp_path: Path) -> None:
    write_sources(tmp_path, READ)
    assert read_sources(tmp_path) == READ


def test_equal_counts_are_equal_bytes(tmp_path: Path) -> None:
    write_sources(tmp_path, READ)
    before = (tmp_path / FILE).read_bytes()
    write_sources(tmp_path, read_sources(tmp_path))
    assert (tmp_path / FILE).read_bytes() == before


def test_a_file_that_is_cut_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"tokens": 1')
    with pytest.raises(AuroraError, match=r"sources\.json"):
        read_sources(tmp_path)
