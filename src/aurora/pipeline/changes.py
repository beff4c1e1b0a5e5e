"""What has changed in a recipe since its run was last carried out, told before anything is made anew.

One decision: it is only told. Settings of the command line are easily forgotten, and a stage that is trained again for
them takes hours; but a changed recipe may as well be what is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aurora.console.progress import say
from aurora.errors import AuroraError
from aurora.files import read_json
from aurora.recipe import Recipe
from aurora.written.complaints import quoted

MOST_NAMED = 6  # changes in one sentence


def tell_changes(earlier: Path, recipe: Recipe) -> None:
    """Say which values differ from those in the run's recipe.json, where it has one."""
    with suppress(AuroraError, OSError, ValidationError, AttributeError):
        before = Recipe.model_validate(read_json(earlier))
        if changed := list(changes(before.numerics(), recipe.numerics())):
            more = f" and {len(changed) - MOST_NAMED} more" if len(changed) > MOST_NAMED else ""
            say(
                f"Since this run was last carried out its recipe has changed: {', '.join(changed[:MOST_NAMED])}{more}. "
                "To keep what was made, give the values that it had."
            )


def changes(before: Mapping[str, Any], after: Mapping[str, Any], key: str = "") -> Iterator[str]:
    """Each value that differs, with its key and what it was; what only one of them has is `nothing` in the other."""
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from changes(old, new, f"{key}{name}.")
        elif old != new:
            yield f"{key}{name} (was {_shown(old)}, is {_shown(new)})"


def _shown(value: Any) -> str:
    return "nothing" if value is None else quoted(value)
