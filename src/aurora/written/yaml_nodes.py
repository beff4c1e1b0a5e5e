"""YAML written by people, read as a tree of nodes within stated limits.

One decision: a file is bounded before it becomes values: its size, how deep it nests, and how many values it has when
its aliases are written out, so no recipe or policy takes more than seconds and a few hundred megabytes. What is over a
limit, and what YAML has beside tables, lists, texts, numbers, true, false and null, is a mistake with its line. A date
is a text here: nothing in a recipe is one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from aurora.errors import UserError
from aurora.files import read_regular

LARGEST = 1_000_000  # bytes; a recipe has 5,000, a policy in one language 10,000
DEEPEST = 40  # a recipe has 7
MOST_VALUES = 20_000  # read at some 5,000 in a second; a recipe has 200, and 100 bytes of aliases can stand for 10^9
LONGEST_KEY = 500
LONGEST_NUMBER = 100  # characters: Python's conversion of digits takes time that grows with their square
LARGEST_INTEGER = 2**63  # the largest integers of files, NumPy and PyTorch
LARGEST_NUMBER = 1e18

Key = tuple[str, ...]
Tags = Mapping[str, Callable[[str], Any]]  # what becomes of a text with a tag of a format's own, such as `!function`
NO_TAGS: Tags = MappingProxyType({})
_KINDS = {f"tag:yaml.org,2002:{kind}": kind for kind in ("str", "int", "float", "bool", "null")}
_TABLE, _LIST = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"
# Line breaks and tabs are text. Other controls would steer a terminal or end a path; half a character is in no file.
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Problem(Exception):
    """What is wrong with a YAML text, and in which line."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


