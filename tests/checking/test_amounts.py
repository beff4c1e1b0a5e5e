"""Text that is read too often, and a disk that is too small."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aurora.checking import amounts
from checking.conftest import SOURCE, checked, write_rows
from small_run import WORDS


def test_what_no_mixture_reads_and_what_is_read_often_are_notes(recipe: Path) -> None:
    write_rows(recipe.parent / "more.jsonl", [{"text": WORDS["en"]}])
    notes = checked(
        recipe,
        (SOURCE, f"{SOURCE}\n    more: {{kind: jsonl, paths: [more.jsonl], language: en}}"),
        ("tokens: 256", "tokens: 256_000"),
    ).notes
    assert notes[0] == "5: corpus.sources.more: no mixture reads this source: name it in one, or take it out."
    assert re.fullmatch(
        r"16: stages.base.mixture: web has about \d+(\.\d+)? kB of text, which 256,000 tokens read some \d+ times; .*",
        notes[1],
    )


def test_a_disk_that_is_too_small(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(amounts.shutil, "disk_usage", lambda path: usage)
    (only,) = checked(recipe).mistakes
    assert "execution.keep_checkpoints: 4 checkpoints of 9," in only


def test_text_in_parquet_is_larger_than_its_file(recipe: Path) -> None:
    """As a build counts it for shards, and `aurora init` for its choices."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = recipe.parent / "web.parquet"
    pq.write_table(pa.table({"text": [f"{WORDS['en']} {number}" for number in range(50)], "lang": ["en"] * 50}), path)
    notes = checked(recipe, ("jsonl", "parquet"), ("tokens: 256", "tokens: 256_000")).notes
    assert f"web has about {4 * path.stat().st_size / 1e3:.3g} kB of text" in notes[-1]
