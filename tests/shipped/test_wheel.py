"""Aurora as users get it: a wheel, installed where no checkout is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

# What `git` would not carry, and what no build needs.
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "runs", "__pycache__", ".*_cache", "tests", "benchmarks", "dist")


def carried_out(*command: object, **options: object) -> str:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command}: {done.stdout[-1500:]}{done.stderr[-3000:]}"
    return str(done.stdout)


def files_below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the files that the repository has."""
    folder = tmp_path_factory.mktemp("build")
    shutil.copytree(Path(__file__).parents[2], folder / "source", ignore=LEFT_OUT)
    carried_out(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder / "dist", folder / "source")
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_an_installed_package_runs_the_demos_recipe_by_name_and_leaves_nothing(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python, aurora = tmp_path / "venv/bin/python", tmp_path / "venv/bin/aurora"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = tmp_path / "venv/lib" / version / "site-packages"
    before = files_below(tmp_path / "venv")
    carried_out(python, "-m", "pip", "install", "--no-deps", wheel)
    # What it depends on is what the tests run with: seen through a path file, not installed again (2 GB).
    (packages / "beside.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    before.add(packages / "beside.pth")
    empty = tmp_path / "empty"
    empty.mkdir()
    given = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    options = {"cwd": empty, "env": {**given, "XDG_CACHE_HOME": str(tmp_path / "cache")}}
    listed = carried_out(aurora, "ls", "recipes", "--paths", **options).splitlines()
    assert str(packages / "aurora/shipped/recipes/tiny.yaml") in listed
    for kind in ("policies", "languages"):
        assert all(Path(path).is_file() for path in carried_out(aurora, "ls", kind, "--paths", **options).split())
    carried_out(aurora, "run", "tiny", "--until", "redteam", "corpus.curation.duplicates=none", **options)
    assert (empty / "runs/tiny/corpus/ledger.json").is_file()
    assert (empty / "runs/tiny/redteam/held_out.jsonl").is_file()
    carried_out(python, "-m", "pip", "uninstall", "--yes", "aurora-lm")
    assert files_below(tmp_path / "venv") == before
    assert not [path for path in packages.rglob("*") if "aurora" in path.name]
