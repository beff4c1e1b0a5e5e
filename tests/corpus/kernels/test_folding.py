from __future__ import annotations

import re
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.corpus.kernels.columns import concatenated
from aurora.corpus.kernels.overlap import run_hashes


def tokens(text: str) -> tuple[int, int]:
    """(tokens, width) of a text."""
    _, _, counts, widths = run_hashes(*concatenated([text.encode()]))
    return int(counts[0]), int(widths[0])


def alike(one: str, other: str) -> bool:
    hashes, texts, _, _ = run_hashes(*concatenated([one.encode(), other.encode()]))
    return bool(np.array_equal(hashes[texts == 0], hashes[texts == 1]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (0, 0)),
        ("...—", (0, 0)),
        ("Two words", (2, 8)),
        ("don't", (1, 4)),
        ("keltaisia päärynöitä", (2, 19)),
        ("हिन्दी में", (2, 4)),
        ("日本のカメラ", (6, 12)),
        ("ガ", (1, 2)),
        ("iPhone14を2台", (4, 13)),
        ("đường Lê Lợi", (3, 10)),
        ("a\u00adb\u200dc", (1, 3)),
        ("१२३", (1, 3)),
    ],
)
def test_tokens_and_what_they_say(text: str, expected: tuple[int, int]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("ﬁle ﬀ", "file ff"),
        ("Ｆｕｌｌ　１２", "full 12"),
        ("ｶﾞｷﾞ", "ガギ"),
        ("Được phép", unicodedata.normalize("NFD", "ĐƯỢC PHÉP")),
        ("क़लम", unicodedata.normalize("NFD", "क़लम")),
        ("it’s", "IT'S"),
        ("a, b", "(A)\nB!"),
        ("日本 語", "日本語"),
        ("㎏", "kg"),
    ],
)
def test_spellings_that_fold_alike(one: str, other: str) -> None:
    assert alike(one, other)


@pytest.mark.parametrize(("one", "other"), [("か", "が"), ("a b", "ab"), ("कि", "की"), ("ma", "má"), ("12", "21")])
def test_spellings_that_differ(one: str, other: str) -> None:
    assert not alike(one, other)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cn", "Co"])))
def test_case_and_forms_never_matter(text: str) -> None:
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    # Characters that a form makes of a sign ("¼", "㎏", "(a)") may join or part tokens; all others are compared.
    if all(len(unicodedata.normalize("NFKC", character)) == 1 for character in text):
        assert tokens(folded)[0] == tokens(text)[0]
        decomposed = unicodedata.normalize("NFD", text)
        # Marks are compared in the order they have; the plan puts them into the one order before it looks.
        if "".join(unicodedata.normalize("NFD", character) for character in text) == decomposed:
            assert alike(text, decomposed)


@settings(deadline=None)
@given(st.lists(st.text("abcxyzäöé", min_size=1, max_size=6), max_size=30))
def test_ascii_and_accented_words_are_those_of_a_pattern(words: list[str]) -> None:
    text = "; ".join(words)
    assert tokens(text)[0] == len(re.findall(r"\w+", text))
