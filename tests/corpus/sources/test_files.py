from __future__ import annotations

import bz2
import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aurora.corpus.document import Document, Quarantined
from aurora.corpus.sources import files as module
from aurora.corpus.sources import provenance, read_source, streams
from aurora.errors import UserError
from aurora.recipe.sources import JsonlSource, ParquetSource, TextSource

LINES = [{"text": f"text {number}", "lang": "fi"} for number in range(3)]


def zstd(data: bytes) -> bytes:
    compressed: bytes = pa.compress(data, codec="zstd", asbytes=True)
    return compressed


def jsonl(*paths: str, **keys: Any) -> JsonlSource:
    return JsonlSource(kind="jsonl", paths=list(paths), **keys)


def read(source: Any, base: Path) -> tuple[list[Document], list[Quarantined]]:
    found = list(read_source("web", source, base, base / "cache"))
    return [item for item in found if isinstance(item, Document)], [i for i in found if isinstance(i, Quarantined)]


@pytest.mark.parametrize("ending", ["", ".gz", ".zst", ".bz2"])
def test_compressed_or_not_is_the_same(tmp_path: Path, ending: str) -> None:
    content = "\n".join(map(json.dumps, LINES)).encode()
    if ending == ".zst":
        with pa.output_stream(str(tmp_path / "a.jsonl.zst"), compression="zstd") as stream:
            stream.write(content)
    else:
        packed = {"": content, ".gz": gzip.compress(content), ".bz2": bz2.compress(content)}[ending]
        (tmp_path / f"a.jsonl{ending}").write_bytes(packed)
    documents, broken = read(jsonl(f"a.jsonl{ending}", language_key="lang", license="CC0-1.0"), tmp_path)
    assert [document.text for document in documents] == ["text 0", "text 1", "text 2"]
    assert {(document.lang, document.license) for document in documents} == {("fi", "CC0-1.0")}
    assert documents[1].url == f"a.jsonl{ending}:2"
    assert not broken


def test_broken_lines_are_quarantined_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(
        b'{"text": "one", "license": "MIT"}\n\n{"text": "cut\n["no object"]\n{"other": 1}\n{"text": 5}\n'
        b'{"text": "\xff"}\n{"text": "last"}'
    )
    documents, broken = read(jsonl("a.jsonl", language="en"), tmp_path)
    assert [(document.text, document.license) for document in documents] == [("one", "MIT"), ("last", "unknown")]
    assert [item.where for item in broken] == [f"a.jsonl:{line}" for line in (3, 4, 5, 6, 7)]
    assert broken[0].excerpt == '{"text": "cut\n'
    assert "key text is missing" in broken[2].error
    assert {item.lang for item in broken} == {"en"}


def test_a_line_too_long_to_keep_is_quarantined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LONGEST_LINE", 30)
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n{"text": "' + "b" * 100 + '"}\n{"text": "c"}\n')
    documents, broken = read(jsonl("a.jsonl"), tmp_path)
    assert [document.text for document in documents] == ["a", "c"]
    assert [item.where for item in broken] == ["a.jsonl:2"]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_marks_of_byte_order_and_ends_of_lines(tmp_path: Path, codec: str, end: str) -> None:
    lines = [json.dumps({"text": f"työ 日本 {number}"}, ensure_ascii=False) for number in range(3)]
    data = "".join(f"{line}{end}{end}" for line in lines).encode(codec)
    for name, packed in (("a.jsonl", data), ("b.jsonl.gz", gzip.compress(data))):
        (tmp_path / name).write_bytes(packed)
        documents, broken = read(jsonl(name), tmp_path)
        assert [document.text for document in documents] == [f"työ 日本 {number}" for number in range(3)]
        assert not broken
        documents, _ = read(TextSource(kind="text", paths=[name], document="line"), tmp_path)
        assert [document.text for document in documents] == lines


