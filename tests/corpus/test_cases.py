"""The small inputs of ../shared/cases/curation.jsonl, each with what is expected, by kind.

A kind is checked by the function that CHECKS names for it; where a case is a document, through `aurora corpus build`.
"""

from __future__ import annotations

import gzip
import json
import lzma
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from aurora.cli import main
from aurora.corpus.artifact import read_columns, read_documents
from aurora.corpus.document import Document
from aurora.corpus.personal.definitions import types
from aurora.corpus.personal.find import find
from conftest import MINIMAL, ROOT
from corpus.added_pattern import added_pattern
from corpus.sample_texts import TEXTS
from corpus.sources.formats.test_compression import long_frame
from corpus.sources.small_warcs import page, record

Case = dict[str, Any]
CASES = ROOT.parent / "shared" / "cases" / "curation.jsonl"


def build(
    folder: Path, source: dict[str, Any], languages: tuple[str, ...] = ("en",), **curation: Any
) -> tuple[int, list[Document], Path]:
    """Exit code of `aurora corpus build` for a recipe of one source with text in these languages, the documents it
    kept, and its corpus."""
    recipe = yaml.safe_load(MINIMAL)
    recipe["stages"]["base"]["mixture"] = {f"web/{language}": 1 for language in languages}
    recipe["corpus"] = {"sources": {"web": source}, "curation": curation}
    (folder / "recipe.yaml").write_text(json.dumps(recipe), encoding="utf-8")
    corpus = folder / "run" / "corpus"
    try:
        main(["corpus", "build", str(folder / "recipe.yaml"), "--output", str(folder / "run")])
    except SystemExit as end:
        return int(end.code or 0), [], corpus
    kept = [document for part in ("clean", "held_out") for document in read_documents(corpus, part)]
    return 0, kept, corpus


def check_html(case: Case, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "page.html").write_text(case["input"], encoding="utf-8")
    source = {"kind": "html", "paths": ["page.html"], "language": case["language"]}
    code, kept, _ = build(folder, source, (case["language"],), rules=[])
    assert (code, [document.text for document in kept]) == (0, [case["expected"]])


