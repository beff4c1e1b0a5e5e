"""How secrets begin and names of secrets end, told from patterns."""

import pytest

from aurora.corpus.personal.beginnings import LONGEST, UnreachableError, beginnings, endings


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("lin_api_[A-Za-z0-9]{40}", ["lin_api_"]),
        ("gh[po]_[a-z]{9}", ["gho_", "ghp_"]),
        ("sk-(?:ant|proj)-[a-z]{9}", ["sk-ant-", "sk-proj-"]),
        ("a?bcd[a-z]{3}", ["abcd", "bcd"]),
        ("(?i:ab)_[a-z]", ["AB_", "Ab_", "aB_", "ab_"]),
        ("(?i)a(?-i:b)c", ["AbC", "Abc", "abC", "abc"]),
        ("(?:ab){2,3}c", ["abababc", "ababc"]),
        ("x(?:a|)yz", ["xayz", "xyz"]),
        ("(?>abc)d{2}", ["abcdd"]),
        ("abcdefghijkl", ["abcdefgh"]),
        ("abc(?=d)", ["abc"]),
        ("avainäö", ["avain"]),
    ],
)
def test_all_forms_of_a_beginning_are_told(pattern, told):
    assert [one.characters for one in beginnings(pattern)] == told


def test_many_forms_are_told_as_far_as_they_are_few():
    found = {one.characters for one in beginnings("(?i:abcdefghij)")}
    assert len(found) == 64
    assert {one.lower() for one in found} == {"abcdef"}


@pytest.mark.parametrize(
    ("pattern", "begins_word"),
    [
        ("(?<![A-Za-z0-9_])abc", True),
        ("(?:(?<![A-Za-z0-9_])abc)", True),
        ("(?<![A-Za-z])abc", False),
        ("(?<=[A-Za-z0-9_])abc", False),
        ("abc(?<![A-Za-z0-9_])", False),
        ("abc", False),
    ],
)
def test_what_begins_a_word_is_told(pattern, begins_word):
    assert [one.begins_word for one in beginnings(pattern)] == [begins_word]


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("[A-Za-z0-9]{40}", "fewer than 3 certain ASCII characters"),
        ("ab[0-9]{40}", "fewer than 3 certain ASCII characters"),
        ("abc_[0-9]{40}|[a-z]{40}", "fewer than 3 certain ASCII characters"),
        ("äöabc", "fewer than 3 certain ASCII characters"),
        ("[^a]bcd", "fewer than 3 certain ASCII characters"),
        (f"abc[0-9]{{{LONGEST}}}", "may match more than 40,000 characters"),
        ("abc[0-9]+", "may match more than 40,000 characters"),
        (r"abc\p{Lu}", "is none that the re module of Python reads"),
    ],
)
def test_what_cannot_be_looked_for_is_refused(pattern, why):
    with pytest.raises(UnreachableError, match=why):
        beginnings(pattern)


def test_endings_of_names_are_told():
    assert endings("(?i:secret|passw(?:or)?d)(?:[_-]?(?:id|KEY))?") == ["et", "ey", "id", "rd", "wd"]
    with pytest.raises(UnreachableError, match="ends with fewer than 2 certain"):
        endings("secret[a-z]{2}")
