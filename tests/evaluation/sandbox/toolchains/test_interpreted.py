"""What programs of interpreted languages find: their own library, packages that were named, and nothing else."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from aurora.evaluation.sandbox.running import run
from aurora.evaluation.sandbox.toolchains import interpreted, known
from aurora.evaluation.sandbox.toolchains.found import ToolMissing


def test_python_is_ours_without_packages(bubblewrap: None) -> None:
    program = "import sys; print(sys.version_info[:2])\nfor name in ('numpy', 'pip', 'yaml'):\n    "
    program += "try: __import__(name); print(name)\n    except ImportError: pass\nimport json, decimal, sqlite3, ctypes"
    outcome = run(program, "python")
    assert (outcome.status, outcome.stdout) == ("finished", f"{tuple(sys.version_info[:2])}\n"), outcome


def test_a_set_has_the_same_order_every_time(bubblewrap: None) -> None:
    said = {run("print(set('abcdefghij'))", "python").stdout for _ in range(4)}
    assert len(said) == 1


@pytest.mark.parametrize(
    ("language", "command", "variable", "name", "library", "program"),
    [
        ("javascript", "node", "NODE_PATH", "made/index.js", "module.exports = 41", "console.log(require('made') + 1)"),
        (
            "perl",
            "perl",
            "PERL5LIB",
            "Made.pm",
            "package Made; sub up { 42 } 1;",
            "use Made; print Made::up(), qq(\\n);",
        ),
    ],
    ids=["javascript", "perl"],
)
def test_libraries_that_the_environment_names_are_found(
    bubblewrap: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    command: str,
    variable: str,
    name: str,
    library: str,
    program: str,
) -> None:
    if shutil.which(command) is None:
        pytest.skip(f"{command} is not installed")
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(library)
    monkeypatch.setenv(variable, str(tmp_path))
    known.found.cache_clear()
    outcome = run(program, language)
    known.found.cache_clear()
    assert (outcome.status, outcome.stdout) == ("finished", "42\n"), outcome


def test_typescript_of_both_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to version 6 the compiler is a library, from 7 on a program."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    package = tmp_path / "node_modules" / "typescript"
    (package / "lib").mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"version": "9.9.9"}))
    monkeypatch.setenv("NODE_PATH", str(package.parent))
    assert "bin/tsc main.ts --noCheck" in interpreted.typescript().build
    (package / "lib" / "typescript.js").write_text("")
    made = interpreted.typescript()
    assert "transpileModule" in made.build
    assert made.version == "TypeScript 9.9.9"
    assert package.parent in made.reads


def test_typescript_without_its_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreted, "_node_path", lambda: str(tmp_path))
    monkeypatch.setattr(interpreted, "which", lambda name: None)
    monkeypatch.setattr(interpreted, "_node", lambda language: Path("/usr/bin/node"))
    with pytest.raises(ToolMissing, match="npm install typescript"):
        interpreted.typescript()
