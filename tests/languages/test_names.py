"""Names of languages without a file: each under the tag that a label becomes, and none that a file has."""

from __future__ import annotations

import pytest

from aurora.languages import lookup
from aurora.languages.labels import canonical, primary
from aurora.languages.names import NAMES


@pytest.mark.parametrize("tag", sorted(NAMES))
def test_a_name_stands_under_the_tag_that_a_label_becomes(tag: str) -> None:
    assert canonical(tag) == tag == primary(tag)
    name = NAMES[tag]
    assert name.strip() == name
    assert name[0].isupper() or tag == "und"
    assert lookup.language_name(tag) == name


def test_no_language_has_two_names_and_no_name_two_languages() -> None:
    assert not NAMES.keys() & set(lookup.codes())
    names = [*NAMES.values(), *map(lookup.language_name, lookup.codes())]
    assert len(set(names)) == len(names)


def test_a_name_promises_nothing() -> None:
    assert lookup.find("de") is None
    assert lookup.without_file(["de"]) == ["de"]
