"""An endpoint as a file states it: where it is, which model, how fast it may be asked and what it may cost.

One decision: the key of an endpoint is never in a file. A file names the environment variable that holds it, so files
can be shared, hashed and shown; and a key written there by mistake is refused without being repeated.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from aurora.errors import UserError
from aurora.written.data_files import read_data
from aurora.written.mistakes import Mistake

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")


def _variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name):  # what stands there may be a key, so it is not repeated
        raise ValueError("this is no name of an environment variable (capital letters, digits and _)")
    return name


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError("this is no address") from error
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\x00-\x20\x7f]", url):
        raise ValueError("an address begins with https://, or http:// on this machine")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("an address has no user, password, ? or #: a key stands in the variable that `key` names")
    if parts.scheme == "http" and not _is_near(host):
        raise ValueError("without encryption (http://) only this machine and its own network are asked")
    return url.rstrip("/")


def _is_near(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_private


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Prices(_Table):
    """What a million tokens cost, in whatever money the provider takes."""

    read: float = Field(ge=0)
    written: float = Field(ge=0)


class Endpoint(_Table):
    """An endpoint with the limits within which it is asked."""

    url: Annotated[str, AfterValidator(_address)]  # as clients of OpenAI take it: up to /v1
    model: str = Field(min_length=1, max_length=200)
    key: Annotated[str, AfterValidator(_variable)] | None = None
    requests_a_minute: int = Field(60, ge=1)
    tokens_a_minute: int | None = Field(None, ge=1)
    at_once: int = Field(4, ge=1, le=64)
    seconds: float = Field(120, gt=0, le=3600)  # for one answer
    attempts: int = Field(6, ge=1, le=20)
    prices: Prices | None = None
    cost_limit: float | None = Field(None, ge=0)  # of one command


def read_endpoint(path: Path) -> Endpoint:
    """The endpoint of a file; `Mistakes` names all that is wrong with it."""
    try:
        return read_data(path, Endpoint, "an endpoint").checked(_mistakes)
    except FileNotFoundError as error:
        raise UserError(
            f"The endpoint {path} does not exist: write a file with `url` and `model` (docs/endpoint.md)."
        ) from error


def key_of(endpoint: Endpoint) -> str | None:
    """The key that stands in the environment; `UserError` where it does not."""
    if endpoint.key is None:
        return None
    key = os.environ.get(endpoint.key, "").strip()
    if not key:
        raise UserError(f"{endpoint.key} is not set: put the key of {endpoint.url} into this environment variable.")
    if not key.isascii() or not key.isprintable():
        raise UserError(f"{endpoint.key} holds no key of an endpoint: it has letters that no header can have.")
    return key


def _mistakes(endpoint: Endpoint) -> Iterator[Mistake]:
    if endpoint.cost_limit is not None and endpoint.prices is None:
        yield Mistake(("cost_limit",), "a limit needs `prices`, or nothing is known of the cost: add them")
