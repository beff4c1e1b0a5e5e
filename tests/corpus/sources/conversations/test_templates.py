from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from aurora.corpus.conversation import turns_of
from aurora.corpus.document import Document, Quarantined
from aurora.corpus.sources import read_source
from aurora.recipe.sources import ConversationsSource

TRANSLATIONS = [
    {"prompt": "Käännä suomeksi: {translation.en}", "response": "{translation.fi}", "language": "fin_Latn"},
    {
        "prompt": "「{translation.fi}」は英語で？",
        "response": "英語では「{translation.en}」です。",
        "language": "ja",
    },
]
NAMED = {
    "prompt": "Onko arvio hyvä?\n{text} {literal",
    "response": "Arvio on {label}.",
    "names": {"label": {"0": "kielteinen", "1": "myönteinen"}},
}


def read(base: Path, rows: list[Any], **keys: Any) -> list[Document | Quarantined]:
    (base / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    source = ConversationsSource.model_validate({"kind": "conversations", "paths": ["a.jsonl"], **keys})
    return list(read_source("made", source, base, base))


def said(item: Document | Quarantined) -> tuple[str, ...]:
    assert isinstance(item, Document), item
    return tuple(turn.text for turn in turns_of(item.text, item.meta))


def test_each_pair_is_asked_about_once_and_templates_take_turns(tmp_path: Path) -> None:
    rows = [{"translation": {"en": f"river {number}", "fi": f"joki {number}"}} for number in range(200)]
    found = read(tmp_path, rows, templates=TRANSLATIONS)
    assert found == read(tmp_path, rows, templates=TRANSLATIONS)
    of_language: dict[str, set[tuple[str, ...]]] = {"fi": set(), "ja": set()}
    for number, item in enumerate(found):
        assert isinstance(item, Document)
        english, finnish = f"river {number}", f"joki {number}"
        expected = {
            "fi": (f"Käännä suomeksi: {english}", finnish),
            "ja": (f"「{finnish}」は英語で？", f"英語では「{english}」です。"),
        }
        assert said(item) == expected[item.lang]
        of_language[item.lang].add(said(item))
    assert all(80 < len(pairs) < 120 for pairs in of_language.values())


def test_values_have_names(tmp_path: Path) -> None:
    rows = [{"text": "Loistava.", "label": 1}, {"text": "Huono.", "label": "0"}]
    good, bad = read(tmp_path, rows, templates=[NAMED], language="fi")
    assert said(good) == ("Onko arvio hyvä?\nLoistava. {literal", "Arvio on myönteinen.")
    assert said(bad)[1] == "Arvio on kielteinen."
    assert isinstance(good, Document)
    assert good.lang == "fi"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"text": "Hm.", "label": 2}, "the value '2' of label has no name in the template"),
        ({"text": None, "label": 1}, "the key text holds no text"),
        ({"text": " ", "label": 1}, "the key text holds no text"),
        ({"text": ["a"], "label": 1}, "the key text holds no text"),
        ({"label": 1}, "the key text is missing; there are label"),
        ([1], "the line is not a JSON object"),
    ],
)
def test_what_cannot_be_asked_about_says_why(tmp_path: Path, row: Any, reason: str) -> None:
    (found,) = read(tmp_path, [row], templates=[NAMED])
    assert isinstance(found, Quarantined)
    assert reason in found.error


def test_a_template_without_a_value_is_refused() -> None:
    for keys, reason in (
        ({"templates": [{"prompt": "Say something.", "response": "{x}"}]}, "it does not use a {key} of a record"),
        ({"templates": [NAMED], "layout": "columns"}, "give one"),
    ):
        with pytest.raises(ValidationError, match=reason):
            ConversationsSource.model_validate({"kind": "conversations", "paths": ["a"], **keys})
