"""Fakes are consistent, keep the form, and can be nobody's."""

import ipaddress
import re

import pytest

from aurora.corpus.personal.addresses import addresses_of
from aurora.corpus.personal.check_digits import iban, luhn, public_address
from aurora.corpus.personal.definitions import types
from aurora.corpus.personal.fakes import fake
from aurora.corpus.personal.find import find

KEY = b"key"


def made_up(name, value, key=KEY):
    return fake(types()[name], value, key)


def test_the_same_value_is_the_same_fake_however_written():
    written = {made_up("phone", value).replace("-", "") for value in ("415-642-4948", "4156424948")}
    assert len(written) == 1


def test_another_key_or_value_gives_another_fake():
    made = {made_up("email", value, key) for value in ("a@b.example", "c@b.example") for key in (b"1", b"2")}
    assert len(made) == 4


def test_digits_keep_their_form():
    made = made_up("phone", "(415) 642-4948")
    assert made.startswith("(000) ")
    assert [character.isdigit() for character in made] == [character.isdigit() for character in "(415) 642-4948"]


def test_no_fake_is_a_real_number():
    assert not iban(made_up("iban", "GB82WEST12345698765432"))
    for name, value in (
        ("henkilotunnus", "131052-308T"),
        ("ssn", "219-09-9999"),
        ("cccd", "001099012345"),
        ("aadhaar", "9999 4105 7058"),
        ("my-number", "1234 5678 9018"),
    ):
        for lang in ("en", "fi", "hi", "ja", "vi"):
            assert name not in [one.type for one in find(made_up(name, value), lang)]
    assert made_up("card", "4111111111111111").startswith("0000")
    assert luhn("4111111111111111")


@pytest.mark.parametrize(("kind", "value"), [("ipv4", "8.8.8.8"), ("ipv6", "2001:4860:4860::8888")])
def test_addresses_lie_in_documentation_networks(kind, value):
    made = made_up(kind, value)
    assert ipaddress.ip_address(made)
    assert not public_address(made)


@pytest.mark.parametrize("lang", ["en", "fi", "hi", "ja", "vi"])
def test_a_street_is_in_the_document_s_language(lang):
    street = addresses_of(lang).fake
    made = fake(types()["address"], "anything 1", KEY, street)
    assert made == fake(types()["address"], "anything 1", KEY, street)
    assert made.startswith(street.partition("{0}")[0])
    assert ("Example" in made) == (lang == "en")


def test_a_secret_says_that_it_is_none():
    assert made_up("secret", "hunter2hunter2hunter2").startswith("EXAMPLE_KEY_")


def test_a_pan_keeps_its_form():
    assert re.fullmatch(r"ZZZZZ\d{4}Z", made_up("pan", "ABCPE1234F"))
