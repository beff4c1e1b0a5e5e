"""Answers that were computed or paid for before, in one SQLite file.

One decision: whoever asks says by a key what an answer depends on, and a file knows no more of it; it is written with
each answer, so that work which is stopped goes on behind the last one. Where answers come faster than a disk takes
them, they wait for the time that whoever asks is willing to lose.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from aurora.errors import UserError

SECONDS = 60.0  # another process may write so long
AT_A_TIME = 500  # keys of one question to SQLite
SHARE = 0.01  # of the time that may go to writing, where answers may wait
_TABLE = "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL) WITHOUT ROWID"


_encoded = json.JSONEncoder(ensure_ascii=False).encode


class Responses:
    """The answers in the file `path`, which is made if it is not there. Use it in a `with` statement.

    Answers wait up to `patience` seconds to be written together, and longer on a disk so slow that writing would take
    more than a hundredth of the time; what ends the block, also an error, writes them.
    """

    def __init__(self, path: Path, patience: float = 0.0) -> None:
        self.path = path
        self.patience = patience
        self._waiting = dict[str, str]()
        self._next = time.monotonic() + patience
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
        try:
            self._write()
        finally:
            self._base.close()

    def known(self, keys: Iterable[str]) -> dict[str, Any]:
        """The answers there are for some of `keys`."""
        self._write()
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
        """Take answers, all or none."""
        self._waiting.update({key: _encoded(answer) for key, answer in answers.items()})
        if time.monotonic() >= self._next:
            self._write()

    def _write(self) -> None:
        if not self._waiting:
            return
        begun = time.monotonic()
        try:
            with self._base:
                self._base.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?)", self._waiting.items())
        except sqlite3.Error as error:
            raise self._broken(error) from error
        self._waiting.clear()
        ended = time.monotonic()
        self._next = ended + (max(self.patience, (ended - begun) / SHARE) if self.patience else 0.0)

    def _broken(self, error: Exception | str) -> UserError:
        return UserError(f"{self.path} cannot be used as a cache of answers ({error}): move it away, or name another.")
