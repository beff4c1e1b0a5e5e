from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from aurora.corpus.document import Document, Quarantined
from aurora.corpus.sources import provenance, read_source
from aurora.corpus.sources.wheels import DOCUMENT_BYTES, _joined
from aurora.errors import AuroraError, UserError
from aurora.recipe.corpus import Corpus
from aurora.recipe.packages import WheelPin
from aurora.recipe.sources import WheelsSource
from corpus.sources.small_wheels import mo_bytes

Cached = Callable[..., WheelPin]

FINNISH = {
    "Save the file now": "Tallenna tiedosto nyt",
    "Open": "Avaa",
    "Close the window": "Close the window",
    "The file is gone": "Tiedosto on kadonnut",
}


def source(*pins: WheelPin, **keys: Any) -> WheelsSource:
    return WheelsSource(kind="wheels", packages=list(pins), **keys)


def read(given: WheelsSource, cache: Path) -> tuple[list[Document], list[Quarantined]]:
    found = list(read_source("programs", given, cache, cache))
    return [item for item in found if isinstance(item, Document)], [i for i in found if isinstance(i, Quarantined)]


def test_catalogues_of_all_formats(cached: Cached, cache: Path) -> None:
    pin = cached(
        {
            "tiny/locale/fi/LC_MESSAGES/a.mo": mo_bytes(FINNISH),
            "tiny/locale/fi/LC_MESSAGES/b.po": 'msgid "Try it again"\nmsgstr "Yritä sitä uudelleen"\n',
            "tiny/locale/fi/LC_MESSAGES/b.mo": b"not read, as b.po is there",
            "tiny/translations/en.json": json.dumps({"a": "Turn on the light", "b": "Good morning to you"}),
            "tiny/translations/fi.json": json.dumps({"a": "Turn on the light", "b": "Hyvää huomenta sinulle"}),
            "tiny/locale/ja/LC_MESSAGES/a.mo": mo_bytes({"Save": "ファイルを保存してください。"}),
        }
    )
    documents, broken = read(source(pin, languages=["fi", "ja"]), cache)
    finnish, japanese = documents
    assert finnish.text.splitlines() == [
        "Tallenna tiedosto nyt",
        "Tiedosto on kadonnut",
        "Yritä sitä uudelleen",
        "Hyvää huomenta sinulle",
    ]
    assert finnish.url == "pypi:tiny==1.0/tiny/locale/fi/LC_MESSAGES/a.mo#1"
    assert (finnish.lang, finnish.source, finnish.license) == ("fi", "programs", "MIT")
    assert json.loads(finnish.meta) == {
        "wheel": "tiny",
        "version": "1.0",
        "catalogue": "tiny/locale/fi/LC_MESSAGES/a.mo",
    }
    assert (japanese.lang, japanese.text) == ("ja", "ファイルを保存してください。")
    assert not broken


def test_english_is_what_the_catalogues_translate(cached: Cached, cache: Path) -> None:
    files = {f"tiny/locale/{language}/LC_MESSAGES/a.mo": mo_bytes(FINNISH) for language in ("fi", "sv")}
    documents, _ = read(source(cached(files), languages=["en"]), cache)
    assert [(document.lang, document.text.splitlines()) for document in documents] == [
        ("en", ["Close the window", "Save the file now", "The file is gone"])
    ]


