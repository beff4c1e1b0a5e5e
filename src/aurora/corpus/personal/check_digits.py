"""Check digits and other tests that a value is what its form says: cards, bank accounts, national numbers, addresses.

One decision: a test is a method that numbers of many countries share, and takes the bare characters (no separators,
ASCII digits); what is of one country alone (dates, areas, weights) stands in its patterns, as data.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable

from aurora.languages.personal_data import Remainder

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


def _verhoeff_tables() -> tuple[list[list[int]], list[list[int]]]:
    """Multiplication in the dihedral group of the pentagon, and the eight powers of its permutation."""
    product = [
        [(a + b) % 5 if b < 5 else 5 + (a + b) % 5 for b in range(10)]
        if a < 5
        else [5 + (a - b) % 5 if b < 5 else (a - b) % 5 for b in range(10)]
        for a in range(10)
    ]
    permutations = [list(range(10))]
    step = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]  # Verhoeff's own choice (1969)
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
    # ISO 7064, MOD 97-10: country and check digits moved to the end, letters read as 10 to 35.
    return int("".join(str(int(character, 36)) for character in value[4:] + value[:4])) % 97 == 1


def last_follows(value: str, rule: Remainder) -> bool:
    """Whether the last character of a value is the one that its digits ask for."""
    digits = [int(character) for character in value[:-1] if character.isdigit()]
    if rule.weights and len(rule.weights) != len(digits):
        return False
    total = sum(map(operator.mul, rule.weights, digits)) if rule.weights else int("".join(map(str, digits)) or "0")
    if rule.characters:
        return rule.characters[total % rule.modulus] == value[-1].upper()
    filled = -total % rule.modulus
    return value[-1] == (str(filled) if filled < 10 else "0")


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
    "public-address": public_address,
}
