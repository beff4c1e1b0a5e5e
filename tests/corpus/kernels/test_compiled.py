"""The compiler of the kernels: what is kept is never older than what it was made from."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from aurora.corpus.kernels import compiled

LOW = """\
from pathlib import Path
from typing import NamedTuple
import numpy as np
from aurora.corpus.kernels.compiled import compiled

FACTOR = 3
TABLE = np.array([int(word) for word in Path(__file__).with_name("table.txt").read_text().split()])

class Pair(NamedTuple):
    one: int
    other: int

@compiled
def raised(value):
    return value * FACTOR + TABLE[0]
"""
HIGH = """\
from aurora.corpus.kernels.compiled import entry_point
from low import Pair, raised

@entry_point
def difference(pair, value):
    return raised(value) + pair.one - pair.other
"""

Load = Callable[[], tuple[ModuleType, ModuleType]]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder that machine code is kept in."""
    folder = tmp_path / "kept"
    monkeypatch.setattr(compiled, "folders", lambda: (folder,))
    return folder


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads two modules of kernels, one of which uses the other, as a new process would find them."""
    for name, content in (("low.py", LOW), ("high.py", HIGH), ("table.txt", "100 7")):
        (tmp_path / name).write_text(content, encoding="utf-8")

    def loaded() -> tuple[ModuleType, ModuleType]:
        modules = []
        for name in ("low", "high"):
            module = ModuleType(name)
            module.__file__ = str(tmp_path / f"{name}.py")
            monkeypatch.setitem(sys.modules, name, module)
            exec(compile((tmp_path / f"{name}.py").read_text(encoding="utf-8"), module.__file__, "exec"), vars(module))
            modules.append(module)
        return modules[0], modules[1]

    return loaded


def run(load: Load) -> int:
    low, high = load()
    return int(high.difference(low.Pair(one=50, other=1), 2))


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text of a file that stays as long as before and as old."""
    before, content = path.stat(), path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new), encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    ("file", "old", "new", "found"),
    [
        ("low.py", "FACTOR = 3", "FACTOR = 4", 157),
        ("low.py", "value * FACTOR +", "value * FACTOR -", -45),
        ("low.py", "    one: int\n    other: int", "    other: int\n    one: int", 155),
        ("table.txt", "100", "200", 255),
        ("high.py", "+ pair.one - pair.other", "- pair.one + pair.other", 57),
    ],
)
def test_what_a_kernel_is_made_of_is_compiled_anew(
    kept: Path, load: Load, tmp_path: Path, file: str, old: str, new: str, found: int
) -> None:
    assert run(load) == 155
    edit(tmp_path / file, old, new)
    assert run(load) == found
    assert len(list(kept.iterdir())) == 2


def test_what_it_is_not_made_of_is_not(kept: Path, load: Load, tmp_path: Path) -> None:
    assert run(load) == 155
    before = {path: path.stat().st_mtime_ns for path in kept.iterdir()}
    edit(tmp_path / "low.py", "@compiled", "OTHER = 5  # used by none\n\n@compiled")
    assert run(load) == 155
    assert {path: path.stat().st_mtime_ns for path in kept.iterdir()} == before


@pytest.mark.parametrize("damage", [b"", b"cut", None])
def test_a_damaged_file_is_compiled_anew(kept: Path, load: Load, damage: bytes | None) -> None:
    run(load)
    (path,) = kept.iterdir()
    whole = path.read_bytes()
    flipped = bytes([*whole[:2000], whole[2000] ^ 1, *whole[2001:]])
    path.write_bytes(flipped if damage is None else damage)
    assert run(load) == 155
    assert path.read_bytes() != flipped
    assert len(path.read_bytes()) == len(whole)


def test_a_folder_that_cannot_be_written_is_passed_over(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    denied, user = tmp_path / "file" / "kernels", tmp_path / "user"
    monkeypatch.setattr(compiled, "folders", lambda: (denied, user))
    assert run(load) == 155
    assert len(list(user.iterdir())) == 1
    monkeypatch.setattr(compiled, "folders", lambda: (denied,))
    assert run(load) == 155


def test_a_kernel_from_an_install_that_is_read_only_is_found(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "installed"
    monkeypatch.setattr(compiled, "folders", lambda: (installed,))
    run(load)
    monkeypatch.setattr(compiled, "folders", lambda: (tmp_path / "user", installed))
    assert run(load) == 155
    assert not (tmp_path / "user").exists()


def test_old_files_go(kept: Path, load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "MOST_FILES", 2)
    for factor in range(3, 6):
        edit(tmp_path / "low.py", f"FACTOR = {factor}", f"FACTOR = {factor + 1}")
        run(load)
    assert len(list(kept.iterdir())) == 2


def test_a_constant_that_no_mark_can_tell_is_refused(kept: Path) -> None:
    space: dict[str, Any] = {"__name__": "made_up", "TABLE": {1: 2}}
    exec("def looked_up(place):\n    return TABLE[place]", space)
    with pytest.raises(TypeError, match=r"made_up\.TABLE is a dict"):
        compiled.entry_point(space["looked_up"])(1)


@pytest.mark.slow
def test_an_edited_constant_of_the_package_reaches_the_kernels_that_use_it(tmp_path: Path, root: Path) -> None:
    shutil.copytree(root / "src" / "aurora", tmp_path / "aurora", ignore=shutil.ignore_patterns("__pycache__"))
    shingles = tmp_path / "aurora" / "corpus" / "kernels" / "shingles.py"
    constant = "_FNV, _STEP, _SEED = np.uint64(0x100000001B3)"

    def signed(number: int = 1) -> set[str]:
        script = (
            "import pyarrow as pa; from aurora.corpus.kernels.minhash import signatures; "
            "print(signatures(pa.array(['one two three four five six'], pa.large_string()))['bands'][0].tolist())"
        )
        settings = os.environ | {"PYTHONPATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
        settings["PYTHONDONTWRITEBYTECODE"] = "1"  # Python itself would take an edit of the same date and size for none
        command = [sys.executable, "-c", script]
        running = [subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, text=True) for _ in range(number)]
        said = {process.communicate()[0] for process in running}
        assert all(process.returncode == 0 for process in running)
        return said

    first = signed(number=2)
    assert len(first) == 1
    edit(shingles, constant, constant.replace("1B3", "1B5"))
    edited = signed()
    assert edited.isdisjoint(first)
    edit(shingles, constant.replace("1B3", "1B5"), constant)
    assert signed() == first
    beside = Path(importlib.util.cache_from_source(str(shingles))).parent / "kernels"
    assert len(list(beside.iterdir())) == 2
    assert not (tmp_path / "cache").exists()


def test_equal_constants_and_no_others_look_the_same() -> None:
    values = [1, 1.0, True, "1", b"1", np.uint64(1), np.int32(1), (1,), (1, 1), np.ones(1), np.ones(1, np.int64), None]
    seen = [repr(compiled._plain("it", value)) for value in values]
    assert len(set(seen)) == len(values)


def test_an_installed_package_keeps_machine_code_in_the_users_cache_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert compiled.folders()[1:] == (tmp_path / "aurora/kernels",)
    monkeypatch.setattr(compiled, "__file__", "/venv/lib/python3/site-packages/aurora/corpus/kernels/compiled.py")
    assert compiled.folders() == (tmp_path / "aurora/kernels",)
    assert compiled.nothing_kept()
    (tmp_path / "aurora/kernels").mkdir(parents=True)
    (tmp_path / "aurora/kernels/one.nbc").touch()
    assert not compiled.nothing_kept()
