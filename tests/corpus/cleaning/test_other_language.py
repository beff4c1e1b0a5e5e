from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from aurora.corpus.cleaning.identify import Cld2, Identified, Languages, identify_batch
from aurora.corpus.cleaning.other_language import drop_other_paragraphs, is_mixed
from corpus.sample_texts import TEXTS
from corpus.test_curate import build
from corpus.test_curate import texts as kept_texts


class Unsure:
    def identify(self, text: bytes) -> Identified:
        return Identified((("en", 99),), False)

    def knows(self, language: str) -> bool:
        return True


class Unable:
    def identify(self, text: bytes) -> Identified:
        return Identified((("en", 99),), True)

    def knows(self, language: str) -> bool:
        return False


def mixed(language: str, other: str) -> str:
    return "\n\n".join([TEXTS[language], TEXTS[other], "OK", TEXTS[language] + "!"])


@pytest.mark.parametrize("language", TEXTS)
def test_only_paragraphs_surely_in_another_language_go(language: str) -> None:
    other = "fi" if language == "en" else "en"
    given = [mixed(language, other), TEXTS[language], f"{TEXTS[other]}\n\n{TEXTS[other]}"]
    column = pa.array(["x", *given], pa.large_string()).slice(1)
    found = identify_batch(column, [language] * 3, Cld2())
    assert is_mixed(found).tolist() == [True, False, False]
    texts, dropped = drop_other_paragraphs(column, found, [Cld2()])
    assert texts.to_pylist() == [f"{TEXTS[language]}\n\nOK\n\n{TEXTS[language]}!", *given[1:]]
    assert dropped.tolist() == [1, 0, 0]
    assert drop_other_paragraphs(column, found, [Cld2(), Unsure()])[0] is column
    assert drop_other_paragraphs(column, found, [Unable()])[0] is column


def test_code_in_a_text_about_it_stays() -> None:
    comment = "# Here the values are sorted, and the place of each of them is found again."
    parts = [
        TEXTS["fi"],
        f"{comment}\nvalues = sorted(values_of_the_table)\nplace = find(values, the_number)\nprint(place)",
        f"```\n{comment} {TEXTS['en']}",
    ]
    column = pa.array(["\n\n".join([*parts, TEXTS["en"]])], pa.large_string())
    texts, dropped = drop_other_paragraphs(column, Languages(["fi"], [None], np.array([50], np.int32)), [Cld2()])
    assert texts.to_pylist() == ["\n\n".join(parts)]
    assert dropped.tolist() == [1]


def test_the_key_and_the_ledger(tmp_path: Path) -> None:
    text = mixed("fi", "en")
    rows = [{"lang": "fi", "text": text}, {"lang": "fi", "text": TEXTS["fi"]}]
    ledger = build(tmp_path, rows)
    assert ledger["changes"] == {"mixed languages": {"fi": 1}}
    ledger = build(tmp_path, rows, "less", curation={"other_language_paragraphs": "drop"})
    assert ledger["changes"] == {"mixed languages": {"fi": 1}, "paragraphs in another language": {"fi": 1}}
    kept = kept_texts(tmp_path / "less", "clean") + kept_texts(tmp_path / "less", "held_out")
    assert f"{TEXTS['fi']}\n\nOK\n\n{TEXTS['fi']}!" in kept
