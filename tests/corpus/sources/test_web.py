"""Web pages in files and archives, read and built into a corpus."""

from __future__ import annotations

import gzip
import itertools
import json
import zlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aurora.corpus.artifact import read_documents
from aurora.corpus.curate import build_corpus
from aurora.corpus.document import Document, Quarantined
from aurora.corpus.plan import shards_of
from aurora.corpus.sources import page as page_module
from aurora.corpus.sources import provenance, read_source, web
from aurora.errors import UserError
from aurora.recipe.corpus import Corpus
from aurora.recipe.sources import HtmlSource, WarcSource
from corpus.sample_texts import TEXTS
from corpus.sources.small_warcs import answer, packed, page, record

PAGES = [page(f"<p>page {number} " + "x" * 100 * number, f"https://a.example/{number}") for number in range(4)]
PAGE_2 = "page 2 " + "x" * 200
INFO = record("warcinfo", b"software: tests\r\n", content_type="application/warc-fields")


def warc(*paths: str, **keys: Any) -> WarcSource:
    return WarcSource(kind="warc", paths=list(paths), **keys)


def html(*paths: str, **keys: Any) -> HtmlSource:
    return HtmlSource(kind="html", paths=list(paths), **keys)


def read(source: Any, base: Path) -> tuple[list[Document], list[Quarantined]]:
    found = list(read_source("web", source, base, base / "cache"))
    return [item for item in found if isinstance(item, Document)], [i for i in found if isinstance(i, Quarantined)]


def read_bytes(folder: Path, data: bytes, name: str = "a.warc") -> tuple[list[str], list[str]]:
    """The texts of an archive's documents, and where something was quarantined."""
    (folder / name).write_bytes(data)
    documents, broken = read(warc(name), folder)
    return [document.text for document in documents], [item.where for item in broken]


@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_an_archive_is_its_pages(tmp_path: Path, ending: str) -> None:
    records = [INFO, *PAGES]
    whole = b"".join(records)
    if ending == ".zst":
        with pa.output_stream(str(tmp_path / "a.warc.zst"), compression="zstd") as stream:
            stream.write(whole)
    else:
        (tmp_path / f"a.warc{ending}").write_bytes(packed(records) if ending else whole)
    documents, broken = read(warc("a.warc*", license="CC0-1.0"), tmp_path)
    assert not broken
    assert [document.text[:6] for document in documents] == [f"page {number}" for number in range(4)]
    assert [document.url for document in documents] == [f"a.warc{ending}:{number}" for number in range(2, 6)]
    assert {(document.lang, document.license, document.source) for document in documents} == {("und", "CC0-1.0", "web")}


def test_what_is_said_of_a_page_is_kept(tmp_path: Path) -> None:
    text = "<title>T</title><link rel=license href=/l><p>x"
    data = page(text, "<https://a.example/p>", "Content-Language: fi").replace(
        b"WARC-Date", b"WARC-Truncated: length\r\nWARC-Date"
    )
    (tmp_path / "a.warc").write_bytes(data)
    (document,), _ = read(warc("a.warc", language="fi"), tmp_path)
    assert document.lang == "fi"
    assert json.loads(document.meta) == {
        "url": "https://a.example/p",
        "date": "2024-05-01T10:00:00Z",
        "title": "T",
        "language": "fi",
        "license_link": "https://a.example/l",
        "truncated": "length",
    }


def test_what_is_no_page_is_passed_over(tmp_path: Path) -> None:
    html_page = b"<p>no document"
    others = [
        INFO,
        record("request", b"GET / HTTP/1.1\r\n\r\n"),
        record("metadata", b"a: b", content_type="application/warc-fields"),
        record("revisit", answer(b"")),
        record("conversion", b"text", content_type="text/plain"),
        record("response", answer(html_page, status="404 Not Found")),
        record("response", answer(html_page, status="301 Moved")),
        record("response", answer(b"%PDF", content_type="application/pdf")),
        record("response", b"\x80\x90", content_type="text/dns"),
        record("response", b"no answer"),
        record("response", b""),
        record("resource", b"\x89PNG", content_type="image/png"),
    ]
    assert read_bytes(tmp_path, b"".join([*others, *PAGES[:1]])) == (["page 0"], [])


def test_texts_of_wet_archives(tmp_path: Path) -> None:
    wet = [
        INFO,
        *(
            record("conversion", text.encode(), f"https://{lang}.example/", "text/plain")
            for lang, text in TEXTS.items()
        ),
        record("conversion", b"no \xff text", "https://a.example/", "text/plain"),
        record("conversion", b"x" * (web.LARGEST_PAGE + 1), "https://a.example/", "text/plain"),
        record("conversion", b"{}", "https://a.example/", "application/json"),
    ]
    named = b"WARC-Identified-Content-Language: eng\r\nWARC-Type: conversion"
    wet[1] = wet[1].replace(b"WARC-Type: conversion", named)
    (tmp_path / "a.wet.gz").write_bytes(packed(wet))
    documents, broken = read(warc("a.wet.gz"), tmp_path)
    assert [document.text for document in documents] == list(TEXTS.values())
    assert json.loads(documents[0].meta) == {
        "url": "https://en.example/", "date": "2024-05-01T10:00:00Z", "language": "eng",
    }  # fmt: skip
    assert [item.where for item in broken] == ["a.wet.gz:7", "a.wet.gz:8"]


