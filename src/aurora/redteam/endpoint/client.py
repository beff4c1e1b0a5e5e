"""One request to an endpoint, tried again where that may help.

One decision: what passes (too fast, overloaded, a line that breaks, an answer that is none) is tried again with longer
and longer pauses; what stays is told at once: for one request as its failure, and where no request can succeed (no
access, no such model) as an error. No redirection is followed, since it would carry the key elsewhere.
"""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

from aurora.errors import AuroraError, UserError
from aurora.redteam.endpoint.pace import Pace
from aurora.redteam.endpoint.request import Failure, Malformed, Reply, Request, reply_of
from aurora.redteam.endpoint.settings import Endpoint, key_of
from aurora.redteam.endpoint.spending import Spending

PASSING = {408, 409, 425, 429, 500, 502, 503, 504, 529}
NO_ACCESS, NOT_THERE = {401, 402, 403}, {404, 405, 501}
LONGEST_ANSWER = 10_000_000  # bytes
AT_A_TIME = 65_536
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 120.0  # seconds
SHOWN = 200  # characters of what an endpoint says


class Passing(Exception):
    """A failure that may pass; `pause` is what the endpoint asks for, `billed` whether it may count as answered."""

    def __init__(self, why: str, pause: float | None = None, billed: bool = True) -> None:
        super().__init__(why)
        self.pause, self.billed = pause, billed


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Client:
    """Asks one endpoint; many threads may use it at once."""

    def __init__(self, endpoint: Endpoint, sleep: Callable[[float], None] | None = None) -> None:
        self.endpoint, self._sleep = endpoint, sleep or self._wait
        self._key = key_of(endpoint)
        self.pace = Pace(endpoint.requests_a_minute, endpoint.tokens_a_minute, sleep=self._sleep)
        self.spending = Spending(endpoint)
        self._opener = urllib.request.build_opener(_Stay)
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Let no request try again: one failed for good, or the user stopped."""
        self._stopped.set()

    def ask(self, request: Request) -> Reply | Failure:
        """The answer to a request; `AuroraError` where the endpoint answers nothing any more."""
        for attempt in range(1, self.endpoint.attempts + 1):
            aside = self.spending.set_aside(request)
            cost = 0.0
            try:
                self._wait(0)
                self.pace.wait(request.likely_read() + request.most_tokens // 4)
                reply = self._once(request)
                if isinstance(reply, Failure):
                    return reply
                cost = self.spending.cost(reply.read, reply.written)
                return replace(reply, cost=cost)
            except Passing as error:
                cost, why = aside if error.billed else 0.0, str(error)
                pause = error.pause
            finally:
                self.spending.settle(aside, cost)
            if attempt < self.endpoint.attempts:
                self._pause(attempt, pause)
        raise AuroraError(
            f"{self.endpoint.url} does not answer ({why}), after {self.endpoint.attempts} attempts: what was answered "
            "is kept; run the command again later."
        )

    @property
    def stopped(self) -> bool:
        """Whether nothing more is to be asked."""
        return self._stopped.is_set()

    def _wait(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise AuroraError(f"Nothing more is asked of {self.endpoint.url}: another request failed for good.")

    def _pause(self, attempt: int, asked_for: float | None) -> None:
        if asked_for is not None:
            self.pace.rest(min(asked_for, LONGEST_PAUSE))
            return
        # Those that failed together are not to come back together.
        self._sleep(min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE) * random.uniform(0.5, 1.0))

    def _once(self, request: Request) -> Reply | Failure:
        status, headers, content = self._sent(request)
        said = self._told(content)
        if status in PASSING:
            raise Passing(f"{status} {said}".strip(), _retry_after(headers), billed=False)
        if status in NO_ACCESS:
            whose = f"the key in {self.endpoint.key}" if self.endpoint.key else "no key (`key` names its variable)"
            raise UserError(f"{self.endpoint.url} gives no access with {whose} ({status} {said}): correct it.")
        if status in NOT_THERE or 300 <= status < 400:
            raise UserError(
                f"{self.endpoint.url} has no chat completions of the model {self.endpoint.model} ({status} {said}): "
                "correct `url`, which ends in /v1 mostly, or `model`."
            )
        if status != 200:
            return Failure(f"{status} {said}".strip())
        try:
            return reply_of(json.loads(content), request)
        except (ValueError, RecursionError) as error:
            raise Passing(f"its answer is no JSON ({error})") from error
        except Malformed as error:
            raise Passing(f"its answer is none: {error}") from error

    def _sent(self, request: Request) -> tuple[int, Message, bytes]:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "aurora"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        body = json.dumps(request.body(self.endpoint), ensure_ascii=False).encode()
        asked = urllib.request.Request(f"{self.endpoint.url}/chat/completions", body, headers, method="POST")
        end = time.monotonic() + self.endpoint.seconds
        try:
            with self._opener.open(asked, timeout=self.endpoint.seconds) as answer:
                return answer.status, answer.headers, _read(answer, end)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, _read(error, end, whole=False)
        except urllib.error.URLError as error:  # before all was sent
            raise Passing(str(error.reason), billed=False) from error
        except (OSError, http.client.HTTPException) as error:
            raise Passing(str(error) or type(error).__name__) from error

    def _told(self, content: bytes) -> str:
        """What an endpoint says of a failure, in one line and without the key."""
        try:
            found = json.loads(content)
            said = found.get("error", found) if isinstance(found, dict) else found
            text = said.get("message", "") if isinstance(said, dict) else said
        except (ValueError, RecursionError):
            text = content[: 4 * SHOWN].decode(errors="replace")
        line = " ".join("".join(one if one.isprintable() else " " for one in str(text)).split())
        return (line.replace(self._key, "(the key)") if self._key else line)[:SHOWN]


def _read(answer: Any, end: float, whole: bool = True) -> bytes:
    """What an endpoint sends; `Passing` where that takes too long, is too much or breaks off."""
    parts: list[bytes] = []
    size = 0
    try:
        while part := answer.read1(AT_A_TIME):
            parts.append(part)
            size += len(part)
            if size > LONGEST_ANSWER:
                raise Passing(f"it sends more than {LONGEST_ANSWER:,} bytes")
            if time.monotonic() > end:
                raise Passing("it took too long")
        if whole and answer.length:  # of what it announced so much never came
            raise Passing("its answer broke off")
    except (OSError, http.client.HTTPException) as error:
        if whole:
            raise Passing(f"its answer broke off: {error or type(error).__name__}") from error
    return b"".join(parts)


def _retry_after(headers: Message) -> float | None:
    """How many seconds an endpoint wants to be left alone: a number, or a date."""
    said = headers.get("Retry-After", "").strip()
    if not said:
        return None
    try:
        seconds = float(said) if said[0].isdigit() else parsedate_to_datetime(said).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(seconds, 0.0) if seconds == seconds else None
