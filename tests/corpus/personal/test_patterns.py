"""The file of patterns: what is added to it is found, and what would never be found is refused in a sentence."""

from dataclasses import replace

import pytest

from aurora.corpus.personal import find as personal_data
from aurora.corpus.personal.find import find
from aurora.corpus.personal.patterns import all_patterns
from aurora.errors import UserError
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
    ({"kind": "addresses", "pattern": r"Gatan \d{1,3}", "langs": ["sv"], "example": "Gatan 12"}, "language 'sv'"),
    ({"kind": "assigned", "pattern": "{name}=[a-z]{9}", "name": "key[a-z]{2}"}, "ends with fewer than 2 certain"),
    ({"kind": "assigned", "pattern": "key=[a-z]{9}", "name": "key"}, "no {name}"),
    ({"kind": "assigned", "pattern": "key=[a-z]{9}"}, "it has no 'name'"),
    ({"kind": "token", "pattern": "abc_"}, "its kind 'token' is none of"),
    ({"kind": "tokens", "pattern": "abc_", "check": "lunh"}, "its check 'lunh' is none of"),
    ({"kind": "tokens", "pattern": "abc_", "cue": "x"}, "its cue 'x' is none of"),
    ({"kind": "tokens", "pattern": "abc_", "veto": ["x"]}, "its veto 'x' is none of"),
    ({"kind": "tokens", "pattern": "abc_", "lang": "fi"}, "'lang' is no key of a pattern"),
    ({"kind": "tokens", "pattern": "abc_{lfet}"}, "{lfet} is none of the parts"),
    ({"type": "sceret", "kind": "tokens", "pattern": "abc_"}, "its type 'sceret' is none of"),
]


@pytest.mark.parametrize(("entry", "why"), REFUSED)
def test_a_pattern_that_would_find_nothing_is_refused(entry, why):
    with added_pattern(**{"type": "secret", **entry}) as line, pytest.raises(UserError) as refused:
        find("nothing to be found", "en")
    assert why in str(refused.value)
    assert f"personal_data.yaml, line {line}: the pattern {entry['pattern'][:60]!r}" in str(refused.value)


def test_every_pattern_finds_its_example_alone(monkeypatch):
    """Each is tried without the others, its cue and its check: what it is for is found whole."""
    for pattern in all_patterns():
        if not pattern.example or pattern.value:
            continue
        for lang in pattern.langs or ("und",):
            alone = replace(pattern, cue=None, check="", before=None, after=None)
            monkeypatch.setattr(personal_data, "patterns", lambda _, kind, p=alone: (p,) if p.place == kind else ())
            found = [(one.start, one.end) for one in find(f"x {pattern.example} x", lang)]
            assert found == [(2, 2 + len(pattern.example))], pattern.entry