def check_label(case: Case, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tag = re.fullmatch(r"canonicalised to (\w+), kept", case["expected"])
    assert tag is not None
    row = {"lang": case["language"], "text": TEXTS[tag[1]]}
    (folder / "rows.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    source = {"kind": "jsonl", "paths": ["rows.jsonl"], "language_key": "lang"}
    code, kept, _ = build(folder, source, (tag[1],))
    assert (code, [(document.lang, document.text) for document in kept]) == (0, [(tag[1], TEXTS[tag[1]])])
    source = {"kind": "jsonl", "paths": ["rows.jsonl"], "language": case["language"]}
    code, kept, _ = build(folder, source, (tag[1],))
    assert (code, [document.lang for document in kept]) == (0, [tag[1]])


def check_language(case: Case, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"lang": case["language"], "text": text} for text in ("Vene on rannassa", "Mies menee kotiin", "Google Chrome")
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    source = {"kind": "jsonl", "paths": ["rows.jsonl"], "language_key": "lang"}
    code, kept, _ = build(folder, source, (case["language"],), rules=[])
    assert (code, [document.text for document in kept]) == (0, [row["text"] for row in rows])


def check_near_duplicate(case: Case, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    japanese = f"ABC 123 のガイドがパンを買う。{TEXTS['ja']}"
    hindi = f"रोज़ विद्यालय में क्षमा और ज्ञान की बात होती है। {TEXTS['hi']}"
    rows = [
        {"lang": "ja", "text": japanese},
        {"lang": "ja", "text": japanese.replace("ABC 123", "ＡＢＣ　１２３").replace("ガイドがパン", "ｶﾞｲﾄﾞがﾊﾟﾝ")},
        {"lang": "hi", "text": hindi},
        {"lang": "hi", "text": hindi.replace("\u094d", "\u094d\u200d")},
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    source = {"kind": "jsonl", "paths": ["rows.jsonl"], "language_key": "lang"}
    code, kept, corpus = build(folder, source, ("hi", "ja"), duplicates="near", near_similarity=0.9)
    assert (code, sorted(document.lang for document in kept)) == (0, ["hi", "ja"])
    assert [row[1] for row in read_columns(corpus, "dropped", ("lang", "rule"))] == ["near", "near"]


def check_normalise(case: Case, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert case["expected"].startswith("unchanged")
    row = {"lang": case["language"], "text": case["input"]}
    (folder / "rows.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    source = {"kind": "jsonl", "paths": ["rows.jsonl"], "language_key": "lang"}
    code, kept, _ = build(folder, source, (case["language"],), rules=[])
    assert (code, [document.text for document in kept]) == (0, [case["input"]])


def check_repeated_passages(case: Case, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    passage = " ".join(f"{TEXTS['en']} ({number})" for number in range(3))
    rows = [{"lang": "en", "text": text} for text in (passage, f"By Staff\n{passage}")]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    source = {"kind": "jsonl", "paths": ["rows.jsonl"], "language_key": "lang"}
    code, kept, _ = build(folder, source, repeated_passages="drop", rules=["basic"])
    assert (code, [document.text for document in kept]) == (0, [passage])


def check_personal_data(case: Case, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if "its pattern added to" in case["input"]:
        text = "token = 'lin_api_" + "aB3dE" * 8 + "'"
        with added_pattern(type="secret", kind="tokens", pattern="lin_api_[A-Za-z0-9]{40}"):
            assert [text[one.start : one.end] for one in find(text, case["language"])] == [text[9:-1]]
        return
    written = {name: one.placeholder.strip("<>") for name, one in types().items()}
    variants = [case["input"]]
    if any(piece.endswith(" IBAN") for piece in case["expected"]):
        variants.append(case["input"].replace(" ", "\u00a0"))
    for text in variants:
        found = [(text[one.start : one.end].replace("\u00a0", " "), one.type) for one in find(text, case["language"])]
        assert [f"{piece} {written[kind]}" for piece, kind in found] == case["expected"]


def check_source(case: Case, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    SOURCES[case["id"]](folder, capsys)


def documents(number: int) -> list[bytes]:
    return [json.dumps({"text": f"{TEXTS['en']} ({row})"}).encode() + b"\n" for row in range(number)]


def kept_texts(folder: Path, data: bytes, name: str, kind: str = "jsonl", **keys: Any) -> int:
    """How many documents a build keeps of a file."""
    inside = Path(tempfile.mkdtemp(dir=folder))
    (inside / name).write_bytes(data)
    code, kept, _ = build(inside, {"kind": kind, "paths": [name], "language": "en", **keys}, rules=[])
    assert code == 0
    return len(kept)


def check_wet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [f"{TEXTS['en']} ({number})".encode() for number in range(3)]
    wet = b"".join(record("conversion", text, "https://a.example/", "text/plain") for text in texts)
    assert kept_texts(folder, gzip.compress(wet), "a.warc.wet.gz", "warc") == 3


def check_wrong_key(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.jsonl").write_bytes(b"".join(documents(6)).replace(b'"text"', b'"content"'))
    code, _, _ = build(folder, {"kind": "jsonl", "paths": ["a.jsonl"]})
    assert code == 2
    assert "the rows have no 'text' (did you mean content?)" in capsys.readouterr().err


def check_compressions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = b"".join(documents(3))
    for codec, name in (("zstd", "documents.jsonl.zstd"), ("gzip", "DOCUMENTS.JSONL.GZ"), ("lz4", "a.jsonl.lz4")):
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, codec) as stream:
            stream.write(data)
        assert kept_texts(folder, sink.getvalue().to_pybytes(), name) == 3
    assert kept_texts(folder, lzma.compress(data), "a.jsonl.xz") == 3
    assert kept_texts(folder, long_frame(data, 31), "a.jsonl.zst") == 3


def check_parquet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for column, key in (
        (pa.array([TEXTS["en"].encode()]), "content"),
        (pa.array([{"text": TEXTS["en"]}]), "content.text"),
    ):
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table({"content": column}), sink)
        assert kept_texts(folder, sink.getvalue().to_pybytes(), "a.parquet", "parquet", text_key=key) == 1


def check_damage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    members = [gzip.compress(line) for line in documents(4)]
    assert kept_texts(folder, b"".join(members)[:-30], "a.jsonl.gz") == 3
    assert kept_texts(folder, b"".join(members) + bytes(512), "a.jsonl.gz") == 4
    pages = [page(f"<main><p>{TEXTS['en']} ({number})") for number in range(5)]
    pages[2] = pages[2].replace(b"Content-Length", b"Content-Strength")
    assert kept_texts(folder, b"".join(pages), "a.warc", "warc") == 4


SOURCES: dict[str, Callable[[Path, pytest.CaptureFixture[str]], None]] = {
    "source-01": check_wet,
    "source-02": check_wrong_key,
    "source-03": check_compressions,
    "source-04": check_parquet,
    "source-05": check_damage,
}
CHECKS: dict[str, Callable[[Case, Path, pytest.CaptureFixture[str]], None]] = {
    "html": check_html,
    "language": check_language,
    "language_label": check_label,
    "near_duplicate": check_near_duplicate,
    "normalise": check_normalise,
    "repeated_passages": check_repeated_passages,
    "personal_data": check_personal_data,
    "source": check_source,
}


def cases() -> list[Any]:
    """The cases of the kinds that are checked; one that says what is missing where the file is."""
    if not CASES.is_file():
        return [pytest.param({}, marks=pytest.mark.skip(f"the shared cases are not at {CASES}"), id="none")]
    rows = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    return [pytest.param(row, id=row["id"]) for row in rows if row["kind"] in CHECKS]


@pytest.mark.shared
@pytest.mark.parametrize("case", cases())
def test_a_case_is_as_expected(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the function of its kind asserts is the assertion."""
    CHECKS[case["kind"]](case, tmp_path, capsys)
