"""The version of a run's file formats.

One decision: one number stands for every format that one step writes and another reads: seal, manifests, the states of
checkpoints and the decisions of replay. Versions of Aurora with the same number read a run and all others refuse it, so
no code guesses what an older or a newer run means.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aurora.errors import UserError

# Raised with every change of those formats that another version would misread.
SCHEMA = 2


def refuse_other_schema(path: Path, values: Any) -> None:
    """`UserError` where the content of the JSON file `path` says that it is of another schema than this version's."""
    schema = values.get("schema") if isinstance(values, dict) else None
    if type(schema) is int and schema != SCHEMA:
        age = "an older" if schema < SCHEMA else "a newer"
        raise UserError(
            f"{path} was written by {age} version of Aurora (schema {schema}; this version reads {SCHEMA}): go on "
            "with that version, or run the recipe again in another folder (--output)."
        )
