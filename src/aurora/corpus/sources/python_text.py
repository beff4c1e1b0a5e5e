"""Text of Python packages: docstrings as English prose, and sources as code.

One decision: a module is a document. Its docstrings are parsed out of the syntax tree, never imported, and keep only
paragraphs that read as prose.
"""

from __future__ import annotations

import ast
import inspect
import re
import warnings
from collections.abc import Iterator

LARGEST_SOURCE = 200_000
LEAST_WORDS = 8
_DIRECTIVE = re.compile(r"^\s*(\.\.|>>>|\.\.\.|:\w+|\||\+-|[-=~^]{3,}|#|\$|@)")
_ROLE = re.compile(r":[\w.-]+(?::[\w.-]+)?:`~?([^`<]+)(?:<[^>]*>)?`")
_QUOTES = re.compile(r"`{1,2}")


def prose(source: str, seen: set[str]) -> str:
    """The prose of a module's docstrings, paragraphs in `seen` left out and added to it; raises SyntaxError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        try:
            tree = ast.parse(source)
        except MemoryError as error:  # what the parser raises for expressions nested too deeply
            raise SyntaxError("nested too deeply") from error
    kept: list[str] = []
    for docstring in _docstrings(tree):
        for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(docstring)):
            text = _paragraph(paragraph)
            if text and text not in seen:
                seen.add(text)
                kept.append(text)
    return "\n\n".join(kept)


def _docstrings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            docstring = ast.get_docstring(node, clean=False)
            if docstring:
                yield docstring


def _paragraph(paragraph: str) -> str:
    """A paragraph without markup, or nothing where it is a table, an example, a list of parameters or a label."""
    lines = paragraph.splitlines()
    if any(_DIRECTIVE.match(line) for line in lines):
        return ""
    # Indented lines after the first are definitions ("x (int): the width"), code or tables.
    if any(line.startswith((" ", "\t")) for line in lines):
        return ""
    text = _QUOTES.sub("", _ROLE.sub(r"\1", " ".join(line.strip() for line in lines)))
    words = text.split()
    letters = sum(map(str.isalpha, text))
    return text if len(words) >= LEAST_WORDS and letters >= 0.7 * len(text) and text[0].isalpha() else ""
