"""A pattern more in the file of patterns that belong to no language, for as long as a test takes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from aurora.corpus.personal import definitions
from aurora.languages import lookup


@contextmanager
def added_pattern(**entry: Any) -> Iterator[int]:
    """Adds an entry as the last line of the file; yields the number of that line."""
    text = definitions.COMMON.read_text(encoding="utf-8").rstrip()
    line = yaml.safe_dump(entry, default_flow_style=True, width=10_000, allow_unicode=True).strip()
    with tempfile.TemporaryDirectory() as folder:
        longer = Path(folder) / definitions.COMMON.name
        longer.write_text(f"{text}\n  - {line}\n", encoding="utf-8")
        with patch.object(definitions, "COMMON", longer):
            lookup.forget()
            yield len(text.splitlines()) + 1
    lookup.forget()
