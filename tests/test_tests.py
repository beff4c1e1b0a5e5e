"""What holds for the tests themselves: each module has its own, each asserts something, and none needs benchmarks/.

One decision: a rule is read from the source of the tests, so that a test that is forgotten is found the same day.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from conftest import ROOT

TESTS = ROOT / "tests"
SOURCE = ROOT / "src/aurora"
# Modules without a file of tests of their own, and where they are tested instead.
ELSEWHERE = {
    "__main__.py": "test_end_to_end.py",  # `python -m aurora` is how tests start it
    "version.py": "test_cli.py",
}
MIGRATIONS = "redteam/review/server/keeping/migrations"
for step in ("env.py", "versions/first.py"):
    ELSEWHERE[f"{MIGRATIONS}/{step}"] = "redteam/review/server/keeping/test_database.py"
FAMILIES = ("apertus", "gemma3", "gpt_bigcode", "llama", "mistral", "olmo2", "olmo3", "qwen2", "qwen3", "smollm3")
# Each family is data, which one file compares with `transformers`, family by family.
ELSEWHERE |= {f"model/families/{name}.py": "model/families/test_families.py" for name in FAMILIES}
SAID = "is the assertion"  # of a test that only has to end: its docstring or a comment says so with these words


def modules() -> list[str]:
    """Every module, by its path in the package; what rooms say in `__init__` is tested with their modules."""
    return sorted(path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py") if path.stem != "__init__")


def test_a_module_has_its_tests_where_a_reader_looks_for_them() -> None:
    missing = []
    for module in modules():
        own = Path(module).with_name(f"test_{Path(module).name}")
        if module in ELSEWHERE:
            assert not (TESTS / own).exists(), f"take {module} out of ELSEWHERE"
        if not (TESTS / ELSEWHERE.get(module, own)).is_file():
            missing.append(f"tests/{own.as_posix()}")
    assert missing == [], "write these"


def test_every_exception_is_a_module() -> None:
    assert set(ELSEWHERE) <= set(modules())


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def files() -> list[Path]:
    return sorted(TESTS.rglob("*.py"))


def cases_of(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node


def asserts(node: ast.AST) -> bool:
    """Whether something is asserted in a piece of a program itself."""
    for part in ast.walk(node):
        if isinstance(part, ast.Assert):
            return True
        if isinstance(part, ast.Call):
            called = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
            if called in ("raises", "warns", "fail") or called.startswith("assert_"):
                return True
    return False


@cache
def helpers(path: Path) -> dict[str, tuple[Path, ast.AST]]:
    """The functions and classes of tests that a file knows by a name: its own, and those it imports."""
    found: dict[str, tuple[Path, ast.AST]] = {}
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = path, node
        elif isinstance(node, ast.ImportFrom) and node.module:
            other = TESTS / f"{node.module.replace('.', '/')}.py"
            if other.is_file():
                known = helpers(other)
                found |= {name.asname or name.name: known[name.name] for name in node.names if name.name in known}
    return found


def asserts_by_helpers(path: Path, node: ast.AST, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a piece of a file asserts something, itself or by what it calls."""
    if asserts(node):
        return True
    called = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} & helpers(path).keys() - seen
    return any(asserts_by_helpers(*helpers(path)[name], seen | {name}) for name in sorted(called))


def test_every_test_asserts_something() -> None:
    silent = []
    for path in files():
        lines = path.read_text(encoding="utf-8").splitlines()
        for node in cases_of(path):
            said = any(SAID in line for line in lines[node.lineno - 1 : node.end_lineno])
            if not said and not asserts_by_helpers(path, node):
                silent.append(f"{path.relative_to(TESTS)}::{node.name}")
    assert silent == [], f"assert something, or say why it {SAID} that they end"


def test_a_silent_test_is_found(tmp_path: Path) -> None:
    path = tmp_path / "test_made_up.py"
    path.write_text(
        "def helper():\n    assert 1\n\ndef loud():\n    helper()\n\n"
        "def test_one():\n    loud()\n\ndef test_two():\n    len('')\n\ndef test_three():\n    test_two()\n"
    )
    assert [node.name for node in cases_of(path) if not asserts_by_helpers(path, node)] == ["test_two", "test_three"]


def test_nothing_is_imported_from_benchmarks() -> None:
    """Benchmarks may use what tests have, and never the other way round; their own tests start them."""
    ours = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} | {"benchmarks"}
    for path in files():
        for node in ast.walk(tree(path)):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                top = name.partition(".")[0]
                assert top not in ours or (TESTS / top).is_dir(), f"{path} imports {name}"
