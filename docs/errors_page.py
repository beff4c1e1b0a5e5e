"""The page of every error: the sentences that the code can end with, taken from where it raises them.

One decision: a sentence is read from the source and not listed a second time, so the page has each of them, as it is
today. What stands in braces is filled in when it is said.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

INTRO = """# Errors and what they mean

Generated from the code by `make docs`. A command that fails says one sentence: what is wrong, where (file, line, key),
and what to do; `aurora --debug COMMAND ...` shows where in the code it comes from.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | the machine or the world failed: a full disk, no network, a damaged file; mend it and run the command again |
| 2 | a mistake in a recipe, an argument or an input file; what was made before it is kept |
| 128 and more | stopped by a signal (130 is Ctrl-C, 143 SIGTERM); the same command goes on where it stopped |

Below are all sentences, by room. What stands in braces is filled in. Search for a few of a message's own words.
"""
# Of a user's input; a section of the recipe says its own as ValueError, and the loader adds file, line and key.
KINDS = {
    "UserError": "Mistakes (exit code 2)",
    "ValueError": "Mistakes (exit code 2)",
    "AuroraError": "Failures (exit code 1)",
}
STATED = ("recipe", "languages")
EVERYWHERE = "in every room"  # modules that lie beside the rooms: reading, writing and replacing files
# What takes a key and what is wrong with it.
FOUND = ("Mistake", "mistake")


def errors_page(source: Path) -> str:
    """The page, from every module below `source`."""
    lines = [INTRO]
    rooms = {path.name: sorted(path.rglob("*.py")) for path in sorted(source.iterdir()) if path.is_dir()}
    for room, modules in ({EVERYWHERE: sorted(source.glob("*.py"))} | rooms).items():
        found: dict[str, list[str]] = {}
        for module in modules:
            for kind, sentence in raised(module):
                if kind != "ValueError" or room in STATED:
                    told = found.setdefault(KINDS[kind], [])
                    told += [sentence] if sentence not in told else []
        if found:
            lines.append(f"## {room}\n")
        for heading in sorted(found, reverse=True):
            lines += [f"**{heading}**\n", *(f"- {sentence}" for sentence in found[heading]), ""]
    return "\n".join(lines)


def raised(module: Path) -> Iterator[tuple[str, str]]:
    """(class, sentence) of everything a module raises for a user or finds wrong at a key, in order."""
    nodes = [node for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))) if hasattr(node, "lineno")]
    for node in sorted(nodes, key=lambda node: node.lineno):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            if node.exc.func.id in KINDS and node.exc.args and (sentence := _said(node.exc.args[0])):
                yield node.exc.func.id, _plain(sentence)
        elif isinstance(node, ast.Call) and _called(node) in FOUND and (sentence := _said(node.args[1])):
            yield "UserError", f"{{file}}, line {{line}}: {{key}}: {_plain(sentence)}."


def _called(node: ast.Call) -> str:
    """The name of what is called with two arguments or more; empty for others."""
    if len(node.args) < len(("key", "what")):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _said(node: ast.expr) -> str:
    """The text of an expression, with names in braces; empty where all of it is made elsewhere."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _said(node.left) + _said(node.right)
    if isinstance(node, ast.JoinedStr):
        text = "".join(_said(part) if isinstance(part, ast.Constant) else _filled(part) for part in node.values)
        return text if any(isinstance(part, ast.Constant) and part.value.strip(" .:") for part in node.values) else ""
    return ""


def _filled(node: ast.expr) -> str:
    """What is filled in, by its name where it has one."""
    value = node.value if isinstance(node, ast.FormattedValue) else node
    while isinstance(value, (ast.Subscript, ast.Call)):
        value = value.value if isinstance(value, ast.Subscript) else (value.args[0] if value.args else value.func)
    name = value.attr if isinstance(value, ast.Attribute) else value.id if isinstance(value, ast.Name) else ""
    return f"{{{name.lower().strip('_').replace('_', ' ')}}}" if name else "{…}"


def _plain(sentence: str) -> str:
    """A sentence on one line, in which nothing but its commands is Markdown."""
    parts = " ".join(sentence.split()).split("`")  # every second one is a command
    return "`".join(
        part if number % 2 else re.sub(r"([\\*_<>|\[\]])", r"\\\1", part) for number, part in enumerate(parts)
    )
