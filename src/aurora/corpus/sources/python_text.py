"""Text of Python packages: docstrings as English prose, and sources as code.

One decision: a module is a document. Its docstrings are taken from the syntax tree, without importing it, and only
paragraphs that read as prose are kept. Tests and vendored packages (with other licences) are left out.
"""

from __future__ import annotations

import ast
import inspect
import re
import warnings
from collections.abc import Iterator
from pathlib import PurePath

# Bytes of a file. Larger sources are tables and generated code; docstrings of large modules are as good as others.
LARGEST = {"sources": 100_000, "docstrings": 1_000_000}
# A paragraph of a docstring is prose with at least so many words, and such a share of letters.
LEAST_WORDS = 8
LEAST_LETTER_SHARE = 0.7
_NOT_OWN = {"test", "tests", "testing", "_vendor", "vendor", "vendored", "third_party", "extern", "_vendored"}
_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")
_DIRECTIVE = re.compile(r"^\s*(\.\.|>>>|\.\.\.|:\w+|\||\+-|[-=~^]{3,}|#|\$|@)")
_ROLE = re.compile(r":[\w.-]+(?::[\w.-]+)?:`~?([^`<]+)(?:<[^>`]*>)?`")
_QUOTES = re.compile(r"`{1,2}")


def is_own(path: PurePath) -> bool:
    """Whether a file of a package is Python written for it: neither a test nor vendored."""
    name = path.name
    tests = name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"
    return name.endswith(".py") and not tests and _NOT_OWN.isdisjoint(path.parts[:-1])


def prose(source: str, seen: set[str]) -> str:
    """The prose of a module's docstrings in order, without paragraphs in `seen`, to which new ones are added.

    Raises SyntaxError, ValueError or RecursionError if `source` is not Python.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other people's invalid escapes; where warnings are errors, files would fail
        try:
            tree = ast.parse(source)
        except MemoryError as error:  # what the parser raises for expressions nested too deep
            raise SyntaxError("nested too deep") from error
    kept: list[str] = []
    for docstring in _docstrings(tree):
        for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(docstring)):
            text = _paragraph(paragraph)
            if text and text not in seen:
                seen.add(text)
                kept.append(text)
    return "\n\n".join(kept)


def _docstrings(node: ast.AST) -> Iterator[str]:
    """Docstrings below a node in source order; expressions have none and are skipped."""
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        docstring = ast.get_docstring(node, clean=False)
        if docstring:
            yield docstring
    for name in _BLOCKS:
        for statement in getattr(node, name, ()):
            yield from _docstrings(statement)


def _paragraph(paragraph: str) -> str:
    """A paragraph without markup, or "" for a table, an example, a list of parameters or a label."""
    lines = paragraph.splitlines()
    if any(_DIRECTIVE.match(line) for line in lines):
        return ""
    # Indented lines after the first are definitions ("x (int): the width"), code or tables.
    if any(line.startswith((" ", "\t")) for line in lines):
        return ""
    text = _QUOTES.sub("", _ROLE.sub(r"\1", " ".join(line.strip() for line in lines)))
    num_letters = sum(map(str.isalpha, text))
    is_prose = len(text.split()) >= LEAST_WORDS and num_letters >= LEAST_LETTER_SHARE * len(text)
    return text if is_prose and text[0].isalpha() else ""