def test_broken_catalogues_are_quarantined_and_the_rest_goes_on(cached: Cached, cache: Path) -> None:
    whole = mo_bytes(FINNISH)
    pin = cached(
        {
            "tiny/locale/fi/LC_MESSAGES/a.mo": whole[: len(whole) // 2],
            "tiny/locale/fi/LC_MESSAGES/b.mo": whole,
            "tiny/locale/fi/LC_MESSAGES/c.po": 'msgid "a"\nmsgstr b\n',
            "tiny/translations/fi.json": "{",
        }
    )
    documents, broken = read(source(pin), cache)
    assert len(documents) == 1
    assert [item.where.rpartition("/")[2] for item in broken] == ["a.mo", "c.po", "fi.json"]
    assert {item.lang for item in broken} == {"fi"}
    assert "line 2" in broken[1].error


def test_a_damaged_member_is_quarantined(cached: Cached, cache: Path) -> None:
    pin = cached({"tiny/a.py": '"""A module that says what it is for in one line."""\n', "tiny/b.py": "x = 1\n"})
    (path,) = (cache / "wheels").glob("*/*.whl")
    path.write_bytes(path.read_bytes().replace(b"x = 1\n", b"x = 2\n"))  # its checksum says otherwise
    damaged = pin.model_copy(update={"sha256": hashlib.sha256(path.read_bytes()).hexdigest()})
    path.parent.rename(path.parent.with_name(f"tiny-1.0-{damaged.sha256[:16]}"))
    documents, broken = read(source(damaged, take="sources"), cache)
    assert [document.url for document in documents] == ["pypi:tiny==1.0/tiny/a.py"]
    assert [item.where for item in broken] == ["pypi:tiny==1.0/tiny/b.py"]


def test_lines_met_before_are_left_out_across_wheels(cached: Cached, cache: Path) -> None:
    place = "tiny/locale/fi/LC_MESSAGES/a.mo"
    one = cached({place: mo_bytes({"a b c": "Tallenna tiedosto nyt"})}, "one")
    two = cached({place: mo_bytes({"a b c": "tallenna tiedosto  NYT!", "d e f": "Jotain aivan muuta"})}, "two")
    documents, _ = read(source(one, two), cache)
    assert [document.text for document in documents] == ["Tallenna tiedosto nyt", "Jotain aivan muuta"]


def test_hindi_vowel_signs_make_a_difference(cached: Cached, cache: Path) -> None:
    pin = cached({"t/locale/hi/LC_MESSAGES/a.mo": mo_bytes({"a": "यह काम नया है", "b": "यह कम नये हैं"})})
    documents, _ = read(source(pin), cache)
    assert len(documents[0].text.splitlines()) == 2


@given(st.lists(st.text(min_size=1, max_size=400), max_size=60))
def test_joined_lines_are_all_there_in_texts_of_about_one_size(texts: list[str]) -> None:
    joined = list(_joined([(text.replace("\n", " "), str(number)) for number, text in enumerate(texts)]))
    assert "\n".join(text for text, _ in joined).split("\n") == [text.replace("\n", " ") for text in texts] or not texts
    sizes = [len(text.encode("utf-8", "surrogatepass")) for text, _ in joined]
    largest = max((len(text.encode("utf-8", "surrogatepass")) for text in texts), default=0)
    if len(sizes) > 1:
        assert min(sizes) >= 0.6 * DOCUMENT_BYTES - largest
        assert max(sizes) <= 1.5 * DOCUMENT_BYTES + largest + len(texts)


MODULE = '"""%s is a module that says in one line what it is good for."""\n\n\ndef f():\n    return 1\n'


def test_docstrings_and_sources_leave_tests_and_vendored_code_out(cached: Cached, cache: Path) -> None:
    names = ["a", "b_test", "test_c", "tests/d", "_vendor/e/f", "g/h", "conftest"]
    pin = cached({f"tiny/{name}.py": MODULE % name for name in names} | {"tiny/broken.py": "def ("})
    documents, broken = read(source(pin, take="docstrings"), cache)
    assert [(document.url, document.lang) for document in documents] == [
        ("pypi:tiny==1.0/tiny/a.py", "en"),
        ("pypi:tiny==1.0/tiny/g/h.py", "en"),
    ]
    assert documents[0].text == "a is a module that says in one line what it is good for."
    assert [item.where for item in broken] == ["pypi:tiny==1.0/tiny/broken.py"]
    documents, broken = read(source(pin, take="sources"), cache)
    assert [document.url.rpartition("/")[2] for document in documents] == ["a.py", "broken.py", "h.py"]
    assert {document.lang for document in documents} == {"code"}
    assert documents[0].text == MODULE % "a"


def test_sentences(cached: Cached, cache: Path) -> None:
    content = "fi\tHyvää huomenta.\nde\tGuten Morgen.\nno label\nhi\tसुप्रभात मित्रों।\n".encode() + b"fi\t\xff\nfi\tHei!"
    pin = cached({"eld/tests/data/big-test.txt": content, "eld/other.txt": "fi\tMuu"})
    documents, broken = read(source(pin, take="sentences", files="*big-test.txt", languages=["fi", "hi"]), cache)
    assert [(document.lang, document.text) for document in documents] == [
        ("fi", "Hyvää huomenta."),
        ("hi", "सुप्रभात मित्रों।"),
        ("fi", "Hei!"),
    ]
    assert documents[2].url.endswith("big-test.txt#6")
    assert [item.where.rpartition("/")[2] for item in broken] == ["big-test.txt:5"]


def test_the_limit_holds_for_each_language_and_ends_reading(
    cached: Cached, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins = [cached({f"tiny/{number}.py": f"x = {number}\n" * 50}, f"p{number}") for number in range(5)]
    found = read_source("code", source(*pins, take="sources", limit_megabytes=0.0005), cache, cache)
    texts = [item.text for item in found if isinstance(item, Document)]
    assert len(texts) == 2
    messages = {str(number): f"tämä on viesti {'abcdefghij'[number % 10] * (number + 1)}" for number in range(200)}
    files = {
        f"t/locale/{lang}/LC_MESSAGES/a.mo": mo_bytes({k: f"{v} {lang}" for k, v in messages.items()})
        for lang in ("fi", "et")
    }
    documents, _ = read(source(cached(files, "many"), limit_megabytes=0.002), cache)
    sizes = {lang: sum(len(d.text.encode()) for d in documents if d.lang == lang) for lang in ("fi", "et")}
    assert all(2000 <= size <= 4000 for size in sizes.values())


def test_a_wheel_that_is_none_is_named_and_leaves_the_cache(cached: Cached, cache: Path) -> None:
    pin = cached({})
    (path,) = (cache / "wheels").glob("*/*.whl")
    path.write_bytes(b"no archive")
    broken = pin.model_copy(update={"sha256": hashlib.sha256(b"no archive").hexdigest()})
    shutil.move(path.parent, path.parent.with_name(f"tiny-1.0-{broken.sha256[:16]}"))
    with pytest.raises(AuroraError, match=r"tiny 1\.0 cannot be unpacked") as caught:
        read(source(broken), cache)
    assert caught.value.exit_code == 1
    assert not list((cache / "wheels").iterdir())


def test_the_same_text_every_time(cached: Cached, cache: Path) -> None:
    pin = cached({f"tiny/{name}/locale/fi/LC_MESSAGES/a.mo": mo_bytes(FINNISH) for name in ("b", "a")})
    assert read(source(pin), cache) == read(source(pin), cache)


def test_provenance_fetches_nothing(cache: Path) -> None:
    facts = provenance("programs", WheelsSource(kind="wheels", sets=["light"]), cache, cache)
    assert not cache.exists()
    assert {"name": "Django", "version": "5.2", "license": "BSD-3-Clause"}.items() <= facts["packages"][0].items()
    assert len(facts["packages"][0]["sha256"]) == 64


def test_no_package_at_all(cache: Path) -> None:
    with pytest.raises(UserError, match=r"corpus\.sources\.programs names no package"):
        read(source(), cache)


@pytest.mark.parametrize(
    "keys", [{"sets": ["eld"]}, {"packages": [WheelPin(name="ELD", version="1", sha256="a" * 64)]}]
)
def test_the_measuring_text_is_no_training_source(keys: dict[str, Any]) -> None:
    web = WheelsSource(kind="wheels", take="sentences", **keys)
    with pytest.raises(ValidationError, match=r"sources\.web: eld is text for measuring only"):
        Corpus(sources={"web": web})
    text = WheelsSource(kind="wheels", sets=["light"])
    assert Corpus(sources={"text": text}, other_domain={"web": web}).other_domain == {"web": web}