class _Loader(yaml.SafeLoader):
    """YAML 1.1 as PyYAML reads it, with `1e-4` a number, as everybody expects, without dates, and nesting bounded."""

    depth = 0
    count = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node and everything below it, counting both against the limits."""
        self.depth += 1
        self.count += 1
        if self.count > 2 * MOST_VALUES:  # keys are nodes, too
            raise Problem(self.line + 1, f"this file has more than {MOST_VALUES:,} values")
        if self.depth > DEEPEST:
            raise Problem(self.line + 1, f"this nests deeper than {DEEPEST} levels")
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if not tag.endswith(":timestamp")]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
# `no` is Norwegian, and `on` a word: as in YAML 1.2, only true and false are neither.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if not tag.endswith(":bool")]
    for first, known in _Loader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$", re.IGNORECASE), list("tTfF"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d[\d_]*)?\.?\d[\d_]*[eE][-+]?\d+$"), list("-+.0123456789")
)


def read_table(path: Path, what: str, tags: Tags = NO_TAGS) -> tuple[dict[str, Any], dict[Key, int]]:
    """The table in the YAML file `path`, and the line of every key and item; `what` is the file's role in messages.

    Raises FileNotFoundError, and `UserError` naming file and line for what cannot be read, is no table or is over a
    limit.
    """
    try:
        text = read_regular(path, LARGEST, UserError).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 (byte {error.start:,}): save it as UTF-8.") from error
    lines: dict[Key, int] = {}
    try:
        value = parse(text, lines, tags)
    except Problem as problem:
        raise UserError(f"{path}, line {problem.line}: {problem.what}.") from problem
    if not isinstance(value, dict):
        raise UserError(f"{path}: {what} is a table of keys, and this file holds none.")
    return value, lines


def parse(text: str, lines: dict[Key, int] | None = None, tags: Tags = NO_TAGS) -> Any:
    """The value of a YAML text; fills `lines` with the line of every key and item. Raises `Problem`."""
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Problem(line, f"a file of YAML cannot hold the character U+{ord(text[error.position]):04X}") from error
    try:
        node = loader.get_single_node()
        return None if node is None else _Values(loader, {} if lines is None else lines, tags).of(node, ())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Problem(line, f"this is not valid YAML ({error.problem})") from error
    except (ArithmeticError, LookupError, ValueError) as error:  # PyYAML, of an escape such as \\UFFFFFFFF
        raise Problem(loader.line + 1, f"this is not valid YAML ({error})") from error
    finally:
        loader.dispose()


class _Values:
    """Turns nodes into values; aliases are expanded, and counted."""

    def __init__(self, loader: _Loader, lines: dict[Key, int], tags: Tags) -> None:
        self._loader = loader
        self._lines = lines
        self._tags = tags
        self._count = 0

    def of(self, node: yaml.Node, key: Key) -> Any:
        """The value of the node at `key`."""
        self._count += 1
        line = node.start_mark.line + 1
        if self._count > MOST_VALUES:
            raise Problem(line, f"with its aliases written out this file has more than {MOST_VALUES:,} values")
        if len(key) > DEEPEST:  # also where an alias stands inside of what it stands for
            raise Problem(line, f"{'.'.join(key[:3])} ... nests deeper than {DEEPEST} levels, or holds itself")
        if isinstance(node, yaml.MappingNode) and node.tag == _TABLE:
            return self._table(node, key)
        if isinstance(node, yaml.SequenceNode) and node.tag == _LIST:
            return self._list(node, key)
        if isinstance(node, yaml.ScalarNode) and node.tag in _KINDS:
            return self._scalar(node, key, _KINDS[node.tag])
        if isinstance(node, yaml.ScalarNode) and node.tag in self._tags:
            return self._tags[node.tag](node.value)
        raise Problem(line, f"{_dotted(key)}a value cannot have the tag {node.tag[-40:]!r} here; leave it out")

    def _table(self, node: yaml.MappingNode, key: Key) -> dict[str, Any]:
        table: dict[str, Any] = {}
        for name_node, value_node in node.value:
            line = name_node.start_mark.line + 1
            name = name_node.value
            if not isinstance(name, str) or len(name) > LONGEST_KEY or _UNFIT.search(name):
                raise Problem(line, f"{_dotted(key)}a key is a word of at most {LONGEST_KEY} printable characters")
            if name in table:
                raise Problem(line, f"the key {'.'.join((*key, name))} appears twice; keep one")
            self._lines[(*key, name)] = line
            table[name] = self.of(value_node, (*key, name))
        return table

    def _list(self, node: yaml.SequenceNode, key: Key) -> list[Any]:
        items = []
        for index, item in enumerate(node.value):
            self._lines[(*key, str(index))] = item.start_mark.line + 1
            items.append(self.of(item, (*key, str(index))))
        return items

    def _scalar(self, node: yaml.ScalarNode, key: Key, kind: str) -> Any:
        text = str(node.value)
        line = node.start_mark.line + 1
        shown = repr(text if len(text) <= LONGEST_NUMBER else f"{text[:20]}...")
        if kind == "str":
            if found := _UNFIT.search(text):
                raise Problem(line, f"{_dotted(key)}a text cannot hold the character U+{ord(found[0]):04X}")
            return text
        if len(text) > LONGEST_NUMBER:
            raise Problem(line, f"{_dotted(key)}{shown} is longer than any number here; quote it if it is a text")
        try:
            value = self._loader.construct_object(node)
        except (ArithmeticError, LookupError, ValueError) as error:
            raise Problem(line, f"{_dotted(key)}{shown} is not of its tag, {kind}") from error
        if kind == "int" and not -LARGEST_INTEGER <= value < LARGEST_INTEGER:
            raise Problem(line, f"{_dotted(key)}{shown} is beyond the largest whole number, 2^63")
        if kind == "float" and not (math.isfinite(value) and abs(value) <= LARGEST_NUMBER):
            raise Problem(line, f"{_dotted(key)}{shown} is not a finite number of at most {LARGEST_NUMBER:.0e}")
        return value


def _dotted(key: Key) -> str:
    return f"{'.'.join(key)}: " if key else ""
