"""Masking as a recipe asks for it: which texts, how, and with whose key.

One decision: whoever knows the key of fakes can test a guess of what stood there, so the key is a file of the user's
own; its content is never written anywhere, and what a corpus follows from holds only a hash of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from aurora.corpus.document import Quarantined
from aurora.corpus.personal.definitions import types
from aurora.corpus.personal.find import mask_batch
from aurora.errors import AuroraError, UserError
from aurora.files import read_regular
from aurora.recipe.corpus import Curation

SHORTEST_KEY = 16  # bytes
LONGEST_KEY = 100_000
_KNOWN_KEY = b"aurora"


class Masker:
    """What a recipe's curation does to personal data. Raises `UserError` where its key cannot be used."""

    def __init__(self, curation: Curation, base: Path) -> None:
        self._how = curation.personal_data
        self._key = read_key(base / curation.personal_data_key) if curation.personal_data_key else _KNOWN_KEY

    def texts(self, texts: pa.LargeStringArray, langs: Sequence[str]) -> tuple[pa.LargeStringArray, Mapping[str, Any]]:
        """The texts masked, and the number of pieces of each type in each."""
        if self._how == "keep":
            return texts, dict.fromkeys(types(), pa.array([0] * len(texts), pa.int32()))
        masked, counts = mask_batch(texts, langs, self._how, self._key)
        return masked, {name: counts[name] for name in types()}

    def quarantined(self, found: Quarantined) -> Quarantined:
        """A quarantined input with its excerpt masked."""
        if self._how == "keep" or not found.excerpt:
            return found
        excerpt = found.excerpt.encode("utf-8", "replace").decode()
        masked, _ = mask_batch(pa.array([excerpt], pa.large_string()), [found.lang], self._how, self._key)
        return replace(found, excerpt=masked[0].as_py())


def read_key(path: Path) -> bytes:
    """The key in a file; `UserError` where it is missing or too short to keep a secret."""
    try:
        key = read_regular(path, LONGEST_KEY).strip()
    except FileNotFoundError as error:
        raise UserError(f"corpus.curation.personal_data_key: {path} cannot be read ({error.strerror}).") from error
    except AuroraError as error:
        raise UserError(f"corpus.curation.personal_data_key: {error}") from error
    if len(key) < SHORTEST_KEY:
        raise UserError(
            f"corpus.curation.personal_data_key: {path} holds {len(key)} bytes; a key has at least {SHORTEST_KEY}, "
            f"for instance those of `openssl rand -hex 32`."
        )
    return key
