from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aurora.corpus.artifact import read_columns, read_documents
from aurora.corpus.curate import build_corpus
from aurora.corpus.repeats import boilerplate
from aurora.corpus.repeats.boilerplate import FEWEST_DOCUMENTS
from aurora.recipe.corpus import Corpus
from corpus.sample_texts import CODE_TEXT, TEXTS, text_hash
from corpus.test_curate import SOURCE, write_rows

MENU, FOOTER = "Home | News | Contact", "Subscribe to our newsletter!"
URL = "https://www.example.org/pages/"


def pages(language: str, number: int, host: str = URL, body: str = "") -> list[dict[str, Any]]:
    """Pages of a site, each with a text of its own between its menu and its footer."""
    return [
        {
            "lang": language,
            "url": f"{host}{page}",
            "text": f"{MENU}\n\n{body or TEXTS[language]} ({page})\n\n{FOOTER}\n",
        }
        for page in range(number)
    ]


def built(
    folder: Path, rows: list[dict[str, Any]], lines: str = "drop", **keys: Any
) -> tuple[dict[str, Any], list[str]]:
    folder.mkdir(exist_ok=True)
    write_rows(folder / "web.jsonl", rows)
    curation = {"boilerplate_lines": lines, "held_out_share": 0.2, "rules": []}
    corpus = Corpus.model_validate({"sources": {"web": SOURCE}, "curation": curation, **keys})
    ledger = build_corpus(corpus, folder, folder / "cache", 1, folder / "out")
    parts = (read_documents(folder / "out", part) for part in ("clean", "held_out"))
    return ledger, [document.text for part in parts for document in part]


@pytest.mark.parametrize("language", TEXTS)
def test_lines_that_a_site_repeats_are_cut_and_counted(tmp_path: Path, language: str) -> None:
    rows = pages(language, FEWEST_DOCUMENTS)
    ledger, texts = built(tmp_path, rows)
    assert sorted(texts) == sorted(f"{TEXTS[language]} ({page})" for page in range(FEWEST_DOCUMENTS))
    assert ledger["changes"]["boilerplate lines"] == {language: 2 * FEWEST_DOCUMENTS}
    assert ledger["bytes"]["kept"] == sum(len(text.encode()) for text in texts)
    ledger, texts = built(tmp_path, rows, "keep")
    assert "boilerplate lines" not in ledger["changes"]
    assert all(text.startswith(MENU) and text.endswith(FOOTER) for text in texts)
    assert len(built(tmp_path, pages(language, FEWEST_DOCUMENTS - 1))[1][0].split("\n")) > 1


def test_sites_code_and_repeated_documents_are_apart(tmp_path: Path) -> None:
    rows = [
        *pages("en", FEWEST_DOCUMENTS // 2),
        *pages("en", FEWEST_DOCUMENTS // 2, "http://other.example.org/", TEXTS["fi"]),
        *pages("code", FEWEST_DOCUMENTS, "https://code.example.org/", CODE_TEXT),
        *[row | {"text": f"{MENU}\n{TEXTS['hi']}"} for row in pages("hi", FEWEST_DOCUMENTS, "https://hi.example.org/")],
    ]
    curation = {"boilerplate_lines": "drop", "identify_language": False}
    _, texts = built(tmp_path, rows, curation=curation | {"rules": []})
    assert len(texts) == 2 * FEWEST_DOCUMENTS + 1
    assert all(MENU in text for text in texts)


def test_only_what_a_share_of_the_documents_repeats_is_boilerplate(tmp_path: Path) -> None:
    others = [{"lang": "en", "url": f"{URL}o{page}", "text": f"{TEXTS['en']} (o{page})"} for page in range(40)]
    _, texts = built(tmp_path, pages("en", FEWEST_DOCUMENTS) + others)
    assert sum(MENU in text for text in texts) == FEWEST_DOCUMENTS  # a fifth of them, and not more
    _, texts = built(tmp_path, pages("en", FEWEST_DOCUMENTS) + others[1:])
    assert not any(MENU in text for text in texts)


def test_only_edges_are_looked_at_and_nothing_but_boilerplate_is_no_document(tmp_path: Path) -> None:
    body = "\n".join(f"line {number} of %s" for number in range(60))
    rows = [
        {"lang": "en", "url": f"{URL}{page}", "text": (body % ((page,) * 60)).replace("line 30", f"{MENU}\nline 30")}
        for page in range(FEWEST_DOCUMENTS)
    ]
    rows += [
        {"lang": "en", "url": f"{URL}x{page}", "text": f"{FOOTER}\n" * (page + 2)} for page in range(FEWEST_DOCUMENTS)
    ]
    ledger, texts = built(tmp_path, rows)
    assert sum(MENU in text for text in texts) == FEWEST_DOCUMENTS
    assert not any(FOOTER in text for text in texts)
    (loss,) = ledger["losses"]
    assert (loss["step"], loss["rule"], loss["documents"]) == ("cuts", "nothing-left", FEWEST_DOCUMENTS)


def test_what_is_left_is_judged_again(tmp_path: Path) -> None:
    rows = [*pages("en", FEWEST_DOCUMENTS), *pages("fi", FEWEST_DOCUMENTS)]
    short = [
        {"lang": "en", "url": f"{URL}s{page}", "text": f"{MENU}\nThis page has the number {page}.\n{FOOTER}\n{MENU}"
         f"\n{FOOTER}"}
        for page in range(3)
    ]  # fmt: skip
    same = [{"lang": "fi", "url": f"{URL}t", "text": f"{MENU}\n{TEXTS['fi']} (1)"}]
    curation = {"boilerplate_lines": "drop", "rules": ["basic"], "thresholds": {"en": {"max_repeated_share": 1}}}
    ledger, texts = built(tmp_path, [*rows, *short, *same], curation=curation)
    own = [f"{TEXTS[lang]} ({page})" for lang in ("en", "fi") for page in range(FEWEST_DOCUMENTS)]
    assert sorted(texts) == sorted(own)
    losses = {(loss["step"], loss["rule"]): loss["documents"] for loss in ledger["losses"]}
    assert losses == {("cuts", "too-short"): 3, ("duplicates", "exact"): 1}
    dropped = list(read_columns(tmp_path / "out", "dropped", ("text", "rule", "value")))
    found = sorted((text, value) for text, rule, value in dropped if rule == "too-short")
    (copy,) = [value for _, rule, value in dropped if rule == "exact"]
    assert copy == f"{text_hash(TEXTS['fi'] + ' (1)'):032x}"
    assert found == [(row["text"], "22") for row in short]  # whole; what would be left has 22 characters


def test_neither_partitions_nor_shards_change_what_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [*pages("en", 30), *pages("fi", 20, "https://example.fi/"), *pages("vi", 5, "https://example.vn/")]
    whole = built(tmp_path / "whole", rows)
    monkeypatch.setattr(boilerplate, "PARTITION", 7)
    assert built(tmp_path / "parts", rows, shard_megabytes=0.005) == whole


def test_a_change_of_mind_takes_the_cuts_back(tmp_path: Path) -> None:
    rows = pages("en", FEWEST_DOCUMENTS)
    assert not any(MENU in text for text in built(tmp_path, rows)[1])
    assert all(MENU in text for text in built(tmp_path, rows, "keep")[1])
    assert not any(MENU in text for text in built(tmp_path, rows)[1])