def test_what_only_begins_like_utf_16_is_utf_8(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\n\nty\xc3\xb6\n")
    documents, broken = read(TextSource(kind="text", paths=["a.txt"], document="paragraph"), tmp_path)
    assert ([document.text for document in documents], len(broken)) == (["työ"], 1)


def test_an_array_of_objects(tmp_path: Path) -> None:
    for data in (
        json.dumps(LINES),
        json.dumps(LINES, indent=2),
        "\ufeff \n" + ",\n".join(["[" + json.dumps(LINES[0]), *map(json.dumps, LINES[1:])]) + "]",
    ):
        (tmp_path / "a.json").write_text(data, encoding="utf-8")
        documents, broken = read(jsonl("a.json"), tmp_path)
        assert [(document.text, document.url) for document in documents] == [
            (f"text {number}", f"a.json:{number + 1}") for number in range(3)
        ]
        assert not broken
        assert not streams.is_cuttable(tmp_path / "a.json")
    (tmp_path / "a.json").write_text('[1]\n{"text": "a"}\n[]\n')
    documents, broken = read(jsonl("a.json"), tmp_path)
    assert ([document.text for document in documents], len(broken)) == (["a"], 2)


def test_globs_are_sorted_and_pass_over_hidden_files(tmp_path: Path) -> None:
    for name in ("b/2.jsonl", "b/1.jsonl", "a.jsonl", ".hidden.jsonl", ".git/x.jsonl", "c[1].jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps({"text": name}))
    assert list(module.find_files("web", ["**/*.jsonl", "a.jsonl"], tmp_path)) == [
        "a.jsonl", "b/1.jsonl", "b/2.jsonl", "c[1].jsonl",
    ]  # fmt: skip
    assert list(module.find_files("web", ["c[1].jsonl"], tmp_path)) == ["c[1].jsonl"]
    assert list(module.find_files("web", [".hidden.jsonl"], tmp_path)) == [".hidden.jsonl"]
    assert list(module.find_files("web", [str(tmp_path / "a.jsonl")], tmp_path)) == ["a.jsonl"]


def test_a_language_that_is_no_text_is_quarantined(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a", "lang": ["fi"]}\n{"text": "b", "lang": null}\n')
    documents, broken = read(jsonl("a.jsonl", language_key="lang"), tmp_path)
    assert [document.lang for document in documents] == ["und"]
    assert [item.error for item in broken] == ["TypeError: lang is not text"]


def test_what_is_no_pattern(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"corpus\.sources\.web\.paths: 'a/\*\*b' is not a valid pattern of files"):
        read(jsonl("a/**b"), tmp_path)


def test_a_missing_file_names_source_key_and_path(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"corpus\.sources\.web\.paths: no file matches .*nothing\*\.jsonl"):
        read(jsonl("nothing*.jsonl"), tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match=r"web\.paths: .*folder is a folder; name its files, as folder/\*\*/\*\.jsonl"):
        read(jsonl("folder"), tmp_path)


def test_the_home_folder_is_meant_by_its_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.jsonl").write_text('{"text": "Joki"}\n')
    (document,) = read(jsonl("~/*.jsonl"), tmp_path)[0]
    assert document.text == "Joki"


@pytest.mark.parametrize(("ending", "compress"), [("gz", gzip.compress), ("bz2", bz2.compress), ("zst", zstd)])
def test_a_cut_archive_gives_what_was_read_before(
    tmp_path: Path, ending: str, compress: Callable[[bytes], bytes]
) -> None:
    chance = random.Random(1)
    lines = [json.dumps({"text": " ".join(str(chance.random()) for _ in range(20))}) for _ in range(5000)]
    whole = compress("\n".join(lines).encode())
    (tmp_path / f"a.jsonl.{ending}").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "b.jsonl").write_text('{"text": "whole"}\n')
    documents, broken = read(jsonl("*.jsonl*"), tmp_path)
    assert [json.loads(line)["text"] for line in lines[: len(documents) - 1]] == [d.text for d in documents[:-1]]
    assert documents[-1].text == "whole"
    assert len(documents) > (500 if ending != "bz2" else 1)
    assert [item.where for item in broken] == [f"a.jsonl.{ending}"]
    assert "cannot be read to its end" in broken[0].error


def test_an_archive_that_expands_without_end_is_broken_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "WORTH_CHECKING", 1_000_000)
    (tmp_path / "a.jsonl.zst").write_bytes(zstd(b'{"text": "first"}\n' + bytes(50_000_000)))
    documents, broken = read(jsonl("a.jsonl.zst"), tmp_path)
    assert [document.text for document in documents] == ["first"]
    assert "more than 1000 times its size" in broken[0].error


@pytest.mark.parametrize("document", ["line", "paragraph", "file"])
def test_a_text_too_long_for_memory_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: str
) -> None:
    monkeypatch.setattr(streams, "LONGEST_LINE", 1000)
    monkeypatch.setattr(streams, "LARGEST_FILE", 1000)
    (tmp_path / "a.txt").write_text("x" * 5000 + "\n\nlast\n")
    documents, broken = read(TextSource(kind="text", paths=["a.txt"], document=document), tmp_path)
    assert [found.text for found in documents] == ([] if document == "file" else ["last"])
    assert len(broken) == 1
    assert "is longer than" in broken[0].error


