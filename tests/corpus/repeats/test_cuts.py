from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aurora.corpus.repeats.cuts import CUTS, Cuts


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cuts")


def saved(folder: Path, rows: list[tuple[int, int, int]]) -> Cuts:
    path = folder / "cuts.parquet"
    columns = zip(*rows, strict=True) if rows else ([], [], [])
    pq.write_table(pa.table([pa.array(column, pa.int64()) for column in columns], CUTS), path)
    return Cuts({"lines": path})


def test_cuts_are_of_the_rows_asked_for(folder: Path) -> None:
    cuts = saved(folder, [(0, 0, 1), (1, 0, 2), (1, 4, 6), (3, 0, 3), (9, 0, 1)])
    texts = pa.array(["out of sight", "abcdef", "ghi", "jkl", "mno"], pa.large_string()).slice(1)
    found, made = cuts.apply(texts, 1)
    assert found.to_pylist() == ["cd", "ghi", "", "mno"]
    assert made["lines"].tolist() == [2, 0, 1, 0]
    assert cuts.rows(1, 4).tolist() == [1, 3]
    assert cuts.apply(texts, 10)[0] is texts
    assert Cuts({}).apply(texts, 0)[0] is texts
    chosen = np.array([True, True, True, False, True] + [False] * 5)
    assert Cuts({"lines": folder / "cuts.parquet"}, chosen).apply(texts, 1)[0].to_pylist() == [
        "cd",
        "ghi",
        "jkl",
        "mno",
    ]