def test_a_damaged_member_of_an_archive_costs_its_record(tmp_path: Path) -> None:
    members = [packed([found]) for found in [INFO, *PAGES]]
    for bad in (members[2][:-20], members[2][:30] + b"\0" * 9 + members[2][39:], b"", b"\0" * 512):
        texts, broken = read_bytes(tmp_path, b"".join([*members[:2], bad, *members[3:]]), "a.warc.gz")
        assert [text[:6] for text in texts] == ["page 0", "page 2", "page 3"]
        assert broken == ["a.warc.gz"] * bool(bad.strip(b"\0"))


def test_answers_are_decoded(tmp_path: Path) -> None:
    body = b"<p>packed"
    chunks = b"4\r\n<p>p\r\n5\r\nacked\r\n0\r\n\r\n"
    data = [
        page(gzip.compress(body), "", "Content-Encoding: gzip"),
        page(zlib.compress(body), "", "Content-Encoding: deflate"),
        page(chunks, "", "Transfer-Encoding: chunked"),
        page(body, "", "Content-Encoding: gzip"),  # stored decoded
        page(body, "", "Transfer-Encoding: chunked"),
        page(body, "", content_type="application/XHTML+xml"),
        record("resource", body, content_type="text/html"),
        record("response", answer(body).replace(b"\r\n", b"\n")),
    ]
    assert read_bytes(tmp_path, b"".join(data)) == (["packed"] * len(data), [])
    wrong = [page(b"\x1f\x8b\x08broken", "", "Content-Encoding: gzip"), page(b"zz", "", "Content-Encoding: br")]
    wrong.append(record("response", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000 + b"\r\n"))
    assert read_bytes(tmp_path, b"".join([*wrong, *PAGES[:1]])) == (["page 0"], ["a.warc:1", "a.warc:2", "a.warc:3"])


def test_encodings_by_the_answer_and_by_the_page(tmp_path: Path) -> None:
    text = TEXTS["ja"]
    data = [
        page(f"<p>{text}".encode("cp932"), "", content_type='text/html; charset="Shift_JIS"'),
        page(f"<meta charset=euc-jp><p>{text}".encode("euc_jp", "ignore"), "", content_type="text/html"),
        page("<p>ä–ö".encode("cp1252"), "", content_type="text/html; charset=windows-1252"),
    ]
    texts, broken = read_bytes(tmp_path, b"".join(data))
    flat = ["".join(found.split()) for found in texts]
    assert flat == ["".join(text.split()), "".join(text.encode("euc_jp", "ignore").decode("euc_jp").split()), "ä–ö"]
    assert not broken


def test_a_cut_archive_gives_what_was_before(tmp_path: Path) -> None:
    whole = b"".join([INFO, *PAGES])
    first = len(INFO + PAGES[0])
    second = first + len(PAGES[1])
    # In the record's headers, in those of the answer, in the page.
    for cut in (first + 20, first + PAGES[1].index(b"HTTP") + 20, second - 50):
        assert read_bytes(tmp_path, whole[:cut]) == (["page 0"], ["a.warc:3"])
    assert read_bytes(tmp_path, whole[:second])[1] == []
    assert read_bytes(tmp_path, record("request", b"GET " * 100)[:-200]) == ([], ["a.warc:1"])
    no_length = PAGES[1].replace(b"Content-Length", b"Content-Size", 1)
    assert read_bytes(tmp_path, PAGES[0] + no_length + PAGES[2]) == (["page 0", PAGE_2], ["a.warc:2"])
    assert read_bytes(tmp_path, PAGES[0] + b"garbage\r\n" + PAGES[2]) == (["page 0", PAGE_2], ["a.warc"])
    assert read_bytes(tmp_path, b"<p>no archive") == ([], ["a.warc"])
    assert read_bytes(tmp_path, b"") == ([], [])


def test_a_cut_compressed_archive_gives_what_was_before(tmp_path: Path) -> None:
    # Bytes that do not shrink, so that the cut lies far behind the first page.
    filler = record("metadata", bytes(zlib.crc32(b"%d" % n) & 255 for n in range(300_000)), content_type="x/y")
    data = packed([PAGES[0], filler, PAGES[1]])
    assert read_bytes(tmp_path, data[:-30], "a.warc.gz") == (["page 0"], ["a.warc.gz"])


