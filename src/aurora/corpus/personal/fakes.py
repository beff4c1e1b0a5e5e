"""Consistent fakes for personal data: the same value always becomes the same invented one, which cannot be anybody's.

One decision: a fake is a keyed hash of the value inside a range that is reserved or never issued (example.com,
documentation networks, an IBAN with check digits 00). Equal values stay equal, so whoever knows the key can test a
guess; a placeholder tells nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

_STREETS = {
    "fi": "Esimerkkikatu {0}, 00000 Esimerkkilä",
    "hi": "{0} उदाहरण मार्ग, उदाहरणपुर 000000",
    "ja": "例示県例示市例示町{0}番地",
    "vi": "Số {0} đường Ví Dụ, Phường Ví Dụ, Tỉnh Ví Dụ",
}
_STREET = "{0} Example Street, Exampleville, ZZ 00000"
_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")  # RFC 5737


def fake(kind: str, value: str, lang: str, key: bytes, head: str = "") -> str:
    """An invented value of a kind (`email`, `digits`, `ipv4`, ...) for `value`, whose separators do not count."""
    bare = "".join(character for character in value.casefold() if character.isalnum() or character == "@")
    digest = hashlib.blake2b(bare.encode("utf-8", "surrogatepass"), key=key[:64], digest_size=32).digest()
    return _FAKES[kind](value, lang, digest, head)


def _email(value: str, lang: str, digest: bytes, head: str) -> str:
    return f"user{digest[:5].hex()}@example.com"  # RFC 2606


def _ipv4(value: str, lang: str, digest: bytes, head: str) -> str:
    return f"{_NETWORKS[digest[0] % 3]}.{digest[1]}"


def _ipv6(value: str, lang: str, digest: bytes, head: str) -> str:
    return f"2001:db8::{digest[:2].hex()}:{digest[2:4].hex()}"  # RFC 3849


def _shaped(value: str, digest: bytes, head: str) -> str:
    """The value's form with `head`, then digits of the digest, in place of its digits."""
    digits: Iterator[int] = (byte % 10 for _ in iter(int, 1) for byte in digest)
    heads = iter(head)
    return "".join((next(heads, None) or str(next(digits))) if c.isdigit() else c for c in value)


def _digits(value: str, lang: str, digest: bytes, head: str) -> str:
    return _shaped(value, digest, head)


def _iban(value: str, lang: str, digest: bytes, head: str) -> str:
    return value[:2] + "00" + _shaped(value[4:], digest, "")  # valid check digits are 02 to 98


def _pan(value: str, lang: str, digest: bytes, head: str) -> str:
    return "ZZZZZ" + _shaped(value[5:9], digest, "") + "Z"  # no holder has the fourth letter Z


def _address(value: str, lang: str, digest: bytes, head: str) -> str:
    return _STREETS.get(lang, _STREET).format(1 + digest[0])


def _secret(value: str, lang: str, digest: bytes, head: str) -> str:
    return f"EXAMPLE_KEY_{digest[:8].hex()}"


_FAKES: dict[str, Callable[[str, str, bytes, str], str]] = {
    "email": _email,
    "digits": _digits,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "iban": _iban,
    "pan": _pan,
    "address": _address,
    "secret": _secret,
}
