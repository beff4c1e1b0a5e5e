"""The kernels beside plain Python: the same values for any text, however the batch is cut."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aurora.corpus.kernels.batch_statistics import measure, tokens
from aurora.corpus.kernels.document_statistics import STATISTICS
from corpus.basic_reference import basic_statistics
from corpus.gopher_reference import gopher_statistics
from corpus.sample_texts import CODE_TEXT, TEXTS

LANGUAGES = (*TEXTS, "code", "und", "zh-Hant")
# Few pieces, so that lines, paragraphs and runs of words repeat; with every kind of space and line end.
PIECES = (
    *(
        "a",
        "the",
        "of",
        "Étude",
        "don't",
        "3.14",
        "1",
        "é",
        "と",
        "東京",
        "カ",
        "हिन्दी",
        "।",
        "。",
        "क्‍ष",
        "𝔘",
        "😀",
        "_",
    ),
    *(
        "😀",
        "...",
        "..",
        "…",
        ".",
        "#",
        "##",
        "-",
        "•",
        "{",
        "javascript",
        "lorem ipsum",
        "do not edit",
        "Auto-Generated",
    ),
    *(
        " ",
        " ",
        "\n",
        "\n",
        "\n\n",
        "\t",
        "\r\n",
        "\r",
        "\x0b",
        "\x0c",
        "\x1c",
        "\x85",
        "\u2028",
        "\u3000",
        "\u00a0",
        "\x00",
    ),
)
TEXT = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=60).map("".join))


def measured(text: str, lang: str) -> dict[str, float]:
    row: dict[str, float] = measure(pa.array([text], pa.large_string()), [lang]).to_pylist()[0]
    return row


@settings(max_examples=300, deadline=None)  # the first builds tables
@given(TEXT, st.sampled_from(LANGUAGES))
@example("", "en")
@example("\n", "en")
@example("\n\n a \n \n\n", "en")
@example("a\r\n\r\na\r\n", "en")
@example("a\x85b\x85a", "code")
@example("i\x00\x00", "en")
@example("\n" * 3000, "code")
@example("\n\n".join(map(str, range(700))), "en")  # every line and every paragraph another
@example("\n".join(map(str, range(1400))), "fi")
def test_statistics_are_those_of_plain_python(text: str, lang: str) -> None:
    found = measured(text, lang)
    for expected in (basic_statistics(text, lang), gopher_statistics(text, lang)):
        for name, value in expected.items():
            assert found[name] == value or (math.isnan(found[name]) and math.isnan(value)), name


@pytest.mark.parametrize("lang", [*TEXTS, "code"])
def test_repetition_of_ordinary_text_is_that_of_plain_python(lang: str) -> None:
    text = CODE_TEXT if lang == "code" else TEXTS[lang]
    halves = text[: len(text) // 2], text[len(text) // 2 :]
    repeated = "\n\n".join([text, *halves, text, halves[1], text.upper()])
    found = measured(repeated, lang)
    assert {name: found[name] for name in gopher_statistics(repeated, lang)} == gopher_statistics(repeated, lang)
    assert found["duplicate_10_grams"] > 0.3


@settings(deadline=None)
@given(st.lists(st.tuples(TEXT, st.sampled_from(LANGUAGES)), max_size=6), st.integers(0, 3))
def test_a_document_is_measured_alike_in_any_batch(rows: list[tuple[str, str]], skipped: int) -> None:
    texts = pa.array(["before"] * skipped + [text for text, _ in rows], pa.large_string()).slice(skipped)
    batch = measure(texts, [lang for _, lang in rows])
    assert batch.schema.names == list(STATISTICS)
    for number, (text, lang) in enumerate(rows):
        np.testing.assert_equal(batch.slice(number, 1).to_pylist()[0], measured(text, lang))


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("Don’t stop at 3.14, e.g. foo_bar!!", "en", ["Don’t", "stop", "at", "3.14", ",", "e.g", ".", "foo_bar", "!!"]),
        ("हिन्दी में क्‍या?", "hi", ["हिन्दी", "में", "क्‍या", "?"]),
        ("東京タワーでX線", "ja", ["東", "京", "タ", "ワ", "ー", "で", "X", "線"]),
        ("'a' 1, 2", "en", ["'", "a", "'", "1", ",", "2"]),
        ("....? ?", "en", ["....", "?", "?"]),
    ],
)
def test_tokens_are_words_in_every_script(text: str, lang: str, expected: list[str]) -> None:
    assert tokens(text, lang) == expected


@settings(deadline=None)
@given(TEXT)
def test_tokens_are_all_that_is_no_space(text: str) -> None:
    assert "".join(tokens(text, "en")) == "".join(text.split())
