"""Sources of which nothing, or too little, is read or kept stop a build, and say why."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aurora.corpus.curate import build_corpus
from aurora.errors import UserError
from aurora.recipe.corpus import Corpus
from corpus.sample_texts import TEXTS
from corpus.sources.small_warcs import record


def lines(number: int, broken: int = 0) -> str:
    rows = [json.dumps({"text": f"{TEXTS['en']} ({row})"}) for row in range(number)]
    return "\n".join([*["{"] * broken, *rows])


def build(folder: Path, source: dict[str, Any], more: dict[str, Any] | None = None, **keys: Any) -> dict[str, Any]:
    corpus = Corpus.model_validate({"sources": {"web": source, **(more or {})}, **keys})
    return build_corpus(corpus, folder, folder / "cache", 1, folder / "out", folder / "work")


def jsonl(**keys: Any) -> dict[str, Any]:
    return {"kind": "jsonl", "paths": ["*.jsonl*"], "language": "en", **keys}


@pytest.mark.parametrize("shards", [64, 0.0002])
def test_a_wrong_key_stops_and_names_those_that_are_there(tmp_path: Path, shards: float) -> None:
    (tmp_path / "a.jsonl").write_text(lines(6))
    said = (
        r"corpus\.sources\.web: none of its 6 inputs could be read as a document\. The first error: a\.jsonl:1: the "
        r"key body is missing; there are text\. Correct"
    )
    with pytest.raises(UserError, match=said):
        build(tmp_path, jsonl(text_key="body", may_lose=1), shard_megabytes=shards)
    assert build(tmp_path, jsonl(), shard_megabytes=shards)["documents"]["kept"] == 6


@pytest.mark.parametrize("data", [b"", b"\n\n", gzip.compress(b"", mtime=0)])
def test_a_source_that_holds_nothing_stops(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.jsonl").write_bytes(data)
    with pytest.raises(UserError, match=r"corpus\.sources\.web has no documents"):
        build(tmp_path, jsonl())
    (tmp_path / "b.jsonl").write_text(lines(1))
    assert build(tmp_path, jsonl())["documents"]["kept"] == 1


def test_an_archive_without_a_page_stops(tmp_path: Path) -> None:
    (tmp_path / "a.wat").write_bytes(record("metadata", b"{}", "https://a.example/", "application/json"))
    with pytest.raises(UserError, match=r"there is nothing in it that is a web page \(an answer with HTML"):
        build(tmp_path, {"kind": "warc", "paths": ["a.wat"]})


def test_a_share_of_unreadable_inputs_stops(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines(4, broken=5))
    with pytest.raises(UserError, match=r"5 of its 9 inputs cannot be read, more than may_lose allows \(0\.5\)"):
        build(tmp_path, jsonl())
    with pytest.raises(UserError, match=r"raise corpus\.sources\.web\.may_lose if the rest is enough"):
        build(tmp_path, jsonl(may_lose=0.55))
    assert build(tmp_path, jsonl(may_lose=0.56))["documents"]["quarantined"] == 5


def test_a_share_of_unread_bytes_stops(tmp_path: Path) -> None:
    for number in range(3):
        pq.write_table(pa.table({"text": [f"{TEXTS['en']} ({number} {row})" for row in range(50)]}),
                       tmp_path / f"{number}.parquet")  # fmt: skip
    source = {"kind": "parquet", "paths": ["*.parquet"], "language": "en"}
    data = (tmp_path / "1.parquet").read_bytes()
    (tmp_path / "1.parquet").write_bytes(data[:-10])
    assert build(tmp_path, source)["documents"]["kept"] == 100
    (tmp_path / "2.parquet").write_bytes(data[:-10])
    with pytest.raises(
        UserError, match=r"of its [0-9,]+ bytes cannot be read.*The first error: 1\.parquet: the file cannot be"
    ):
        build(tmp_path, source)
    assert build(tmp_path, {**source, "may_lose": 0.8})["documents"]["kept"] == 50


def test_a_source_that_rules_leave_nothing_of_stops(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines(3))
    with pytest.raises(UserError, match=r"no document was kept; it lost 3 to language contradicts \(fi\)"):
        build(tmp_path, jsonl(language="fi"))
    assert not (tmp_path / "out" / "ledger.json").exists()


def test_copies_of_another_source_are_kept_there(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines(3))
    ledger = build(tmp_path, jsonl(), {"copy": jsonl()})
    assert ledger["documents"] == {"in": 6, "kept": 3, "dropped": 3, "quarantined": 0}


def test_the_measuring_domain_is_asked_as_well(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines(3))
    (tmp_path / "b.txt").write_text("")
    with pytest.raises(UserError, match=r"corpus\.other_domain\.letters has no documents"):
        build(tmp_path, jsonl(), other_domain={"letters": {"kind": "text", "paths": ["b.txt"]}})
