"""Rule sets over files as they lie."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aurora.corpus.scan import EXAMPLES, Reading, describe, scan, sets_of
from aurora.errors import UserError
from corpus.judged import judge
from corpus.sample_texts import CODE_TEXT, TEXTS

MENU = "Home and garden\n" * 60


def write(folder: Path) -> None:
    rows = [{"text": text, "lang": lang} for lang, text in TEXTS.items()] + [{"text": CODE_TEXT, "lang": "code"}]
    lines = [json.dumps(row, ensure_ascii=False) for row in [*rows, {"text": "too short", "lang": "en"}]]
    (folder / "a.jsonl").write_text("\n".join([*lines, "{broken", json.dumps({"text": "\ud800"})]))
    (folder / "deep").mkdir()
    pq.write_table(pa.table({"text": [MENU] * 4, "lang": ["en"] * 4}), folder / "deep" / "b.parquet")
    (folder / "c.txt").write_text(TEXTS["fi"])
    (folder / "notes.rst").write_text("no document")
    (folder / ".hidden.jsonl").write_text("no document")


def test_every_set_judges_every_document(tmp_path: Path) -> None:
    write(tmp_path)
    sets = sets_of("basic, gopher-quality,basic,gopher-repetition")
    findings = scan(tmp_path, sets, Reading())
    assert (findings.documents, findings.quarantined) == (14, 2)
    assert list(findings.rules) == ["basic", "gopher-quality", "gopher-repetition"]
    expected: dict[str, dict[str, dict[str, int]]] = {name: {} for name in sets}
    documents = [*TEXTS.items(), ("code", CODE_TEXT), ("en", "too short"), *[("en", MENU)] * 4, ("fi", TEXTS["fi"])]
    lost = dict.fromkeys([*TEXTS, "code"], 0)
    for lang, text in documents:
        broken = {name: found[0] for name in sets if (found := judge(text, lang, [name]))}
        lost[lang] += bool(broken)
        for name, rule in broken.items():
            counts = expected[name].setdefault(rule, {})
            counts[lang] = counts.get(lang, 0) + 1
    assert findings.rules == expected
    assert {lang: counts["lost"] for lang, counts in findings.languages.items()} == lost


def test_examples_are_few_and_say_where(tmp_path: Path) -> None:
    write(tmp_path)
    findings = scan(tmp_path, ["basic", "gopher-repetition"], Reading())
    menus = [item for item in findings.examples if item["set"] == "gopher-repetition" and item["place"][0] == "b"]
    assert len(menus) == EXAMPLES
    assert menus[0]["place"] == "b.parquet:1"
    assert menus[0]["excerpt"].startswith("Home and garden Home")
    assert menus[0]["excerpt"] in describe(findings)
    assert json.loads(json.dumps(asdict(findings))) == asdict(findings)


def test_other_keys_and_a_language_for_all(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"body": TEXTS["vi"], "tongue": "en"}))
    by_key = scan(tmp_path / "a.jsonl", ["basic"], Reading("body", "tongue"))
    assert list(by_key.languages) == ["en"]
    assert list(scan(tmp_path / "a.jsonl", ["basic"], Reading("body", "tongue", "vi")).languages) == ["vi"]
    assert list(scan(tmp_path / "a.jsonl", ["basic"], Reading("body")).languages) == ["vi"]  # identified


def test_personal_data_is_counted_and_never_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"{TEXTS['en']} Write to somebody@mail.example.")
    findings = scan(tmp_path, ["basic"], Reading(), personal_data=True)
    assert findings.personal_data == {"email": {"en": 1}}
    assert "email: 1 en" in describe(findings)


def test_what_cannot_be_scanned(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gofer is not a rule set for scanning; choose from basic, "):
        sets_of("basic,gofer")
    with pytest.raises(UserError, match="names no rule set"):
        sets_of(" , ")
    with pytest.raises(UserError, match="has no file to scan"):
        scan(tmp_path, ["basic"], Reading())
    with pytest.raises(UserError, match="has no file to scan"):
        scan(tmp_path / "nowhere", ["basic"], Reading())
    with pytest.raises(UserError, match="no file matches"):
        scan(tmp_path / "nowhere.jsonl", ["basic"], Reading())


def test_a_table_without_the_column_names_the_option_and_the_columns(tmp_path: Path) -> None:
    pq.write_table(pa.table({"nr": [1], "brödtext": ["Ån rinner under bron."]}), tmp_path / "a.parquet")
    with pytest.raises(UserError, match=r"a\.parquet has no column text; choose one as --text-key: nr, brödtext\.$"):
        scan(tmp_path, ["basic"], Reading(language="sv"))
    assert scan(tmp_path, ["basic"], Reading("brödtext", language="sv")).documents == 1


def test_what_cannot_be_read_is_said_with_its_reason(tmp_path: Path) -> None:
    write(tmp_path)
    findings = scan(tmp_path, ["basic"], Reading())
    assert findings.unreadable is not None
    assert f"The first that cannot be read is {findings.unreadable}." in describe(findings)
    assert "a.jsonl" in findings.unreadable
    with pytest.raises(UserError, match=r"none of the \d+ inputs can be read; the first, .*a.jsonl:1: .*--text-key"):
        scan(tmp_path / "a.jsonl", ["basic"], Reading(text_key="body"))
