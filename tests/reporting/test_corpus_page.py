"""A corpus as a page: all of the ledger, nothing of it as markup."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from aurora.cli import aurora
from aurora.corpus.curate import build_corpus
from aurora.errors import UserError
from aurora.recipe.corpus import Corpus
from aurora.reporting.corpus_page import write_corpus_page
from corpus.sample_texts import TEXTS

HOSTILE = "<script>alert(1)</script>"


def built(folder: Path) -> Path:
    rows = [{"text": text, "lang": lang} for lang, text in TEXTS.items()]
    rows += [
        {"text": f"{HOSTILE} short", "lang": "fi"},
        {"text": f"{TEXTS['en']} Ask somebody@mail.example.", "lang": "en"},
    ]
    lines = [json.dumps(row) for row in rows] + [f'{{"{HOSTILE}']
    (folder / "a.jsonl").write_text("\n".join(lines))
    table = {
        "sources": {"web": {"kind": "jsonl", "paths": ["a.jsonl"], "language_key": "lang"}},
        "curation": {"personal_data": "placeholders"},
    }
    build_corpus(Corpus.model_validate(table), folder, folder / "cache", 1, folder / "out")
    return folder / "out"


def test_the_page_shows_losses_changes_and_what_was_quarantined(tmp_path: Path) -> None:
    folder = built(tmp_path)
    page = tmp_path / "page.html"
    done = CliRunner().invoke(aurora, ["corpus", "inspect", str(folder), "--html", str(page)])
    assert (done.exit_code, done.output) == (0, f"Wrote {page}.\n")
    text = page.read_text(encoding="utf-8")
    for said in (
        "Losses by language",
        "quality: too-short",
        "personal data: email",
        "web",
        "a.jsonl:8",
        "JSONDecodeError",
    ):
        assert said in text
    assert HOSTILE not in text
    assert text.count("&lt;script&gt;") >= 2
    assert "somebody@mail.example" not in text


def test_a_corpus_without_losses_has_no_empty_tables(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXTS["en"])
    table = {"sources": {"books": {"kind": "text", "paths": ["a.txt"], "language": "en"}}}
    build_corpus(Corpus.model_validate(table), tmp_path, tmp_path / "cache", 1, tmp_path / "out")
    page = tmp_path / "page.html"
    assert CliRunner().invoke(aurora, ["corpus", "inspect", str(tmp_path / "out"), "--html", str(page)]).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "No rule dropped a document." in text
    assert "Losses by language" not in text
    assert 'id="quarantined"' not in text


def test_a_page_is_written_over_and_nothing_else_is(tmp_path: Path) -> None:
    folder, page, mine = built(tmp_path), tmp_path / "page.html", tmp_path / "a.jsonl"
    before = mine.read_bytes()
    for _ in range(2):
        write_corpus_page(folder, page)
        page.write_text(page.read_text(encoding="utf-8").replace("The corpus", "An older corpus"), encoding="utf-8")
    with pytest.raises(UserError, match=r"a\.jsonl was not written by this command and would be lost"):
        write_corpus_page(folder, mine)
    with pytest.raises(UserError, match="is a folder"):
        write_corpus_page(folder, tmp_path)
    assert mine.read_bytes() == before
