"""Answers that were computed before, in one SQLite file.

One decision: an answer is found under a hash of everything that decides it: the weights and their type, the tokenizer,
the version of the scorer, and the request as the network reads it, which holds its examples, settings, seed and number.
So another checkpoint, another number of examples or a second sample never meets an old answer.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import torch

from aurora.errors import UserError
from aurora.files import canonical_json
from aurora.version import __version__

if TYPE_CHECKING:
    from aurora.model.network import Network
    from aurora.tokens.text.text_facts import TextFacts

SCORING = 1  # raised with each change of the scorer that moves an answer
SECONDS = 60.0  # another process may write so long
AT_A_TIME = 500  # keys of one question to SQLite
_TABLE = "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL) WITHOUT ROWID"


class Responses:
    """The answers in the file `path`, which is made if it is not there. Use it in a `with` statement."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.exists() and not path.is_file():
            raise self._broken("it is no file")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(path, timeout=SECONDS)
            made = {said for (said,) in self._base.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
            if not made <= {_TABLE.replace(" IF NOT EXISTS", "")}:  # SQLite keeps the statement that made a table
                self._base.close()
                raise self._broken("it holds other tables")
            self._base.execute(_TABLE)
        except (sqlite3.Error, OSError) as error:
            raise self._broken(error) from error

    def __enter__(self) -> Responses:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._base.close()

    def known(self, keys: Iterable[str]) -> dict[str, Any]:
        """The answers there are for some of `keys`."""
        wanted, found = list(keys), dict[str, Any]()
        try:
            for start in range(0, len(wanted), AT_A_TIME):
                part = wanted[start : start + AT_A_TIME]
                question = f"SELECT key, answer FROM answers WHERE key IN ({','.join('?' * len(part))})"
                found.update((key, json.loads(answer)) for key, answer in self._base.execute(question, part))
        except (sqlite3.Error, ValueError) as error:
            raise self._broken(error) from error
        return found

    def keep(self, answers: Mapping[str, Any]) -> None:
        """Write answers, all or none."""
        rows = [(key, json.dumps(answer, ensure_ascii=False)) for key, answer in answers.items()]
        try:
            with self._base:
                self._base.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?)", rows)
        except sqlite3.Error as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception | str) -> UserError:
        return UserError(f"{self.path} cannot be used as a cache of answers ({error}): move it away, or name another.")


def identity(network: Network, text: TextFacts) -> dict[str, str]:
    """What decides every answer beside the request: hashes of weights and tokenizer, type, device and version."""
    kind = str(network.output_weight.dtype).removeprefix("torch.")
    return {
        "weights": weights_hash(network),
        "architecture": network.architecture.model_dump_json(),
        "tokenizer": tokenizer_hash(text),
        "dtype": kind,
        "device": network.output_weight.device.type,
        "aurora": f"{__version__} {SCORING}",
        "torch": torch.__version__,
    }


def weights_hash(network: Network) -> str:
    """SHA-256 over all weights with their names, whatever file they came from."""
    found = hashlib.sha256()
    for name, weight in sorted(network.named.items()):
        found.update(f"{name} {weight.dtype} {tuple(weight.shape)}".encode())
        found.update(weight.detach().cpu().contiguous().view(torch.uint8).numpy().data)
    return found.hexdigest()


def tokenizer_hash(text: TextFacts) -> str:
    """SHA-256 of a tokenizer and what is said of its text."""
    parts = [text.tokenizer.to_str(), text.template, text.start, text.end, sorted(text.stops), text.started]
    return hashlib.sha256(canonical_json(parts)).hexdigest()


def keys_of(who: Mapping[str, str], kind: str, requests: Sequence[Any]) -> list[str]:
    """The key of each request of a `kind`, asked of the model `who`."""
    begun = hashlib.sha256(canonical_json([dict(who), kind]))
    keys = []
    for request in requests:
        found = begun.copy()
        found.update(canonical_json(request))
        keys.append(found.hexdigest())
    return keys
