"""Fakes are consistent, keep the form, and can be nobody's."""

import ipaddress

import pytest

from aurora.corpus.personal.check_digits import cccd, henkilotunnus, iban, luhn, public_address, ssn
from aurora.corpus.personal.fakes import fake

KEY = b"key"


def test_the_same_value_is_the_same_fake_however_written():
    written = {fake("digits", value, "en", KEY, "000").replace("-", "") for value in ("415-642-4948", "4156424948")}
    assert len(written) == 1


def test_another_key_or_value_gives_another_fake():
    made = {fake("email", value, "en", key) for value in ("a@b.example", "c@b.example") for key in (b"1", b"2")}
    assert len(made) == 4


def test_digits_keep_their_form():
    made = fake("digits", "(415) 642-4948", "en", KEY, "000")
    assert made.startswith("(000) ")
    assert [character.isdigit() for character in made] == [character.isdigit() for character in "(415) 642-4948"]


def test_no_fake_is_a_real_number():
    assert not iban(fake("iban", "GB82WEST12345698765432", "en", KEY))
    assert not henkilotunnus(fake("digits", "131052-308T", "fi", KEY, "000000"))
    assert not ssn(fake("digits", "219099999", "en", KEY, "000"))
    assert not cccd(fake("digits", "001099012345", "vi", KEY, "000"))
    assert fake("digits", "4111111111111111", "en", KEY, "0000").startswith("0000")
    assert luhn("4111111111111111")


@pytest.mark.parametrize(("kind", "value"), [("ipv4", "8.8.8.8"), ("ipv6", "2001:4860:4860::8888")])
def test_addresses_lie_in_documentation_networks(kind, value):
    made = fake(kind, value, "en", KEY)
    assert ipaddress.ip_address(made)
    assert not public_address(made)


@pytest.mark.parametrize("lang", ["en", "fi", "hi", "ja", "vi", "und"])
def test_a_street_is_in_the_document_s_language(lang):
    assert fake("address", "anything 1", lang, KEY) == fake("address", "anything 1", lang, KEY)
    assert ("Example" in fake("address", "anything 1", lang, KEY)) == (lang in ("en", "und"))


def test_a_secret_says_that_it_is_none():
    assert fake("secret", "hunter2hunter2hunter2", "code", KEY).startswith("EXAMPLE_KEY_")


def test_a_pan_keeps_its_form():
    assert fake("pan", "ABCPE1234F", "hi", KEY)[5:9].isdigit()