def parquet(**keys: Any) -> ParquetSource:
    return ParquetSource(kind="parquet", paths=["a.parquet"], **keys)


def test_parquet(tmp_path: Path) -> None:
    rows = [{"text": "yksi", "lang": "fi", "license": "MIT"}, {"text": None, "lang": "fi", "license": None}]
    pq.write_table(pa.Table.from_pylist([*rows, {"text": "zwei"}]), tmp_path / "a.parquet")
    documents, broken = read(parquet(language_key="lang"), tmp_path)
    assert [(d.text, d.lang, d.license, d.url) for d in documents] == [
        ("yksi", "fi", "MIT", "a.parquet:1"),
        ("zwei", "und", "unknown", "a.parquet:3"),
    ]
    assert [(item.where, item.error) for item in broken] == [("a.parquet:2", "TypeError: text is not text")]


def test_a_parquet_value_that_is_not_utf_8(tmp_path: Path) -> None:
    column = pa.StringArray.from_buffers(3, *pa.array([b"good", b"\xff\xfe", b"fine"]).buffers()[1:])
    pq.write_table(pa.table({"text": column}), tmp_path / "a.parquet")
    documents, broken = read(parquet(), tmp_path)
    assert [document.text for document in documents] == ["good", "fine"]
    assert [item.where for item in broken] == ["a.parquet:2"]


def test_parquet_that_is_none_or_lacks_the_column(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("no parquet")
    assert [item.where for item in read(parquet(), tmp_path)[1]] == ["a.parquet"]
    pq.write_table(pa.table({"body": ["x"]}), tmp_path / "a.parquet")
    with pytest.raises(UserError, match="has no column text; choose from body"):
        read(parquet(), tmp_path)
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(whole[: len(whole) // 2])
    assert "cannot be read to its end" in read(parquet(text_key="body"), tmp_path)[1][0].error


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("file", [("a.txt", "\nyksi\nkaksi\n\n\nkolme\n")]),
        ("paragraph", [("a.txt:2", "yksi\nkaksi"), ("a.txt:6", "kolme")]),
        ("line", [("a.txt:2", "yksi"), ("a.txt:3", "kaksi"), ("a.txt:6", "kolme")]),
    ],
)
def test_text(tmp_path: Path, document: Any, expected: list[tuple[str, str]]) -> None:
    (tmp_path / "a.txt").write_text("\ufeff\nyksi\nkaksi\n\n\nkolme\n", encoding="utf-8")
    documents, broken = read(TextSource(kind="text", paths=["*.txt"], document=document, language="fi"), tmp_path)
    assert [(found.url, found.text) for found in documents] == expected
    assert not broken


def test_text_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("yksi\ntyö\nkolme\n".encode("latin-1"))
    documents, broken = read(TextSource(kind="text", paths=["a.txt"], document="line"), tmp_path)
    assert [document.text for document in documents] == ["yksi", "kolme"]
    assert [(item.where, item.excerpt) for item in broken] == [("a.txt:2", "ty\ufffd")]
    documents, broken = read(TextSource(kind="text", paths=["a.txt"]), tmp_path)
    assert (documents, [item.where for item in broken]) == ([], ["a.txt"])


def test_the_same_files_are_the_same_documents_anywhere(tmp_path: Path) -> None:
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.jsonl").write_text('{"text": "a"}\n')
    source = jsonl("a.jsonl")
    assert read(source, tmp_path / "here") == read(source, tmp_path / "there")
    facts = provenance("web", source, tmp_path / "here", tmp_path)
    assert facts == provenance("web", source, tmp_path / "there", tmp_path)
    (tmp_path / "there/a.jsonl").write_text('{"text": "b"}\n')
    assert facts != provenance("web", source, tmp_path / "there", tmp_path)
