"""A pattern more in the file of patterns of personal data, for as long as a test takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import yaml

from aurora.corpus.personal import patterns as tried

CACHED = ("_data", "kinds", "patterns", "all_patterns", "sought")


@contextmanager
def added_pattern(**entry: Any) -> Iterator[int]:
    """Adds an entry as the last line of the file; yields the number of that line."""
    text = tried._text().rstrip()
    line = yaml.safe_dump(entry, default_flow_style=True, width=10_000, allow_unicode=True).strip()
    with patch.object(tried, "_text", lambda: f"{text}\n  - {line}\n"):
        _forget()
        yield len(text.splitlines()) + 1
    _forget()


def _forget() -> None:
    for name in CACHED:
        getattr(tried, name).cache_clear()
