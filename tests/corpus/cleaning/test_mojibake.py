from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.cleaning.mojibake import repair, repair_batch
from corpus.sample_texts import CODE_TEXT, TEXTS


def misread(text: str, encoding: str = "latin-1") -> str:
    return text.encode().decode(encoding)


@pytest.mark.parametrize("language", TEXTS)
def test_a_text_read_wrongly_is_read_rightly_again(language: str) -> None:
    texts = [TEXTS[language], misread(TEXTS[language] + " “日”"), misread(misread("é ä ỡ ".join(["x"] * 9)))]
    column, repaired = repair_batch(pa.array(texts, pa.large_string()), [language] * 3)
    assert column.to_pylist() == [TEXTS[language], TEXTS[language] + " “日”", "é ä ỡ ".join(["x"] * 9)]
    assert repaired.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("he didnâ€™t say “no”", "he didn’t say “no”"),
        ("kÃ¤yttÃ¤minen", "käyttäminen"),
        ("a fine of Â£5", "a fine of £5"),
        ("à¤¹à¤¿à¤¨à¥\x8dà¤¦à¥€", "हिन्दी"),
        ("ðŸ˜€ and ðŸ’¡", "😀 and 💡"),
        ("ÉÏº£ÊÐABC", "ÉÏº£ÊÐABC"),  # a line that shows GB 2312 read wrongly, on purpose
        ("PÄÄ” “Ä”", "PÄÄ” “Ä”"),
        ("à la carte, Ä–Ö, ĐÃ biết", "à la carte, Ä–Ö, ĐÃ biết"),
    ],
)
def test_lines(line: str, expected: str) -> None:
    assert repair(line) == expected
    column, repaired = repair_batch(pa.array([f"first\n{line}\nlast"], pa.large_string()), ["und"])
    assert column[0].as_py() == f"first\n{expected}\nlast"
    assert repaired.tolist() == [int(line != expected)]


@pytest.mark.parametrize(
    "text",
    [
        "In the log é is shown as Ã© when the wrong codec is used.",
        "naïve: NaÃ¯ve",
        "| é | Ã© |\n| ü | Ã¼ |",
        "Jos ä näkyy muodossa Ã¤ ja ö muodossa Ã¶, lue se oikein.",
        "「あ」が「ã\x81‚」になる",
        "Không thấy chữ ầ mà thấy áº§ trong thư",
        "हिन्दी की जगह à¤¹à¤¿à¤¨à¥\x8dà¤¦à¥€ दिखता है",
        # Nothing beside them, but the text speaks of encodings.
        "You see Ã© when UTF-8 is read as Latin-1.",
        "The string â€™ appears where cp1252 is taken for UTF-8",
        "文字化けの例は「ã\x81‚」です",
        "Expected: Naïve café\nGot: NaÃ¯ve cafÃ©\nThe charset of the page is wrong.",
    ],
)
def test_a_text_about_wrong_readings_stays(text: str) -> None:
    assert repair(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TyÃ¶kalu tukee UTF-8-merkistÃ¶Ã¤ hyvin", "Työkalu tukee UTF-8-merkistöä hyvin"),
        ("O carro Ã© azul", "O carro é azul"),
        ("Hyvää päivää kaikille, tÃ¤nÃ¤Ã¤n aurinko paistaa", "Hyvää päivää kaikille, tänään aurinko paistaa"),
        ("café\ncafÃ©", "café\ncafé"),
        ("Näin tämä tehdään.\nNÃ¤in tÃ¤mÃ¤ tehdÃ¤Ã¤n taas.", "Näin tämä tehdään.\nNäin tämä tehdään taas."),
        ("she said “yes”, he didnâ€™t", "she said “yes”, he didn’t"),
    ],
)
def test_a_text_of_both_readings_is_repaired(text: str, expected: str) -> None:
    assert repair(text) == expected


def test_code_and_clean_columns_stay_as_they_are() -> None:
    code = pa.array([CODE_TEXT, "x = 'kÃ¤yttÃ¤minen'"], pa.large_string())
    assert repair_batch(code, ["code", "code"])[0] is code
    clean = pa.array(["", *TEXTS.values()], pa.large_string())
    assert repair_batch(clean, ["und", *TEXTS])[0] is clean


@given(st.lists(st.text(st.sampled_from("aÃà¤ð\x80\xa0â€™œ\nÄ”日")), max_size=4))
def test_exactly_the_suspected_texts_are_looked_at(texts: list[str]) -> None:
    column, repaired = repair_batch(pa.array(["Ã¤", *texts], pa.large_string()).slice(1), ["en"] * len(texts))
    assert column.to_pylist() == [repair(text) for text in texts]
    assert repaired.tolist() == [int(repair(text) != text) for text in texts]
