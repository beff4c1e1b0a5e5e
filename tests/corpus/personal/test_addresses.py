"""Where addresses end: every test of a language's file decides, and none reads outside of a document."""

import numpy as np
import pytest
import yaml

from aurora.corpus.personal.addresses import address_languages, addresses_of
from aurora.corpus.personal.patterns import sought
from aurora.corpus.personal.places import KINDS, scan
from aurora.languages import lookup


@pytest.fixture
def faroese(tmp_path):
    """Takes the addresses of a made-up file of Faroese."""

    def use(**addresses):
        table = {"language": "fo", "name": "Faroese", "own_name": "føroyskt"}
        table["personal_data"] = {"addresses": {"fake": "Gøta {0}"} | addresses}
        path = tmp_path / "fo.yaml"
        path.write_text(yaml.safe_dump(table, allow_unicode=True), encoding="utf-8")
        lookup.use([path])

    yield use
    lookup.use([])


def found(text, lang="fo"):
    """The places of addresses in a text."""
    data = np.frombuffer(text.encode(), np.uint8)
    languages = np.array([address_languages().get(lang, 0)], np.uint8)
    places, _ = scan(np.array([0, len(data)], np.int64), data, languages, sought())
    return [
        bytes(data[start:end]).decode(errors="replace") for kind, start, end in places if KINDS[kind] == "addresses"
    ]


@pytest.mark.parametrize(
    ("end", "held", "absent"),
    [
        ({"digits": [3, 3]}, "x 100", "x 10"),
        ({"digits": [3, 3]}, "x 100", "x 1000"),
        ({"groups": [2, 2]}, "x 12-3", "x 123"),
        ({"last_group": 2}, "x 1-23", "x 12-3"),
        ({"before": ["word", ",", " "]}, "8, 100", "8; 100"),
        ({"before": ["capital", " "]}, "FO 100", "fo 100"),
        ({"before": ["wide"]}, "町100", "x100"),
        ({"after": ["ø", "-x"]}, "100ø", "100"),
        ({"after": ["ø", "-x"]}, "100-x", "100-y"),
    ],
)
def test_each_test_of_an_end_decides(faroese, end, held, absent):
    faroese(ends=[end])
    assert len(found(held)) == 1
    assert found(absent) == []
    assert found(held, "en") == []


@pytest.mark.parametrize("text", ["100", ", 100", " 100", "FO", "町", ""])
def test_a_document_that_ends_early_has_none(faroese, text):
    faroese(ends=[{"before": ["word", ",", " "]}])
    assert found(text) == []


def test_a_word_behind_the_number_is_found_in_either_case(faroese):
    faroese(words=["gøta "])
    assert len(found("12 Gøta í Havn")) == len(found("12 gøta í Havn")) == 1
    assert found("12 gata í Havn") == []
    assert found("12" + " " * 200 + "gøta ") == []


def test_a_language_without_addresses_costs_nothing():
    assert "fo" not in address_languages()
    assert addresses_of("fo") is None
    assert found("8, 100") == []
