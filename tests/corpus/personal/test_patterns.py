"""The file of patterns: what is added to it is found, and what would never be found is refused in a sentence."""

from dataclasses import replace

import pytest

from aurora.corpus.personal import find as personal_data
from aurora.corpus.personal.definitions import definitions
from aurora.corpus.personal.find import find
from aurora.corpus.personal.patterns import all_patterns
from aurora.errors import UserError
from aurora.languages import lookup
from corpus.added_pattern import added_pattern


@pytest.mark.parametrize("left", ["", "{key_left}", r"\b", "(?<![A-Za-z0-9_])"])
def test_a_pattern_is_all_that_a_new_kind_of_key_needs(left):
    texts = ["token = 'lin_api_" + body + "'" for body in ("aB3" * 13 + "x", "a" * 40)]
    assert all("lin_api_" not in text[one.start : one.end] for text in texts for one in find(text, "code"))
    with added_pattern(type="secret", kind="tokens", pattern=left + "lin_api_[A-Za-z0-9]{40}"):
        for text in texts:
            assert [text[one.start : one.end] for one in find(text, "code")] == [text[9:-1]]


def test_a_name_is_all_that_a_new_kind_of_assignment_needs():
    text = "kahvi = zX81kQp0Lm37vTy92bNc"
    assert find(text, "code") == []
    with added_pattern(type="secret", kind="assigned", name="kahvi", pattern="{name} = (?P<value>[A-Za-z0-9]{16,40})"):
        assert [text[found.start : found.end] for found in find(text, "code")] == ["zX81kQp0Lm37vTy92bNc"]


REFUSED = [
    ({"kind": "tokens", "pattern": "[A-Za-z0-9]{40}"}, "begins with fewer than 3 certain ASCII characters"),
    ({"kind": "tokens", "pattern": "abc_[a-z]{9}|[a-z]{40}"}, "begins with fewer than 3 certain ASCII characters"),
    ({"kind": "tokens", "pattern": "abc_[a-z]{40000}"}, "may match more than 40,000 characters"),
    ({"kind": "tokens", "pattern": "abc_[a-z]+"}, "without an upper bound"),
    ({"kind": "tokens", "pattern": "abc_[a-z]{9,}"}, "without an upper bound"),
    ({"kind": "tokens", "pattern": "abc_(a"}, "never be reached"),
    ({"kind": "digits", "pattern": r"\d{5}", "example": "12345"}, "never be reached: in its example '12345'"),
    ({"kind": "digits", "pattern": r"\d{7}", "example": "no digits"}, "never be reached"),
    ({"kind": "digits", "pattern": r"\d{7}"}, "it has no 'example'"),
    ({"kind": "at", "pattern": "[a-z]{9}", "example": "jane at example"}, "never be reached"),
    ({"kind": "colons", "pattern": "(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", "example": "00:1a:2b:3c:4d:5e"}, "never be"),
    ({"kind": "addresses", "pattern": r"Gatan \d{1,3}", "example": "Gatan 12"}, "kind addresses need this table"),
    ({"kind": "assigned", "pattern": "{name}=[a-z]{9}", "name": "key[a-z]{2}"}, "ends with fewer than 2 certain"),
    ({"kind": "assigned", "pattern": "key=[a-z]{9}", "name": "key"}, "no {name}"),
    ({"kind": "assigned", "pattern": "key=[a-z]{9}"}, "it has no 'name'"),
    ({"kind": "token", "pattern": "abc_"}, "'token' is none of at, digits"),
    ({"kind": "tokens", "pattern": "abc_", "check": "lunh"}, "its check 'lunh' is none of"),
    ({"kind": "tokens", "pattern": "abc_", "cue": "x"}, "its cue 'x' is none of"),
    ({"kind": "tokens", "pattern": "abc_", "veto": ["x"]}, "its veto 'x' is none of"),
    ({"kind": "tokens", "pattern": "abc_", "lang": "fi"}, "unknown key patterns.33.lang"),
    ({"kind": "tokens", "pattern": "abc_{lfet}"}, "{lfet} is none of the parts"),
    ({"type": "sceret", "kind": "tokens", "pattern": "abc_"}, "its type 'sceret' is none of"),
]


@pytest.mark.parametrize(("entry", "why"), REFUSED)
def test_a_pattern_that_would_find_nothing_is_refused(entry, why):
    with added_pattern(**{"type": "secret", **entry}) as line, pytest.raises(UserError) as refused:
        find("nothing to be found", "en")
    assert why in str(refused.value)
    assert f"personal_data.yaml, line {line}: " in str(refused.value) or entry["kind"] == "addresses"


def test_every_pattern_finds_its_example_alone(monkeypatch):
    """Each is tried without the others, its cue and its check: what it is for is found whole."""
    for pattern in all_patterns():
        entry = pattern.definition.entry
        if not entry.example or pattern.value:
            continue
        untested = pattern.definition.entry.model_copy(update={"check": None, "remainder": None})
        definition = replace(pattern.definition, entry=untested)
        alone = replace(pattern, definition=definition, cue=None, before=None, after=None)
        monkeypatch.setattr(personal_data, "patterns", lambda _, kind, p=alone: (p,) if p.kind == kind else ())
        found = [(one.start, one.end) for one in find(f"x {entry.example} x", pattern.definition.language or "und")]
        assert found == [(2, 2 + len(entry.example))], entry


def test_what_is_told_with_certainty_goes_before_what_only_looks_so():
    told = [
        (one.entry.type, one.language, one.entry.cue is not None) for one in definitions() if one.entry.kind == "digits"
    ]
    order = [
        ("henkilotunnus", "fi", False),  # nothing else looks so
        ("my-number", "ja", True),  # a word names it
        ("phone", "", True),
        ("my-number", "ja", False),  # its last digit holds
        ("card", "", False),
        ("cccd", "vi", False),  # it only looks so
        ("phone", "", False),
        ("phone", "vi", False),
    ]
    places = [told.index(one) for one in order]
    assert places == sorted(places)


def test_a_type_has_one_file(tmp_path):
    path = tmp_path / "fo.yaml"
    types = "personal_data: {types: {email: {placeholder: <EMAIL>, fake: email}}}"
    path.write_text(f"language: fo\nname: Faroese\nown_name: føroyskt\n{types}\n", encoding="utf-8")
    lookup.use([path])
    try:
        with pytest.raises(UserError, match=r"fo\.yaml, line 4: another file has a type email; rename this one"):
            find("nothing to be found", "en")
    finally:
        lookup.use([])
