"""Fates decided from the columns of all shards: duplicates, what is held out, and text that must not be trained on."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aurora.corpus.curate import PARTS
from aurora.corpus.phases.decide import MEASURED_FROM, value_text
from aurora.errors import UserError
from corpus.sample_texts import TEXTS, text_hash
from corpus.test_curate import MEASURED, SOURCE, Row, build, numbered, texts, write_rows


def test_the_split_stays_when_documents_are_added(tmp_path: Path) -> None:
    few, many = numbered("en", 150), numbered("en", 400)
    keys: dict[str, Any] = {"curation": {"held_out_share": 0.2}}
    build(tmp_path, few, "few", **keys)
    ledger = build(tmp_path, many[::-1], "many", **keys)
    held_out = {name: set(texts(tmp_path / name, "held_out")) for name in ("few", "many")}
    clean = {name: set(texts(tmp_path / name, "clean")) for name in ("few", "many")}
    assert held_out["few"] < held_out["many"]
    assert clean["few"] < clean["many"]
    assert 0.12 < ledger["held_out"]["documents"] / 400 < 0.28


def test_every_language_is_measured_on_a_document_at_least(tmp_path: Path) -> None:
    rows = numbered("fi", MEASURED_FROM) + numbered("hi", MEASURED_FROM - 1) + numbered("en", 1)
    keys: dict[str, Any] = {"curation": {"held_out_share": 1e-9}}
    ledger = build(tmp_path, rows, **keys)
    table = ledger["by_source"]["web"]
    assert {language: table[language]["held_out_documents"] for language in table} == {"en": 0, "fi": 1, "hi": 0}
    held_out = texts(tmp_path / "out", "held_out")
    assert held_out == [min((row["text"] for row in rows if row["lang"] == "fi"), key=text_hash)]  # type: ignore[index]
    assert ledger["held_out"] == {"documents": 1, "bytes": len(held_out[0].encode())}
    assert held_out[0] not in texts(tmp_path / "out", "clean")
    # The order of the documents does not change which one it is.
    build(tmp_path, rows[::-1], "again", **keys)
    assert texts(tmp_path / "again", "held_out") == held_out
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == sorted([*PARTS, "ledger.json"])


def test_a_language_that_is_measured_already_gives_no_more(tmp_path: Path) -> None:
    rows = numbered("en", 100)
    keys: dict[str, Any] = {"curation": {"held_out_share": 0.1}}
    ledger = build(tmp_path, rows, **keys)
    below = [row["text"] for row in rows if text_hash(row["text"]) < 0.1 * 2**128]  # type: ignore[index]
    assert below
    assert texts(tmp_path / "out", "held_out") == below
    assert ledger["held_out"]["documents"] == len(below)


def test_copies_never_straddle_the_split(tmp_path: Path) -> None:
    build(tmp_path, numbered("en", 60) * 2, curation={"duplicates": "none", "held_out_share": 0.3})
    held_out, clean = (texts(tmp_path / "out", part) for part in ("held_out", "clean"))
    assert len(held_out) + len(clean) == 120
    assert held_out
    assert not set(held_out) & set(clean)


def test_a_copy_of_what_was_dropped_is_no_duplicate(tmp_path: Path) -> None:
    ledger = build(tmp_path, [{"lang": "fi", "text": TEXTS["en"]}, {"lang": "en", "text": TEXTS["en"]}])
    assert ledger["documents"]["kept"] == 1
    assert [loss["rule"] for loss in ledger["losses"]] == ["contradicts"]


def test_duplicates_are_dropped_across_sources_by_name(tmp_path: Path) -> None:
    write_rows(tmp_path / "books.jsonl", [{"text": TEXTS["en"]}])
    books = {"kind": "jsonl", "paths": ["books.jsonl"], "language": "en"}
    ledger = build(tmp_path, [{"lang": "en", "text": TEXTS["en"]}], sources={"web": SOURCE, "books": books})
    assert ledger["by_source"]["books"]["en"]["kept"] == 1
    assert ledger["by_source"]["web"]["en"]["dropped"] == 1


@pytest.mark.parametrize(
    "hide", [lambda text: text, lambda text: f"see: {text.upper()}", lambda text: text.replace(" ", " \n", 3)]
)
def test_measuring_text_is_refused(tmp_path: Path, hide: Callable[[str], str]) -> None:
    write_rows(tmp_path / "letters.jsonl", [{"text": f"{MEASURED}\nAnother line of that text."}])
    other = {"letters": {"kind": "jsonl", "paths": ["letters.jsonl"], "language": "en"}}
    rows: list[Row] = [{"lang": "en", "text": f"{TEXTS['en']} {hide(MEASURED)} {TEXTS['en']}"}]
    with pytest.raises(UserError, match=r"corpus\.sources\.web contains a sentence .* in web\.jsonl:1; remove that"):
        build(tmp_path, rows, other_domain=other)
    assert not (tmp_path / "out" / "ledger.json").exists()
    assert build(tmp_path, numbered("en", 2), other_domain=other)["documents"]["kept"] == 2
    assert texts(tmp_path / "out", "other_domain") == [f"{MEASURED}\nAnother line of that text."]


def write_near_duplicates(folder: Path) -> dict[str, Any]:
    """A text of each language in two sources, the second time with twenty words more."""
    for name in ("first", "second"):
        chance = random.Random(3)
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as stream:
            for language in TEXTS:
                words = [str(chance.randrange(10**6)) for _ in range(320)]
                text = " ".join(words if name == "second" else words[:300])
                stream.write(json.dumps({"lang": language, "text": text}) + "\n")
    kind = {"kind": "jsonl", "language_key": "lang"}
    sources = {name: {**kind, "paths": [f"{name}.jsonl"]} for name in ("first", "second")}
    return {"sources": sources}


@pytest.mark.parametrize(
    ("keys", "kept"),
    [
        ({}, "second"),
        ({"prefer": "first"}, "first"),
        ({"prefer_sources": ["first"]}, "first"),
        ({"duplicates_within": "source"}, None),
        ({"near_similarity": 1.0}, None),
        ({"duplicates": "exact"}, None),
    ],
)
def test_the_stated_one_of_near_duplicates_is_kept(tmp_path: Path, keys: dict[str, Any], kept: str | None) -> None:
    table = write_near_duplicates(tmp_path)
    choice = {"duplicates": "near", "rules": [], "identify_language": False, **keys}
    ledger = build(tmp_path, [], curation={**choice, "held_out_share": 1e-9}, **table)
    found = {name: ledger["by_source"][name] for name in ("first", "second")}
    for name, languages in found.items():
        lost = 0 if kept in (None, name) else 1
        assert {language: counts["dropped"] for language, counts in languages.items()} == dict.fromkeys(TEXTS, lost)


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (12.0, "12"), (-3.0, "-3"), (0.25, "0.25"), (1e-9, "1e-09")])
def test_a_value_is_written_as_it_would_be_read(value: float, text: str) -> None:
    assert value_text(value) == text
    assert json.loads(text) == value
