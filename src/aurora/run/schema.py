"""The version of what a run is written in.

One decision: one number stands for all that one step leaves for another: seal, manifests, the states of checkpoints and
the decisions of replay. A run is read by versions of Aurora with the same number and refused by all others, so no code
here or elsewhere guesses what an older or a newer run means.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aurora.errors import UserError

# Rises with every change of those files that another version would misread.
SCHEMA = 2


def refuse_other_schema(path: Path, values: Any) -> None:
    """`UserError` where the content of the JSON file `path` says that it is of another schema than this version's."""
    schema = values.get("schema") if isinstance(values, dict) else None
    if type(schema) is int and schema != SCHEMA:
        age = "an older" if schema < SCHEMA else "a newer"
        raise UserError(
            f"{path} was written by {age} version of Aurora (schema {schema}, and this version has {SCHEMA}): go on "
            "with that version, or carry out the recipe again in another folder (--output)."
        )
