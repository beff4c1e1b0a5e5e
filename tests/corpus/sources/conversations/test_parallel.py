"""Messages of programs with their translations, asked about by templates."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from aurora.corpus.conversation import turns_of
from aurora.corpus.document import Document, Quarantined
from aurora.corpus.sources import provenance, read_source
from aurora.errors import UserError
from aurora.recipe.corpus import Corpus
from aurora.recipe.packages import WheelPin
from aurora.recipe.sources import ConversationsSource
from corpus.sources.small_wheels import mo_bytes

Cached = Callable[..., WheelPin]
TEMPLATES = [
    {"prompt": "Käännä: {translation.en}", "response": "{translation.fi}", "language": "fi"},
    {"prompt": "訳して: {translation.en}", "response": "{translation.ja}", "language": "ja"},
    {"prompt": "Translate: {translation.fi}", "response": "{translation.en}", "language": "en"},
]
FINNISH = {"Save the file now": "Tallenna tiedosto nyt", "Open": "Avaa", "The file is gone": "The file is gone"}
JAPANESE = {"Save the file now": "ファイルを保存してください。", "The file is gone": "ファイルがなくなりました。"}


def source(*pins: WheelPin, **keys: Any) -> ConversationsSource:
    given = {"templates": TEMPLATES, "asked": "in-every-language", **keys}
    packages = {"packages": [pin.model_dump() for pin in pins], **given.pop("wheels", {})}
    return ConversationsSource.model_validate({"kind": "conversations", "wheels": packages, **given})


def asked(found: list[Document | Quarantined]) -> list[tuple[str, ...]]:
    return [
        (item.lang, *(turn.text for turn in turns_of(item.text, item.meta)))
        for item in found
        if isinstance(item, Document)
    ]


def read(given: ConversationsSource, cache: Path) -> list[Document | Quarantined]:
    return list(read_source("talks", given, cache, cache))


def test_a_message_is_asked_about_once_in_every_language_that_it_has(cached: Cached, cache: Path) -> None:
    files = {
        "tiny/locale/fi/LC_MESSAGES/a.mo": mo_bytes(FINNISH),
        "tiny/locale/ja/LC_MESSAGES/a.mo": mo_bytes(JAPANESE),
        "tiny/locale/vi/LC_MESSAGES/a.mo": mo_bytes({"Save the file now": "Lưu tập tin này ngay bây giờ"}),
        "tiny/translations/fi.json": json.dumps({"a": "Hyvää huomenta sinulle"}),  # without what it translates
    }
    pin = cached(files)
    found = read(source(pin), cache)
    assert asked(found) == [
        ("fi", "Käännä: Save the file now", "Tallenna tiedosto nyt"),
        ("ja", "訳して: Save the file now", "ファイルを保存してください。"),
        ("en", "Translate: Tallenna tiedosto nyt", "Save the file now"),
        ("ja", "訳して: The file is gone", "ファイルがなくなりました。"),
    ]
    first = found[0]
    assert isinstance(first, Document)
    assert (first.license, first.url) == ("MIT", "pypi:tiny==1.0/tiny/locale/*a.mo#1")
    assert asked(read(source(pin, wheels={"languages": ["ja"]}), cache)) == asked(found)[1::2]
    once = asked(read(source(pin, asked="once"), cache))
    assert len(once) == 2
    assert set(once) <= set(asked(found))


def test_a_message_met_before_is_not_asked_about_again(cached: Cached, cache: Path) -> None:
    first = cached({"a/locale/fi/LC_MESSAGES/a.mo": mo_bytes({"Save the file now": "Tallenna tiedosto nyt"})}, "a")
    again = {"save the file, now!": "Talleta se", "Close the old window": "Sulje vanha ikkuna nyt"}
    second = cached({"b/locale/fi/LC_MESSAGES/b.mo": mo_bytes(again)}, "b")
    found = asked(read(source(first, second), cache))
    assert [prompt for lang, prompt, _ in found if lang == "fi"] == [
        "Käännä: Save the file now", "Käännä: Close the old window",
    ]  # fmt: skip


def test_a_broken_catalogue_is_quarantined_and_the_rest_read(cached: Cached, cache: Path) -> None:
    pin = cached(
        {
            "tiny/locale/fi/LC_MESSAGES/a.mo": b"no catalogue",
            "tiny/locale/ja/LC_MESSAGES/a.mo": mo_bytes(JAPANESE),
        }
    )
    broken, *rest = read(source(pin), cache)
    assert isinstance(broken, Quarantined)
    assert broken.where == "pypi:tiny==1.0/tiny/locale/fi/LC_MESSAGES/a.mo"
    assert len(asked(rest)) == 2


def test_what_a_source_of_packages_must_say(cache: Path) -> None:
    for keys, reason in (
        ({"templates": []}, "give `templates`"),
        ({"dataset": "owner/set"}, "give exactly one of `paths`, `dataset` and `wheels`"),
    ):
        with pytest.raises(ValidationError, match=reason):
            source(wheels={"sets": ["light"]}, **keys)
    for only, without, reason in (
        (["Django", "nothing"], [], "corpus.sources.talks: only names nothing, which is in none of its sets"),
        ([], ["django-nothing"], "corpus.sources.talks: without names django-nothing"),
        (["django"], ["DJANGO"], "names no package"),
    ):
        with pytest.raises(UserError, match=reason):
            provenance("talks", source(wheels={"sets": ["light"], "only": only, "without": without}), cache, cache)
    with pytest.raises(ValidationError, match="eld is text for measuring only"):
        Corpus(sources={"talks": source(wheels={"sets": ["eld"]})})


def test_packages_of_a_set_are_chosen(cache: Path) -> None:
    chosen = source(wheels={"sets": ["light"], "only": ["django", "Thonny"], "without": ["Thonny"]})
    (package,) = provenance("talks", chosen, cache, cache)["packages"]
    assert package["name"] == "Django"
