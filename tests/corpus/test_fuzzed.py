"""Whatever a file holds, a build ends, and documents in = kept + dropped + quarantined."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aurora.corpus.curate import build_corpus
from aurora.errors import UserError
from aurora.recipe.corpus import Corpus
from corpus.sample_texts import CODE_TEXT, TEXTS

SOURCES = {
    "lines": {"kind": "jsonl", "paths": ["*.jsonl*"], "language_key": "lang"},
    "tables": {"kind": "parquet", "paths": ["*.parquet"]},
    "texts": {"kind": "text", "paths": ["*.txt*"], "document": "paragraph"},
}
CURATION = {
    "rules": ["gopher-quality", "gopher-repetition", "c4", "fineweb", "basic"],
    "duplicates": "near",
    "personal_data": "placeholders",
    "boilerplate_lines": "drop",
}
GOOD = [json.dumps({"text": text, "lang": lang}, ensure_ascii=False) for lang, text in TEXTS.items()]
HOSTILE = [
    '{"text": "cut',
    "[" * 100_000,
    '{"text": ' + '{"a":' * 5000 + "1" + "}" * 5005,
    json.dumps({"text": "\ud800 lone surrogate " * 20}),
    json.dumps({"text": TEXTS["en"], "lang": "e\udc80"}),
    json.dumps({"text": "\0" * 1000 + TEXTS["en"]}),
    json.dumps({"text": ["no", "text"]}),
    json.dumps({"text": TEXTS["en"], "lang": 5}),
    json.dumps({"text": ""}),
    json.dumps({"text": "e\u0301" * 3000}),
    json.dumps({"text": "\u200b\u200d\ufeff" * 2000}),
    json.dumps({"text": "a" * 300_000}),
    json.dumps({"text": "\n" * 100_000}),
    json.dumps({"text": "५" * 5000 + "@" * 500 + "=" * 500}),
    json.dumps({"text": CODE_TEXT, "lang": "code"}),
    '{"text": 1e999999}',
    '{"text": ' + "9" * 10_000 + "}",
    "null",
    "\x00\x00\x00",
]


def build(folder: Path, kinds: list[str], **keys: Any) -> dict[str, Any]:
    corpus = Corpus.model_validate({"sources": {name: SOURCES[name] for name in kinds}, "curation": CURATION} | keys)
    ledger = build_corpus(corpus, folder, folder / "cache", 1, folder / "out", folder / "work")
    counts = ledger["documents"]
    assert counts["in"] == counts["kept"] + counts["dropped"] + counts["quarantined"]
    written = sum(len(pq.read_table(path)) for path in (folder / "out").glob("*/*.parquet"))
    quarantined = sum(len(path.read_text().splitlines()) for path in (folder / "out" / "quarantined").iterdir())
    assert (written, quarantined) == (counts["kept"] + counts["dropped"], counts["quarantined"])
    return ledger


def test_hostile_lines_cost_nothing_but_themselves(tmp_path: Path) -> None:
    lines = [*HOSTILE, *GOOD]
    random.Random(5).shuffle(lines)
    data = b"\n".join(line.encode() for line in lines) + b"\n\xff\xfe{}\n"
    (tmp_path / "a.jsonl").write_bytes(data)
    counts = build(tmp_path, ["lines"])["documents"]
    assert counts["in"] == len(lines) + 1
    # Cut, too deep (2), surrogates, no text (4), a language that is none, NULs, and no UTF-8.
    assert counts["quarantined"] == 11


def test_damaged_files_of_every_kind(tmp_path: Path) -> None:
    body = "\n".join(GOOD * 20).encode()
    pq.write_table(pa.table({"text": [json.loads(line)["text"] for line in GOOD]}), tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[:-100])
    (tmp_path / "empty.parquet").touch()
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(body)[:-50])
    (tmp_path / "none.jsonl.gz").write_bytes(b"no archive at all\0")
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\n\n" + TEXTS["fi"].encode() + b"\n\n\x00\x00\n")
    (tmp_path / "none.txt.zst").write_bytes(b"no archive at all\0")
    ledger = build(tmp_path, list(SOURCES), curation={"rules": []})
    assert ledger["documents"]["quarantined"] == 6
    assert ledger["by_source"]["lines"]["und"]["quarantined"] == 2


@given(st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_to_a_file(tmp_path: Path, data: st.DataObject) -> None:
    body = bytearray("\n".join([*GOOD, *HOSTILE[3:9]]).encode())
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, len(body) - 1), st.integers(0, 255)), max_size=40)):
        body[place] = byte
    packed = bytearray(gzip.compress(bytes(body)))
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, len(packed) - 1), st.integers(0, 255)), max_size=3)):
        packed[place] = byte
    (tmp_path / "a.jsonl").write_bytes(bytes(body))
    (tmp_path / "b.jsonl.gz").write_bytes(bytes(packed[: data.draw(st.integers(0, len(packed)))]))
    with suppress(UserError):  # where nothing is left of it
        build(tmp_path, ["lines"])


MEASURED = """
import json, resource, sys
from pathlib import Path
sys.path.insert(0, "tests")
from corpus.test_fuzzed import build
ledger = build(Path(sys.argv[1]), ["lines"], execution={"workers": 1}, curation={"rules": []})
print(json.dumps([ledger["documents"], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_memory_is_bounded_whatever_the_files_hold(tmp_path: Path) -> None:
    """A line of 200 MB, a bomb of 4 GB in 4 MB, and the memory of a build without them."""
    tests = Path(__file__).parents[2]

    def measured(folder: Path) -> tuple[dict[str, int], int]:
        command = [sys.executable, "-c", MEASURED, str(folder)]
        done = subprocess.run(command, cwd=tests, capture_output=True, text=True, check=True)
        documents, peak = json.loads(done.stdout.splitlines()[-1])
        return documents, peak * (1 if sys.platform == "darwin" else 1024)

    for name in ("plain", "hostile"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jsonl").write_text("\n".join(GOOD * 50))
    with (tmp_path / "hostile" / "line.jsonl").open("wb") as stream:
        stream.write(b'{"text": "' + b"word " * 40_000_000 + b'"}\n' + GOOD[0].encode())
    with gzip.open(tmp_path / "hostile" / "bomb.jsonl.gz", "wb", compresslevel=9) as stream:
        stream.write(b'{"text": "')
        for _ in range(250):
            stream.write(bytes(16_000_000))
    usual, least = measured(tmp_path / "plain")
    found, most = measured(tmp_path / "hostile")
    assert found["in"] == usual["in"] + 3
    assert found["quarantined"] == 2
    assert most - least < 400_000_000
