"""Repeated passages, from the sources to the parts."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from aurora.corpus import curate
from aurora.corpus.artifact import read_columns, read_documents
from aurora.corpus.curate import build_corpus
from aurora.corpus.repeats import repeated as repeats
from aurora.recipe.corpus import Corpus
from corpus.sample_texts import TEXTS

STRETCH = {
    "en": "The harbour was quiet that night, and nobody saw the boat. It came in without a light, tied up at the third "
    "pier, and waited for the tide to turn again. By morning the crew had gone ashore, and the papers they left told "
    "of a voyage that no owner would admit. Even so the town went on talking of it until the spring, when other boats "
    "and other stories took its place.",
    "ja": "港はその夜とても静かで、誰も船を見なかった。灯りもつけずに入ってきて三番目の桟橋に着き、"
    "潮が変わるのを待った。朝には乗組員は陸に上がり、残された書類は持ち主の認めない航海を語っていた。"
    "町は春までその話を続けた。",
}
CURATION = {"identify_language": False, "repeated_passages": "drop", "held_out_share": 1e-9}


def own(lang: str, seed: int) -> str:
    """A text of its own."""
    chance = random.Random(seed)
    if lang == "ja":
        return "".join(chr(chance.randrange(0x4E00, 0x9000)) for _ in range(80)) + "。"
    return " ".join(str(chance.randrange(10**6)) for _ in range(40)) + "."


def built(
    folder: Path, texts: dict[str, list[str]], lang: str, **keys: Any
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    for name, found in texts.items():
        rows = [json.dumps({"text": text, "lang": lang}, ensure_ascii=False) for text in found]
        (folder / f"{name}.jsonl").write_text("\n".join(rows))
    table = {
        "sources": {name: {"kind": "jsonl", "paths": [f"{name}.jsonl"], "language_key": "lang"} for name in texts},
        "curation": CURATION | {"rules": []} | keys,
    }
    ledger = build_corpus(Corpus.model_validate(table), folder, folder / "cache", 1, folder / "out")
    return ledger, {name: [d.text for d in read_documents(folder / "out", "clean", name)] for name in texts}


@pytest.mark.parametrize("lang", STRETCH)
def test_a_stretch_stays_where_it_stood_first(tmp_path: Path, lang: str) -> None:
    stretch = STRETCH[lang]
    first = f"{own(lang, 1)}\n{stretch}\n{own(lang, 2)}"
    later = f"{own(lang, 3)}\n\n{stretch}\n\n{own(lang, 4)}"
    ledger, texts = built(tmp_path, {"a": [first, own(lang, 5)], "b": [later]}, lang)
    assert texts["a"] == [first, own(lang, 5)]
    assert texts["b"] == [f"{own(lang, 3)}\n\n{own(lang, 4)}"]
    assert ledger["changes"]["repeated passages"] == {lang: 1}
    assert ledger["bytes"]["kept"] == sum(len(text.encode()) for found in texts.values() for text in found)


def test_short_stretches_stay_and_nothing_else_is_no_document(tmp_path: Path) -> None:
    text = f"{own('en', 1)} {STRETCH['en']}"
    _, texts = built(tmp_path, {"a": [text], "b": [f"{STRETCH['en']}  {own('en', 2)}"]}, "en", passage_words=90)
    assert texts["b"][0].startswith("The harbour")
    ledger, texts = built(tmp_path, {"a": [text], "b": [STRETCH["en"]]}, "en")
    assert texts["b"] == []
    assert ledger["losses"] == [
        {"step": "cuts", "rule": "nothing-left", "language": "en", "source": "b", "documents": 1,
         "bytes": len(STRETCH["en"])}
    ]  # fmt: skip
    assert [row[0] for row in read_columns(tmp_path / "out", "dropped", ("text",))] == [STRETCH["en"]]


def test_what_a_dropped_document_held_is_no_repeat(tmp_path: Path) -> None:
    texts = {"fi": f"{STRETCH['en']} {TEXTS['fi']}", "en": f"{STRETCH['en']} {TEXTS['en']}"}
    rows = [json.dumps({"text": text, "lang": lang}) for lang, text in texts.items()]
    (tmp_path / "a.jsonl").write_text("\n".join(rows))
    table = {
        "sources": {"a": {"kind": "jsonl", "paths": ["a.jsonl"], "language_key": "lang"}},
        "curation": CURATION | {"thresholds": {"fi": {"min_characters": 10**6}}},
    }
    build_corpus(Corpus.model_validate(table), tmp_path, tmp_path / "cache", 1, tmp_path / "out")
    assert [document.text for document in read_documents(tmp_path / "out", "clean")] == [texts["en"]]


def test_partitions_and_later_asking_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {name: [f"{own('en', seed)} {STRETCH['en']} {own('en', seed + 50)}" for seed in seeds]
             for name, seeds in (("a", range(3)), ("b", range(3, 9)))}  # fmt: skip
    kept = {"repeated_passages": "keep"}
    built(tmp_path, texts, "en", **kept)

    def no_reading(*_: object) -> None:
        raise AssertionError("a source was read again")

    monkeypatch.setattr(curate, "prepare", no_reading)
    _, whole = built(tmp_path, texts, "en")
    assert sum(text.count("harbour") for found in whole.values() for text in found) == 1
    monkeypatch.setattr(repeats, "PARTITION", 3)
    built(tmp_path, texts, "en", **kept)
    assert built(tmp_path, texts, "en")[1] == whole
