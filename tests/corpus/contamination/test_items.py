from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.corpus.contamination.items import MOST_TEXTS, ContaminationIndex
from aurora.corpus.contamination.sets import Item
from aurora.corpus.curate import build_corpus
from aurora.recipe.corpus import Corpus
from corpus.sample_texts import TEXTS

QUESTIONS = {
    "en": "Which of the seven lakes north of the old mill was surveyed twice before the railway came?",
    "fi": "Kumpaa vanhan myllyn pohjoispuolisista järvistä mitattiin kahdesti ennen rautatien tuloa?",
    "hi": "पुरानी चक्की के उत्तर की सात झीलों में से किसका सर्वेक्षण रेलगाड़ी आने से पहले दो बार हुआ था?",
    "ja": "古い水車小屋の北にある七つの湖のうち、鉄道が来る前に二度測量されたのはどれですか。",
    "vi": "Hồ nào trong bảy hồ phía bắc cối xay cũ đã được khảo sát hai lần trước khi có đường sắt?",
    "short": "Lentokonesuihkuturbiinin apumekaanikko-oppilaat lakkoilivat",
}
DISGUISES: dict[str, Callable[[str], str]] = {
    "verbatim": lambda text: text,
    "case": lambda text: text.upper(),
    "spacing": lambda text: re.sub(r"\s", "\n \u3000", text),
    "punctuation": lambda text: re.sub(r"[\s.,?、。-]+", " — ", text),
}


@cache
def index() -> ContaminationIndex:
    return ContaminationIndex(Item("quiz", lang, (text, "yes")) for lang, text in QUESTIONS.items())


def find(*texts: str) -> list[tuple[str, str] | None]:
    return index().find(pa.array(texts, pa.large_string()))


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("lang", QUESTIONS)
def test_an_item_is_found_in_any_dress(lang: str, disguise: str) -> None:
    planted = DISGUISES[disguise](QUESTIONS[lang])
    around = TEXTS.get(lang, TEXTS["fi"])
    assert find(around, f"{around}\n{planted}\n{around}", planted) == [None, ("quiz", lang), ("quiz", lang)]


@settings(deadline=None)
@given(st.sampled_from(sorted(QUESTIONS)), st.text(), st.text())
def test_found_between_any_texts(lang: str, before: str, after: str) -> None:
    assert find(f"{before}\n{QUESTIONS[lang]}\n{after}".encode("utf-8", "replace").decode()) == [("quiz", lang)]


@pytest.mark.parametrize(
    "text",
    ["yes", "", "Which of the seven lakes north of the old mill?", QUESTIONS["short"].rsplit(" ", 1)[0]],
)
def test_parts_and_answers_are_nobodys(text: str) -> None:
    assert find(text) == [None]


def test_the_item_of_most_runs_is_named() -> None:
    longer = f"{QUESTIONS['en']} {QUESTIONS['vi']}"
    index = ContaminationIndex([Item("a", "1", (QUESTIONS["en"],)), Item("b", "2", (longer,))])
    found = index.find(pa.array([longer, QUESTIONS["en"]], pa.large_string()))
    assert found == [("b", "2"), ("a", "1")]


def test_a_phrase_of_the_whole_set_tells_nothing() -> None:
    phrase = " ".join(f"word{number}" for number in range(13))
    items = [Item("quiz", str(number), (f"{phrase} {number}",)) for number in range(MOST_TEXTS + 1)]
    found = ContaminationIndex(items).find(pa.array([phrase, f"{phrase} 3"], pa.large_string()))
    assert found == [None, ("quiz", "3")]


def write_source(folder: Path) -> dict[str, Any]:
    lines = [{"text": f"{TEXTS['en']} {number}"} for number in range(20)]
    lines[3]["text"] += "\n" + QUESTIONS["en"].upper()
    (folder / "web.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (folder / "quiz.jsonl").write_text(json.dumps({"id": "q1", "question": QUESTIONS["en"]}))
    return {
        "sources": {"web": {"kind": "jsonl", "paths": ["web.jsonl"], "language": "en"}},
        "curation": {"contamination": {"sets": {"quiz": "quiz.jsonl"}}},
    }


def build(folder: Path, table: dict[str, Any]) -> dict[str, Any]:
    corpus = Corpus.model_validate(table)
    return build_corpus(corpus, folder, folder / "cache", 1, folder / "out", folder / "work")


def test_a_build_drops_what_holds_an_item(tmp_path: Path) -> None:
    ledger = build(tmp_path, write_source(tmp_path))
    [loss] = ledger["losses"]
    assert (loss["step"], loss["rule"], loss["documents"]) == ("contamination", "quiz", 1)
    assert ledger["changes"]["benchmark: quiz"] == {"en": 1}
    assert pq.read_table(tmp_path / "out/dropped/web.parquet")["value"].to_pylist() == ["q1"]


def test_reporting_alone_drops_nothing_and_reads_nothing_again(tmp_path: Path) -> None:
    table = write_source(tmp_path)
    build(tmp_path, table)
    texts = tmp_path / "work/texts/web.parquet"
    read = texts.stat().st_mtime_ns
    table["curation"]["contamination"]["remove"] = False
    ledger = build(tmp_path, table)
    assert ledger["losses"] == []
    assert ledger["changes"]["benchmark: quiz"] == {"en": 1}
    assert texts.stat().st_mtime_ns == read


def test_another_set_is_looked_for_anew(tmp_path: Path) -> None:
    table = write_source(tmp_path)
    build(tmp_path, table)
    (tmp_path / "quiz.jsonl").write_text(json.dumps({"id": "q2", "question": QUESTIONS["fi"]}))
    assert build(tmp_path, table)["losses"] == []
