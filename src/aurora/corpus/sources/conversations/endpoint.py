"""A model behind an OpenAI-compatible endpoint, asked one thing at a time, each thing once.

One decision: an answer is kept in the cache under the SHA-256 of what was asked (model, words, temperature, length) and
has a hash of its own, so that a build that is repeated or goes on asks only for what is missing. Neither the address
nor the key is part of that, and neither is written anywhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import urllib.error
import urllib.request
from email.message import Message
from pathlib import Path
from typing import IO, Any

from aurora.errors import AuroraError, UserError
from aurora.files import canonical_json, read_json, write_json
from aurora.recipe.sources import Rephrase

LARGEST_ANSWER = 10_000_000  # bytes; an endpoint that never ends its answer must not fill the memory
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0  # seconds before the first further attempt, doubled for each, and at most
# The endpoint is busy or not ready: asked again. What it says of a request's own content costs that row alone.
_AGAIN = (408, 409, 425, 429, 500, 502, 503, 504)
_OF_THE_ROW = (400, 413, 422)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A key goes where the recipe says, and nowhere else."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


class Endpoint:
    """The model of a source's `rephrase`; `asked` may be called by several threads.

    Raises `UserError` where the recipe names a variable that is not set.
    """

    def __init__(self, name: str, settings: Rephrase, cache: Path) -> None:
        self._place = f"corpus.sources.{name}.rephrase"
        self._settings = settings
        self._cache = cache / "rephrased"
        self._opener = urllib.request.build_opener(_NoRedirects())
        self._headers = {"Content-Type": "application/json"}
        if settings.key_variable is not None:
            if not (key := os.environ.get(settings.key_variable)):
                raise UserError(
                    f"{self._place}.key_variable: {settings.key_variable} is not set in the environment: set it to the "
                    "endpoint's key."
                )
            self._headers["Authorization"] = f"Bearer {key}"

    def asked(self, words: str) -> str:
        """The model's answer to some words, from the cache where it answered them before.

        Raises ValueError where it gives none to these, `UserError` where it refuses what the recipe says, and
        `AuroraError` where it is not there.
        """
        body = {
            "model": self._settings.model,
            "messages": [{"role": "user", "content": words}],
            "temperature": self._settings.temperature,
            "max_tokens": self._settings.answer_tokens,
        }
        digest = hashlib.sha256(canonical_json(body)).hexdigest()
        kept = self._cache / digest[:2] / f"{digest}.json"
        if (answer := _kept(kept)) is None:
            answer = _answer(self._sent(body))
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_json(kept, {"asked": body, "answer": answer, "sha256": sha256_of(answer)})
        return answer

    def _sent(self, body: dict[str, Any]) -> Any:
        """What the endpoint says to a request, after as many attempts as the recipe gives it."""
        wait, reason = FIRST_WAIT, ""
        for attempt in range(self._settings.retries + 1):
            if attempt:
                time.sleep(min(wait, LONGEST_WAIT))
                wait *= 2
            try:
                return self._once(body)
            except urllib.error.HTTPError as error:
                reason = f"{error.code}: {_said(error)}"
                if error.code in _OF_THE_ROW:
                    raise ValueError(f"the endpoint refuses it ({reason})") from error
                if error.code not in _AGAIN:
                    raise UserError(
                        f"{self._place}: {self._settings.endpoint} refuses the request ({reason}): correct the "
                        "address, the model or the key."
                    ) from error
                wait = max(wait, _seconds(error.headers.get("Retry-After")))
            except (OSError, ValueError) as error:  # not there, too slow, or no JSON
                reason = str(getattr(error, "reason", error)) or type(error).__name__
        raise AuroraError(
            f"{self._place}: {self._settings.endpoint} gave no answer in {self._settings.retries + 1} attempts "
            f"({reason}): check that it runs, and run the same command again; what it answered is kept."
        )

    def _once(self, body: dict[str, Any]) -> Any:
        url = f"{self._settings.endpoint.rstrip('/')}/chat/completions"
        request = urllib.request.Request(url, canonical_json(body), self._headers)
        with self._opener.open(request, timeout=self._settings.seconds) as stream:
            return json.loads(stream.read(LARGEST_ANSWER))


def sha256_of(text: str) -> str:
    """The SHA-256 of a text, hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _kept(path: Path) -> str | None:
    """The answer in a file of the cache; None where there is none, or not the one that was written."""
    if not path.is_file():
        return None
    try:
        found = read_json(path)
        answer = found["answer"]
        return answer if sha256_of(answer) == found["sha256"] else None
    except (AuroraError, KeyError, TypeError, AttributeError):
        return None


def _answer(said: Any) -> str:
    """The text of an answer; ValueError where it has none, or not all of it."""
    try:
        choice = said["choices"][0]
        text = choice["message"]["content"]
        ended = choice.get("finish_reason") != "length"
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError("the endpoint's answer has no text") from error
    if not isinstance(text, str) or not text.strip():
        raise ValueError("the endpoint's answer has no text")
    if not ended:
        raise ValueError("the endpoint's answer is longer than answer_tokens")
    return text.strip()


def _said(error: urllib.error.HTTPError) -> str:
    """What an endpoint says of an error, in one short line."""
    try:
        text = error.read(2000).decode("utf-8", "replace")
    except OSError:
        text = ""
    return " ".join((text or str(error.reason)).split())[:200]


def _seconds(given: str | None) -> float:
    """The seconds of a `Retry-After`; 0 of one that is a date or none."""
    return float(given) if given is not None and given.isdecimal() else 0.0
