"""Check digits and other tests that a number is what its form says: cards, bank accounts, national numbers, addresses.

One decision: every test takes the bare characters (no separators, ASCII digits) and answers true or false, so that the
patterns of `data/personal_data.yaml` name a test and stay data.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Callable

# The last character of a henkilötunnus by the remainder of its nine digits by 31.
_HENKILOTUNNUS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_CENTURIES = {"+": 1800, "-": 1900, **dict.fromkeys("UVWXY", 1900), **dict.fromkeys("ABCDEF", 2000)}
# Lengths of the IBAN by country, SWIFT's registry.
IBAN_LENGTHS = {
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
_SMALL_IBAN = re.compile(r"[A-Za-z]{2}\d\d[A-Za-z]{0,6}\d{8,30}[A-Za-z]{0,3}")
_IBAN_LENGTH = {country: length for length, countries in IBAN_LENGTHS.items() for country in countries.split()}
# First two digits of a CCCD's province (Circular 07/2016/TT-BCA): 63 codes from 001 to 096.
_NO_PROVINCE = (
    *(3, 5, 7, 9, 13, 16, 18, 21, 23, 28, 29, 32, 39, 41, 43, 47, 50),
    *(53, 55, 57, 59, 61, 63, 65, 69, 71, 73, 76, 78, 81, 85, 88, 90),
)
_PROVINCES = frozenset(range(1, 97)).difference(_NO_PROVINCE)


def _verhoeff_tables() -> tuple[list[list[int]], list[list[int]]]:
    """Multiplication in the dihedral group of the pentagon, and the eight powers of its permutation."""
    product = [
        [(a + b) % 5 if b < 5 else 5 + (a + b) % 5 for b in range(10)]
        if a < 5
        else [5 + (a - b) % 5 if b < 5 else (a - b) % 5 for b in range(10)]
        for a in range(10)
    ]
    permutations = [list(range(10))]
    step = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
    for _ in range(7):
        permutations.append([permutations[-1][digit] for digit in step])
    return product, permutations


_PRODUCT, _PERMUTATIONS = _verhoeff_tables()


def luhn(digits: str) -> bool:
    """Payment cards: every second digit from the right doubled, the sum of digits divides by ten (ISO/IEC 7812-1)."""
    odd = sum(map(int, digits[-1::-2]))
    even = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (odd + even) % 10 == 0


def verhoeff(digits: str) -> bool:
    """Aadhaar: Verhoeff's code over the dihedral group, 1969."""
    state = 0
    for place, digit in enumerate(reversed(digits)):
        state = _PRODUCT[state][_PERMUTATIONS[place % 8][int(digit)]]
    return state == 0


def iban(value: str) -> bool:
    """An International Bank Account Number: its country's length, and remainder 1 by 97 (ISO 13616).

    In small letters it has digits behind the letters of its bank, if any; others are hexadecimal numbers.
    """
    if not value.isupper() and not _SMALL_IBAN.fullmatch(value):
        return False
    value = value.upper()
    if _IBAN_LENGTH.get(value[:2]) != len(value):
        return False
    return int("".join(str(int(character, 36)) for character in value[4:] + value[:4])) % 97 == 1


def henkilotunnus(value: str) -> bool:
    """The Finnish personal identity code: a date, a century's sign, three digits and a check character."""
    value = value.upper()
    century = _CENTURIES.get(value[6])
    if century is None or _HENKILOTUNNUS[int(value[:6] + value[7:10]) % 31] != value[10]:
        return False
    try:
        datetime.date(century + int(value[4:6]), int(value[2:4]), int(value[:2]))
    except ValueError:
        return False
    return True


def my_number(digits: str) -> bool:
    """The Japanese individual number: weights 2..7 then 2..6 from the right, remainder by 11."""
    weights = [2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6]
    total = sum(weight * int(digit) for weight, digit in zip(weights, reversed(digits[:-1]), strict=True))
    remainder = total % 11
    return int(digits[-1]) == (0 if remainder <= 1 else 11 - remainder)


def cccd(digits: str) -> bool:
    """The Vietnamese citizen number has no check digit: a province's code, then century and sex from 0 to 3."""
    return int(digits[:3]) in _PROVINCES and digits[3] in "0123"


def ssn(digits: str) -> bool:
    """A United States social security number: the areas, groups and serials that are never issued are none."""
    return digits[:3] not in ("000", "666") and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"


def public_address(value: str) -> bool:
    """An IPv4 or IPv6 address of the public internet; private, loopback and documentation ranges name nobody."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    return address.is_global and not address.is_multicast


CHECKS: dict[str, Callable[[str], bool]] = {
    "luhn": luhn,
    "verhoeff": verhoeff,
    "iban": iban,
    "henkilotunnus": henkilotunnus,
    "my-number": my_number,
    "cccd": cccd,
    "ssn": ssn,
    "public-address": public_address,
}
