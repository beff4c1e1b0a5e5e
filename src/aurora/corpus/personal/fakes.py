"""Consistent fakes for personal data: the same value always becomes the same invented one, which cannot be anybody's.

One decision: a fake is a keyed hash of the value inside a range that is reserved or never issued (example.com,
documentation networks, an IBAN with check digits 00). Equal values stay equal, so whoever knows the key can test a
guess; a placeholder tells nothing.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator

from aurora.languages.personal_data import PersonalType

_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")  # RFC 5737


def fake(type_: PersonalType, value: str, key: bytes, street: str = "") -> str:
    """An invented value of a type for `value`, whose separators do not count; `street` is an address with {0} for its
    number."""
    bare = "".join(character for character in value.casefold() if character.isalnum() or character == "@")
    digest = hashlib.blake2b(bare.encode("utf-8", "surrogatepass"), key=key[:64], digest_size=32).digest()
    match type_.fake:
        case "email":
            return f"user{digest[:5].hex()}@example.com"  # RFC 2606
        case "digits":
            return _shaped(value, digest, type_.head)
        case "form":
            digits = _digits(digest)
            return "".join(str(next(digits)) if character == "#" else character for character in type_.form)
        case "ipv4":
            return f"{_NETWORKS[digest[0] % 3]}.{digest[1]}"
        case "ipv6":
            return f"2001:db8::{digest[:2].hex()}:{digest[2:4].hex()}"  # RFC 3849
        case "iban":
            return value[:2] + "00" + _shaped(value[4:], digest, "")  # valid check digits are 02 to 98
        case "address":
            return street.format(1 + digest[0])
        case "secret":
            return f"EXAMPLE_KEY_{digest[:8].hex()}"


def _shaped(value: str, digest: bytes, head: str) -> str:
    """The value's form with `head`, then digits of the digest, in place of its digits."""
    digits, heads = _digits(digest), iter(head)
    return "".join((next(heads, None) or str(next(digits))) if c.isdigit() else c for c in value)


def _digits(digest: bytes) -> Iterator[int]:
    """Digits without end."""
    return (byte % 10 for byte in itertools.cycle(digest))
