from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from aurora.redteam.review.log.values import ItemId, Name, Text, Time, cleaned, plain


@pytest.mark.parametrize("text", ["", "a\tb\nc", "日本語", "हिन्दी", "e\u0301 \u200d \U0001f600"])
def test_text_of_any_language_is_kept(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize("letter", ["\x00", "\r", "\x1b", "\x7f", "\x85", "\udc00"], ids=range(6))
def test_what_is_no_text_is_refused_by_its_place(letter: str) -> None:
    with pytest.raises(ValueError, match="at character 3"):
        plain(f"ab{letter}c")


def test_texts_from_elsewhere_can_be_cleaned() -> None:
    assert cleaned("a\r\nb\rc\x00\ud800d") == "a\nb\ncd"
    assert plain(cleaned("".join(map(chr, range(0x250)))))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Name, "../x"),
        (Name, "Ann"),
        (Name, "a" * 65),
        (Name, "a\n"),
        (ItemId, ".hidden"),
        (ItemId, "a/b"),
        (ItemId, "a\n"),
        (Time, "2026-11-30T10:00:00Z"),
        (Time, "2026-11-30 10:00:00.000Z"),
        (Text, "a" * 100_001),
    ],
    ids=range(10),
)
def test_values_of_another_form_are_refused(kind: object, value: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)
