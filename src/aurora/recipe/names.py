"""The names in a recipe that become part of a path or an argument.

One decision: a name is made of lower-case ASCII letters, digits, `-` and `_`, and begins with a letter or digit. So it
can neither lead out of a folder, nor be hidden, nor be taken for an option, and two names that differ are two files on
every file system: those that ignore case or compose characters differently too. It holds no dot, because the store
SOURCE/LANGUAGE lies in the files SOURCE.LANGUAGE.*, and a folder with a dot is one that is being made (`.partial`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, ValidatorFunctionWrapHandler, WrapValidator

from aurora.languages.labels import required
from aurora.run.working import WORKING

LONGEST = 64  # characters: two names, suffixes and an extension together stay below the 255 bytes of file systems
REDTEAM = "redteam"  # what its stores are named by, beside those of sources; they are of no language
EVERY = "*"  # in the place of a language: all languages of a source
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_RUN = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*")
# Files of these names, with any ending, are devices on Windows: a run that holds one cannot be copied there.
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})
# PEP 508 and PEP 440 (its public form, or a local one): never a URL, a path, an option or a pattern.
_PACKAGE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_VERSION = re.compile(
    r"(\d+!)?\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?(\+[a-z0-9]+([._-][a-z0-9]+)*)?", re.ASCII
)
# Both as the hub and git allow them, but for a part that begins with a dot: `..` leads out of the hub's cache.
_HUB = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*(/[A-Za-z0-9_][A-Za-z0-9._+-]*)*")
_CONFIGURATION = re.compile(r"\w[\w ().,+-]*")
_LABEL = re.compile(r"[A-Za-z0-9]+([-_][A-Za-z0-9]+)*")
_SPLIT = re.compile(r"\w+(\.\w+)*")


def _quoted(value: str) -> str:
    return repr(value if len(value) <= LONGEST else f"{value[:LONGEST]}...")


def _matching(pattern: re.Pattern[str], what: str, longest: int = LONGEST) -> AfterValidator:
    """A check that a text is wholly of a pattern; `what` says in words what it must be."""

    def check(value: str) -> str:
        if len(value) > longest:
            raise ValueError(f"{_quoted(value)} is too long; {what} has at most {longest} characters")
        if not pattern.fullmatch(value):
            raise ValueError(f"{_quoted(value)} is not {what}")
        return value

    return AfterValidator(check)


def _no_device(value: str) -> str:
    if value.partition(".")[0] in _DEVICES:
        raise ValueError(f"{value!r} is the name of a device on Windows; choose another")
    return value


def _no_working_folder(value: str) -> str:
    if value.endswith((WORKING, ".work", ".old")):
        raise ValueError(f"{value!r} ends as the folders do that a step works in; choose another name")
    return value


_LETTERS = "a name of lower-case letters (a-z), digits, `-` and `_` that begins with a letter or digit"
Name = Annotated[str, _matching(_NAME, _LETTERS), AfterValidator(_no_device)]
RunName = Annotated[
    str,
    _matching(_RUN, _LETTERS.replace("`-` and `_`", "`-`, `_` and single dots")),
    AfterValidator(_no_device),
    AfterValidator(_no_working_folder),
]
# However it is written (`fin_Latn`, `FI`), its tag: BCP 47, or `code`.
Language = Annotated[str, AfterValidator(required)]
PackageName = Annotated[
    str, _matching(_PACKAGE, "a package's name (letters, digits, `.`, `-` and `_`, as PEP 508 has it)", 100)
]
PackageVersion = Annotated[str, _matching(_VERSION, "one exact version in the form of PEP 440, such as '1.2.3'")]
Revision = Annotated[str, _matching(_REVISION, "a revision: a commit hash, or the name of a branch or tag", 200)]
Configuration = Annotated[str, _matching(_CONFIGURATION, "the name of a configuration", 200)]
Split = Annotated[str, _matching(_SPLIT, "the name of a split", 200)]


def is_hub_name(name: str) -> bool:
    """Whether a text has the form of a name on the hub, OWNER/NAME."""
    return len(name) <= 200 and _HUB.fullmatch(name) is not None


def is_revision(name: str) -> bool:
    """Whether a text can be a commit hash, a branch or a tag, and no path out of the hub's cache."""
    return len(name) <= 200 and _REVISION.fullmatch(name) is not None


def is_store_name(name: str) -> bool:
    """Whether a text is SOURCE/LANGUAGE, whose language need only be usable in a file's name."""
    source, _, language = name.partition("/")
    return len(name) <= LONGEST + 36 and bool(_NAME.fullmatch(source) and _LABEL.fullmatch(language))


def _store_name(value: str) -> str:
    if not is_store_name(value):
        raise ValueError(f"{_quoted(value)} is not SOURCE/LANGUAGE")
    source, _, language = value.partition("/")
    if source == REDTEAM:
        return value
    try:
        return f"{source}/{required(language)}"
    except ValueError as error:
        raise ValueError(f"{_quoted(value)}: {error}") from error


def _mixed_name(value: str) -> str:
    if value.endswith(f"/{EVERY}") and is_store_name(f"{value[:-1]}und") and not value.startswith(f"{REDTEAM}/"):
        return value
    return _store_name(value)


def _distinct(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Refuses a table of which two keys are one language, where the first of them would be lost."""
    found = handler(value)
    if isinstance(value, Mapping) and len(found) < len(value):
        raise ValueError(f"two of {', '.join(map(str, value))} are the same; keep one")
    return found


@dataclass(frozen=True)
class InFolder:
    """Marks a text as a path that starts from the folder of the recipe; `or_name` where it may be a name elsewhere (a
    model of the hub), `policy` where it may be one of a policy that comes with Aurora."""

    or_name: bool = False
    policy: bool = False


PathInFolder = Annotated[str, InFolder()]
PathOrName = Annotated[str, InFolder(or_name=True)]
PathOrPolicy = Annotated[str, InFolder(policy=True)]
# The name of a token store in mixtures, budgets and the tables of `tokens`; and a table by such names or by languages.
StoreName = Annotated[str, AfterValidator(_store_name)]
MixedName = Annotated[str, AfterValidator(_mixed_name)]  # or SOURCE/*
Distinct = WrapValidator(_distinct)
