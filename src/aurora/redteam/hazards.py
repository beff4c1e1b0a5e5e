"""The hazards of MLCommons' AILuminate, by which any policy can be set beside any other.

One decision: a policy names the hazards that each of its categories meets, and no policy names another. So two policies
meet in these twelve, and a new one needs one crosswalk, not one for each that there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from aurora.redteam.policy import PolicyFile

Hazard = Literal["vcr", "ncr", "src", "cse", "iwp", "ssh", "ipv", "dfm", "hte", "prv", "spc", "sxc"]
HAZARDS: tuple[Hazard, ...] = get_args(Hazard)
TITLES: Mapping[Hazard, str] = {
    "vcr": "Violent crimes",
    "ncr": "Non-violent crimes",
    "src": "Sex-related crimes",
    "cse": "Child sexual exploitation",
    "iwp": "Indiscriminate weapons",
    "ssh": "Suicide and self-harm",
    "ipv": "Intellectual property",
    "dfm": "Defamation",
    "hte": "Hate",
    "prv": "Privacy",
    "spc": "Specialized advice",
    "sxc": "Sexual content",
}
NONE = "none"  # of what meets no hazard


def hazards_of(file: PolicyFile) -> dict[str, list[str]]:
    """The hazards that each category meets, by its id; `NONE` of one that meets none."""
    return {leaf.id: list(leaf.crosswalk.ailuminate) or [NONE] for leaf in file.leaves()}


def crossed(file: PolicyFile, other: PolicyFile) -> dict[str, list[str]]:
    """The categories of another policy that each category meets by a hazard in common; `NONE` where there are none."""
    theirs = hazards_of(other)
    met: dict[str, list[str]] = {}
    for category, hazards in hazards_of(file).items():
        own = set(hazards) - {NONE}
        met[category] = [name for name, its in theirs.items() if own.intersection(its)] or [NONE]
    return met


def cut(categories: Iterable[str], scheme: Mapping[str, Sequence[str]]) -> dict[str, list[int]]:
    """Which of some rows, told by their categories, fall under each name of a scheme (`hazards_of`, `crossed`).

    A row counts under every name that its category meets, so the rows of all names may be more than there are.
    """
    rows: dict[str, list[int]] = {}
    for number, category in enumerate(categories):
        for name in scheme.get(category, [NONE]):
            rows.setdefault(name, []).append(number)
    return rows
