"""Where the recipes and policies are that come with Aurora, and what a user's name for one of them means.

One decision: a path that exists is always the user's own file; only a bare name that is no file is looked up here.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Literal

from aurora.errors import AuroraError
from aurora.nearest import nearest

Kind = Literal["recipes", "policies"]
BEGUN = "recipe.yaml"


@cache
def folder(kind: Kind) -> Path:
    """The folder of one kind: in the installed package, or at the top of the checkout that this code runs from."""
    package = Path(__file__).parent
    for place in (package, package.parents[2]):
        if any((place / kind).glob("*.yaml")):
            return place / kind
    raise AuroraError(f"{package} has no {kind}: install Aurora again.")


def names(kind: Kind) -> list[str]:
    """The names of what comes with Aurora, in order."""
    return sorted(path.stem for path in folder(kind).glob("*.yaml"))


def find(kind: Kind, given: Path | str, base: Path | None = None) -> Path:
    """The file that a user means: below `base` if it exists, else ours of that name, else the path as given."""
    path = Path(given) if base is None else base / given
    if kind == "recipes" and os.path.isfile(path / BEGUN):  # noqa: PTH113 (a Path raises for a name that is too long)
        return path / BEGUN
    is_name = Path(given).name == str(given) and not Path(given).suffix
    return folder(kind) / f"{given}.yaml" if is_name and str(given) in names(kind) and not path.is_file() else path


def suggestion(kind: Kind, given: Path | str) -> str:
    """A hint for a file that was not found: the nearest name, or all names."""
    path = Path(given)
    near = nearest(path.name, [other.name for other in path.parent.glob("*.yaml")])
    close = path.with_name(near) if near else nearest(path.stem, names(kind))
    return f"did you mean {close}?" if close else f"Aurora's own are {', '.join(names(kind))}"
