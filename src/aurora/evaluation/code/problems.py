"""A problem of a benchmark of code, as HumanEval, HumanEvalPack and MultiPL-E state one.

One decision: a problem is what stands before a completion and what stands behind it. What it imports by itself is
known, so that a library missing on this machine is never held against a completion.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aurora.errors import UserError
from aurora.evaluation.sandbox.toolchains.known import language_named


@dataclass(frozen=True)
class Problem:
    """`prompt` + completion + `test` is a program; `canonical` is a completion that is right, where one is known."""

    name: str
    language: str  # as the sandbox calls it
    prompt: str
    test: str
    entry_point: str = ""
    setup: str = ""  # lines that belong before the prompt
    canonical: str | None = None
    whole: bool = False  # completions are whole functions, and `prompt` is only what they may forget to import


# What a line that imports looks like; the group is what it imports.
IMPORTS = {
    "cpp": r"^\s*#\s*include\s*[<\"]([^>\"]+)[>\"].*$",
    "go": r"^\s*import\s+(?:\([^)]*\)|\"([^\"]+)\").*$",
    "java": r"^\s*import\s+(?:static\s+)?([\w.*]+)\s*;.*$",
    "javascript": r"^.*\brequire\(\s*['\"]([^'\"]+)['\"]\s*\).*$",
    "perl": r"^\s*use\s+([A-Z][\w:]*).*;.*$",
    "php": r"(?!)",
    "python": r"^(?:import|from)\s+([\w.]+).*$",
    "ruby": r"^\s*require\s+['\"]([^'\"]+)['\"].*$",
    "rust": r"^\s*use\s+([\w:]+).*;\s*$",
    "typescript": r"^(?:.*\brequire\(|import\s.*from)\s*['\"]([^'\"]+)['\"].*$",
}

# The classes of javatuples.
TUPLES = re.compile(r"\b(?:Unit|Pair|Triplet|Quartet|Quintet|Sextet|Septet|Octet|Ennead|Decade)\b")


def problem_of(row: Mapping[str, Any], setup: str = "", whole: bool = False) -> Problem:
    """The problem in a row of a benchmark: `prompt`, `test`, `lang` and, where it has them, more.

    With `whole` completions are whole functions, as answers to *fix this function* are, and only what the prompt
    imports stands before them. `UserError` names a key that is missing.
    """
    name = str(row.get("id", "a problem"))
    if missing := [key for key in ("prompt", "test", "lang") if not isinstance(row.get(key), str)]:
        raise UserError(f"{name} has no text under {', '.join(missing)}, which a problem of code needs.")
    language = language_named(row["lang"].removeprefix("code:"))
    told = row.get("orig") or {}
    more = json.loads(told) if isinstance(told, str) else told
    prompt, setup = row["prompt"], setup or str(more.get("test_setup") or "")
    canonical = row.get("canonical_solution")
    canonical = canonical if isinstance(canonical, str) and canonical.strip() not in ("", "None") else None
    if whole:
        canonical = prompt + canonical if canonical else None
        prompt = "".join(f"{line[0].strip()}\n" for line in re.finditer(IMPORTS[language], prompt, re.MULTILINE))
        prompt += {"cpp": "using namespace std;\n", "php": "<?php\n"}.get(language, "")
    return Problem(name, language, prompt, row["test"], str(row.get("entry_point") or ""), setup, canonical, whole)


def defines_it_itself(problem: Problem) -> bool:
    """Whether a test defines the function that it is to test, so that no completion is ever looked at."""
    name = re.escape(problem.entry_point)
    return bool(name) and re.search(rf"^(?:function|def|sub)\s+{name}\b", problem.test, re.MULTILINE) is not None


def imports_of(problem: Problem) -> list[str]:
    """What a problem itself imports, in the order in which it does."""
    text = f"{problem.setup}\n{problem.prompt}\n{problem.test}"
    found = re.finditer(IMPORTS[problem.language], text, re.MULTILINE)
    asked = dict.fromkeys(one[1] for one in found if one[1])
    return [one for one in asked if one != "org.javatuples.*" or TUPLES.search(text)]
