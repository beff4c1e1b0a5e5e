"""The findings of a check: mistakes, which stop a run, and notes, which are only printed.

One decision: a mistake is certain. What is only likely, or cannot be checked from here, is a note.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec

from aurora.errors import AuroraError, Mistakes, UserError
from aurora.recipe import LoadedRecipe
from aurora.recipe.stated.layers import order
from aurora.written.mistakes import Mistake, said

# Of extras, as pyproject.toml lists them: an index may have the packages and not this project.
PACKAGES = {
    "evaluate": ("datasets", "lm-eval"),
    "hub": ("datasets", "huggingface-hub"),
    "web": ("fastwarc", "resiliparse"),
    "fasttext": ("fasttext-predict",),
}


@dataclass
class Findings:
    """Mistakes and notes about a recipe, each at a key of it."""

    loaded: LoadedRecipe
    mistakes: list[Mistake] = field(default_factory=list)
    notes: list[Mistake] = field(default_factory=list)
    of_files: list[str] = field(default_factory=list)  # sentences about other files, each with its own place
    elsewhere: list[str] = field(default_factory=list)  # what the hub has, and is not fetched for a check

    def mistake(self, key: str, what: str) -> None:
        """Something that is wrong at a key."""
        self.mistakes.append(Mistake(tuple(key.split(".")), what))

    def note(self, key: str, what: str) -> None:
        """Something to know about a key."""
        self.notes.append(Mistake(tuple(key.split(".")), what))

    def needs(self, key: str, module: str, extra: str) -> bool:
        """Whether an extra is installed; a mistake where it is not."""
        if find_spec(module) is not None:
            return True
        packages = " ".join(PACKAGES[extra]) if extra in PACKAGES else module
        self.mistake(key, f"this needs packages that are not installed: pip install {packages}")
        return False

    @contextmanager
    def asking(self, key: str) -> Iterator[None]:
        """Run a check of a key: its `UserError` is a mistake at the key, `Mistakes` are at places of their own, and any
        other `AuroraError` is a note."""
        try:
            yield
        except Mistakes as error:
            self.of_files += error.sentences
        except UserError as error:
            self.mistakes.append(_at(key, error))
        except AuroraError as error:
            self.notes.append(_at(key, error))

    def sentences(self, found: list[Mistake]) -> list[str]:
        """Mistakes or notes in the order of their lines, each with its place."""
        placed = sorted(
            ((self.loaded.place(one.key), one) for one in dict.fromkeys(found)), key=lambda it: order(it[0])
        )
        return [one.sentence(place) for place, one in placed]


def _at(key: str, error: AuroraError) -> Mistake:
    """What a room says, at the key that it names or at the one it was asked about."""
    text = str(error).removesuffix(".")
    told = said((), text)
    if told.key and told.key[0] in ("corpus", "tokens", "model", "redteam", "stages", "execution"):
        return Mistake(tuple(key.split(".")) if len(told.key) == 1 else told.key, told.what)
    return Mistake(tuple(key.split(".")), text)