def test_pages_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (web, page_module):
        monkeypatch.setattr(module, "LARGEST_PAGE", 1000)
    large = page("<p>" + "x" * 100_000)
    data = [
        large,
        record("response", answer(b"x" * 200_000, content_type="video/mp4")),
        page(gzip.compress(b"<p>" + b"x" * 2000), "", "Content-Encoding: gzip"),
        page("<p>" + "x" * 997),
    ]
    texts, broken = read_bytes(tmp_path, b"".join(data))
    assert (texts, broken) == (["x" * 997], ["a.warc:1", "a.warc:3"])
    assert read_bytes(tmp_path, large[:-1000]) == ([], ["a.warc:1"])
    (tmp_path / "a.html").write_text("<p>" + "x" * 1000)
    assert [item.where for item in read(html("a.html"), tmp_path)[1]] == ["a.html"]


def test_html_files(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(
        "<html lang=ja><meta charset=shift_jis><title>題</title><p>日本語".encode("cp932")
    )
    (tmp_path / "b.html.gz").write_bytes(gzip.compress(b"<p>packed"))
    (tmp_path / "c.html").write_text("<div>" * 1000)
    (tmp_path / "d.html.gz").write_bytes(b"\0no archive")
    documents, broken = read(html("*.html*", license="MIT"), tmp_path)
    assert [(found.text, found.url, found.license) for found in documents] == [
        ("日本語", "a.html", "MIT"),
        ("packed", "b.html.gz", "MIT"),
    ]
    assert json.loads(documents[0].meta) == {"language": "ja", "title": "題"}
    assert [(item.where, item.excerpt[:5]) for item in broken] == [("c.html", "<div>"), ("d.html.gz", "")]
    with pytest.raises(UserError, match=r"corpus\.sources\.web\.paths"):
        read(html("none.html"), tmp_path)


def test_the_library_is_part_of_the_provenance(tmp_path: Path) -> None:
    (tmp_path / "a.warc").write_bytes(PAGES[0])
    found = provenance("web", warc("a.warc"), tmp_path, tmp_path)
    assert found["kind"] == "warc"
    assert found["files"]["a.warc"].startswith("sha256:")
    assert " resiliparse " in found["files"]["a.warc"]


def test_an_archive_is_never_cut_into_shards(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.warc").write_bytes(b"".join(PAGES))
    assert [shard.places for shard in shards_of("web", warc("*.warc"), tmp_path, 100)] == [("a.warc",), ("b.warc",)]


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_to_an_archive(tmp_path: Path, data: st.DataObject) -> None:
    """Records before the first byte that is wrong are read as ever, and what is quarantined says where it stood."""
    records = [INFO, *PAGES[:2], page(gzip.compress(b"<p>x"), "", "Content-Encoding: gzip")]
    body = bytearray(b"".join(records))
    changes = data.draw(st.lists(st.tuples(st.integers(0, len(body) - 1), st.integers(0, 255)), max_size=20))
    for place, byte in changes:
        body[place] = byte
    end = data.draw(st.integers(0, len(body)))
    texts, broken = read_bytes(tmp_path, bytes(body[:end]))
    whole_until = min([end, *(place for place, _ in changes)])
    ends = itertools.accumulate(map(len, records[:-1]))
    untouched = sum(place <= whole_until for place in ends) - 1  # the first of them describes the archive
    expected = [f"page {number} " + "x" * 100 * number for number in range(2)]
    assert texts[: max(0, untouched)] == [text.strip() for text in expected[: max(0, untouched)]]
    assert all(where.startswith("a.warc") for where in broken)


def test_a_corpus_of_pages_loses_nothing(tmp_path: Path) -> None:
    texts = {lang: "".join(f"<p>{line}</p>" for line in text.split("\n")) for lang, text in TEXTS.items()}
    records = [
        page(f"<html lang={lang}><main>{text}</main>", f"https://{lang}.example/") for lang, text in texts.items()
    ]
    hostile = [page("<div>" * 100_000), page("\0" * 100), page("<p>short"), page("<title>empty</title>"), records[0]]
    (tmp_path / "a.warc.gz").write_bytes(packed([INFO, *records, *hostile]))
    (tmp_path / "cut.warc").write_bytes(b"".join([INFO, *PAGES])[:-50])
    (tmp_path / "a.html").write_text(f"<html><main>{texts['fi']}</main>", encoding="utf-8")
    (tmp_path / "deep.html").write_text("<div>" * 100_000)
    sources = {"crawl": {"kind": "warc", "paths": ["*.warc*"]}, "files": {"kind": "html", "paths": ["*.html"]}}
    corpus = Corpus.model_validate({"sources": sources, "curation": {"duplicates": "exact"}})
    ledger = build_corpus(corpus, tmp_path, tmp_path / "cache", 1, tmp_path / "out", tmp_path / "work")
    counts = ledger["documents"]
    assert counts["in"] == counts["kept"] + counts["dropped"] + counts["quarantined"]
    # Of the archives: too deep, two without text, a cut record; of the files one too deep.
    assert (counts["in"], counts["quarantined"]) == (len(records) + len(hostile) + len(PAGES) + 2, 5)
    kept = [document for part in ("clean", "held_out") for document in read_documents(tmp_path / "out", part)]
    assert {document.lang for document in kept} == set(TEXTS)
    assert {json.loads(document.meta).get("url") for document in kept} >= {f"https://{lang}.example/" for lang in TEXTS}
