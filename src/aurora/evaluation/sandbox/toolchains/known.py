"""Every language whose programs can be run, by its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from aurora.errors import UserError
from aurora.evaluation.sandbox.toolchains import compiled, go, interpreted, rust
from aurora.evaluation.sandbox.toolchains.found import Toolchain
from aurora.nearest import meant

LANGUAGES: dict[str, Callable[[], Toolchain]] = {
    "cpp": compiled.cpp,
    "go": go.go,
    "java": compiled.java,
    "javascript": interpreted.javascript,
    "perl": interpreted.perl,
    "php": interpreted.php,
    "python": interpreted.python,
    "ruby": interpreted.ruby,
    "rust": rust.rust,
    "typescript": interpreted.typescript,
}
# What is on the PATH of a machine that has a language's tools.
COMMANDS = {
    "cpp": "g++",
    "go": "go",
    "java": "javac",
    "javascript": "node",
    "perl": "perl",
    "php": "php",
    "python": "python3",
    "ruby": "ruby",
    "rust": "rustc",
    "typescript": "tsc",
}
# As benchmarks call them, too.
_ALSO = {"c++": "cpp", "js": "javascript", "py": "python", "rb": "ruby", "rs": "rust", "ts": "typescript"}


def language_named(name: str) -> str:
    """The language that a name means; `UserError` names those there are."""
    language = _ALSO.get(name.casefold(), name.casefold())
    if language not in LANGUAGES:
        raise UserError(f"Programs in {name!r} cannot be run; {meant(name, LANGUAGES)}.")
    return language


def toolchain(language: str) -> Toolchain:
    """The tools for a language; `ToolMissing` says what to install."""
    return found(language_named(language))


@cache
def found(language: str) -> Toolchain:
    return LANGUAGES[language]()
