"""What somebody may have meant by an unknown name.

One decision: a close name is suggested, and where there is none, all known names are listed; so every message about a
name ends with something to write.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

MOST_LISTED = 20  # names in a message; nobody reads more


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most similar to `name`, or None where none is similar."""
    from difflib import get_close_matches

    names = {one.casefold(): one for one in known}
    close = get_close_matches(name.casefold(), names, n=1, cutoff=0.6)  # difflib's own default
    return names[close[0]] if close else None


def beside(path: Path) -> str:
    """` (did you mean PATH?)`, where something of a similar name lies where `path` should; else nothing."""
    there = list(path.parent.iterdir()) if path.parent.is_dir() and not path.exists() else []
    close = nearest(path.name, [other.name for other in there])
    return f" (did you mean {path.with_name(close)}?)" if close else ""


def meant(name: str, known: Iterable[str], what: str = "known") -> str:
    """`did you mean NAME?`, or `known: A, B and C`."""
    known = list(known)
    close = nearest(name, known)
    if close is not None:
        return f"did you mean {close}?"
    listed = ", ".join(known[:MOST_LISTED]) + (", ..." if len(known) > MOST_LISTED else "")
    return f"{what}: {listed or 'none'}"
