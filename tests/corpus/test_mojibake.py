from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.mojibake import repair, repair_batch
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
