"""Published packages as the recipe names them: sets that come with Aurora, and the user's own pins.

One decision: a package is named with its version and SHA-256, or by a set whose packages have both, so that the text
inside stays the same.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aurora.recipe.base import Section
from aurora.recipe.names import Language, PackageName, PackageVersion

MEASURING = "eld"


class WheelPin(Section):
    """One published package, pinned."""

    name: PackageName = Field(description="Name in the package index.")
    version: PackageVersion = Field(description="Exact version.")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the downloaded file, hex.")
    license: str = Field("unknown", description="SPDX licence expression of the package.")


class Packages(Section):
    """Packages, and which of their files are read."""

    sets: list[Literal["light", "large", "copyleft", "eld"]] = Field(
        default_factory=list,
        description="Named sets of pinned packages: `light` and `large` have permissive licences, `copyleft` has not,"
        " `eld` is for measuring only and refused among the sources of training text.",
    )
    only: list[PackageName] = Field(
        default_factory=list, description="Only these packages of the sets; all of them if left out."
    )
    without: list[PackageName] = Field(default_factory=list, description="Packages of the sets that are left out.")
    packages: list[WheelPin] = Field(default_factory=list, description="Further packages of your own choice.")
    files: str = Field("*", description="Glob over the paths inside the package.")
    languages: list[Language] = Field(
        default_factory=list,
        description="Languages to take; all that are found if left out. `en` gives the messages that catalogues "
        "translate.",
    )

    def names_measuring_text(self) -> bool:
        """Whether the measuring text is among what is read."""
        return MEASURING in self.sets or any(pin.name.lower() == MEASURING for pin in self.packages)
