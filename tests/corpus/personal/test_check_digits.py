"""Check digits: each test accepts its own published example and, by property, no single wrong digit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.personal.check_digits import (
    CHECKS,
    iban,
    last_follows,
    luhn,
    public_address,
    verhoeff,
)
from aurora.corpus.personal.find import find
from aurora.languages import lookup

numbers = st.text("0123456789", min_size=2, max_size=18)


def completed(check, digits):
    """The digits with the one that makes them pass."""
    return next(digits + last for last in "0123456789" if check(digits + last))


@pytest.mark.parametrize("check", [luhn, verhoeff])
@given(data=st.data())
def test_one_wrong_digit_never_passes(check, data):
    digits = completed(check, data.draw(numbers))
    place = data.draw(st.integers(0, len(digits) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != digits[place]]))
    assert not check(digits[:place] + other + digits[place + 1 :])


@given(numbers, st.data())
def test_verhoeff_catches_swapped_neighbours(digits, data):
    whole = completed(verhoeff, digits)
    place = data.draw(st.integers(0, len(whole) - 2))
    swapped = whole[:place] + whole[place + 1] + whole[place] + whole[place + 2 :]
    assert swapped == whole or not verhoeff(swapped)


def test_published_examples():
    assert luhn("79927398713")
    assert verhoeff("2363")
    assert iban("GB82WEST12345698765432")
    assert iban("FI2112345600000785")


@given(st.text("0123456789", min_size=14, max_size=14), st.data())
def test_an_iban_holds_its_remainder(account, data):
    bare = int(account + "151800")  # FI is 15 18
    value = f"FI{98 - bare % 97:02d}{account}"
    assert iban(value)
    place = data.draw(st.integers(2, 17))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != value[place]]))
    assert not iban(value[:place] + other + value[place + 1 :])


def test_an_iban_has_its_country_s_length():
    assert not iban("FI211234560000078")
    assert not iban("ZZ82WEST12345698765432")


def types_in(text, lang):
    return [one.type for one in find(text, lang)]


@pytest.mark.parametrize("value", ["131052-308U", "310252-308T", "131352-308T", "131052?308T"])
def test_a_henkilotunnus_needs_a_date_a_sign_and_its_character(value):
    assert types_in(f"tunnus {value}.", "fi") == []


CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"


@pytest.mark.parametrize(
    ("date", "sign", "is_one"),
    [
        ("290200", "A", True),
        ("290200", "-", False),
        ("290200", "+", False),
        ("290296", "-", True),
        ("290296", "A", True),
        ("290297", "-", False),
        ("300200", "A", False),
        ("310400", "A", False),
        ("310500", "A", True),
        ("000100", "A", False),
        ("010000", "A", False),
    ],
)
def test_a_henkilotunnus_has_a_day_of_its_century(date, sign, is_one):
    value = f"{date}{sign}308{CHARACTERS[int(date + '308') % 31]}"
    assert types_in(f"tunnus {value}.", "fi") == ["henkilotunnus"] * is_one


def test_each_new_century_sign_of_the_henkilotunnus_is_known():
    assert types_in("131052Y308T", "fi") == types_in("131052+308T", "fi") == ["henkilotunnus"]


def remainder_of(lang, type_):
    data = lookup.find(lang).personal_data
    return next(one.remainder for one in data.patterns if one.type == type_ and one.remainder)


@given(st.text("0123456789", min_size=11, max_size=11))
def test_one_last_digit_makes_a_my_number(digits):
    rule = remainder_of("ja", "my-number")
    assert sum(last_follows(digits + last, rule) for last in "0123456789") == 1
    assert last_follows("123456789018", rule)
    assert not last_follows("12345678901", rule)


@pytest.mark.parametrize(
    ("digits", "valid"), [("001099012345", True), ("003099012345", False), ("001999012345", False)]
)
def test_a_cccd_begins_with_a_province_and_a_century(digits, valid):
    assert types_in(f"số {digits} cấp", "vi") == ["cccd"] * valid


@pytest.mark.parametrize(
    ("digits", "valid"),
    [("219099999", True), ("000121234", False), ("666121234", False), ("900121234", False), ("219009999", False)],
)
def test_areas_never_issued_are_no_ssn(digits, valid):
    assert types_in(f"has {digits[:3]}-{digits[3:5]}-{digits[5:]} on", "en") == ["ssn"] * valid
    assert types_in(f"SSN {digits}", "en") == ["ssn"] * valid


@pytest.mark.parametrize(
    ("value", "public"),
    [
        ("8.8.8.8", True),
        ("127.0.0.1", False),
        ("192.168.1.1", False),
        ("192.0.2.7", False),
        ("224.0.0.251", False),
        ("2001:4860:4860::8888", True),
        ("2001:db8::1", False),
        ("256.1.1.1", False),
    ],
)
def test_only_addresses_of_the_public_internet_count(value, public):
    assert public_address(value) is public
    assert CHECKS["public-address"] is public_address
