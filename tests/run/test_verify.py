"""Whatever is done to a run is named, and what may lie beside its artifacts is told apart from damage."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from aurora.errors import AuroraError, UserError
from aurora.run import seal
from aurora.run.folder import OWN_FILES
from aurora.run.manifest import artifact, written_folder
from aurora.run.verify import verify


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run with three artifacts."""
    run = tmp_path / "run"
    run.mkdir()
    seal.begin(run)
    for place in ("corpus", "checkpoints/base", "evaluation/base"):
        with artifact(run / place, place, 1, {"peak": 1}, {}) as folder:
            (folder / "clean").mkdir()
            (folder / "clean/data.bin").write_text(place)
        seal.settle(run, f"{place}/manifest.json")
    for name in OWN_FILES:
        seal.write_sealed(run, name, f'{{"name": "{name}"}}')
    seal.finish(run, list(seal.read_seal(run).parts))  # type: ignore[union-attr]
    return run


def edited(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def link(path: Path) -> None:
    """The same content, but by a link to another place."""
    path.rename(path.parents[3] / "moved")
    path.symlink_to(path.parents[3] / "moved")


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a flipped byte": (
        lambda run: edited(run / "corpus/clean/data.bin", "c", "C"),
        "corpus/clean/data.bin has changed",
    ),
    "a cut file": (lambda run: (run / "corpus/clean/data.bin").write_text(""), "corpus/clean/data.bin has changed"),
    "a deleted file": (lambda run: (run / "corpus/clean/data.bin").unlink(), "corpus/clean/data.bin is missing"),
    "a deleted manifest": (lambda run: (run / "corpus/manifest.json").unlink(), "corpus/manifest.json is missing"),
    "a deleted checkpoint": (
        lambda run: shutil.rmtree(run / "checkpoints/base"),
        "checkpoints/base/manifest.json is m",
    ),
    "a deleted room": (lambda run: shutil.rmtree(run / "checkpoints"), "checkpoints/base/manifest.json is missing"),
    "an extra file": (lambda run: (run / "corpus/clean/evil").touch(), "corpus/clean/evil was not written"),
    "a hidden file": (lambda run: (run / "corpus/.evil").touch(), "corpus/.evil was not written"),
    "an extra checkpoint": (
        lambda run: shutil.copytree(run / "checkpoints/base", run / "checkpoints/evil"),
        "checkpoints/evil was not written",
    ),
    "an output made a link": (lambda run: link(run / "corpus/clean/data.bin"), "corpus/clean/data.bin is a symbolic"),
    "an artifact made a link": (
        lambda run: ((run / "corpus").rename(run.parent / "moved"), (run / "corpus").symlink_to(run.parent / "moved")),
        "corpus/manifest.json is a symbolic link",
    ),
    "an altered setting": (
        lambda run: edited(run / "corpus/manifest.json", '"peak": 1', '"peak": 2'),
        "corpus/manifest.json has changed",
    ),
    "an altered fingerprint": (
        lambda run: edited(run / "corpus/manifest.json", '"fingerprint": "', '"fingerprint": "0'),
        "corpus/manifest.json has changed",
    ),
    "a forged time": (
        lambda run: edited(run / "corpus/manifest.json", '"seconds": ', '"seconds": 9'),
        "corpus/manifest.json has changed",
    ),
    "an altered recipe": (lambda run: edited(run / "recipe.json", "name", "game"), "recipe.json has changed"),
    "an altered report": (lambda run: edited(run / "report.json", "name", "game"), "report.json has changed"),
    "an altered page": (lambda run: edited(run / "report.html", "name", "game"), "report.html has changed"),
    "no page": (lambda run: (run / "report.html").unlink(), "report.html is missing"),
    "no seal": (lambda run: (run / "seal.json").unlink(), "seal.json is missing"),
    "an altered seal": (lambda run: edited(run / "seal.json", '"finished"', '"Finished"'), "seal.json has changed"),
    "an unfinished run": (
        seal.reopen,
        "is not finished, and nothing is damaged: run its recipe again to go on",
    ),
    "a part on its way": (lambda run: seal.announce(run, "report.json", "0" * 64), "is not finished, and nothing is"),
}


@pytest.mark.parametrize("damage", list(DAMAGE))
def test_damage_is_named(run: Path, damage: str) -> None:
    assert verify(run) == "Verified 3 files in 3 artifacts, the recipe and the report: nothing has changed."
    do, said = DAMAGE[damage]
    do(run)
    with pytest.raises(AuroraError, match=re.escape(said)) as raised:
        verify(run)
    assert raised.value.exit_code == 1


def test_all_damage_is_named_at_once(run: Path) -> None:
    (run / "corpus/clean/data.bin").unlink()
    (run / "checkpoints/base/evil").touch()
    edited(run / "report.json", "name", "game")
    seal.reopen(run)
    with pytest.raises(AuroraError) as raised:
        verify(run)
    for said in (
        "Damaged: ",
        "is not finished",
        "data.bin is missing",
        "evil was not written",
        "report.json has changed",
    ):
        assert said in str(raised.value)


def test_what_may_lie_beside_the_artifacts_is_no_damage(run: Path) -> None:
    for name in (".lock", ".hashes.json", "tiny.yaml"):
        (run / name).touch()
    for name in ("tensorboard/base", "corpus.work/texts", "checkpoints/base.partial", "checkpoints/base.set-aside"):
        (run / name).mkdir(parents=True)
        (run / name / "file").touch()
    with written_folder(run / "exported", "export", {}, {}) as folder:
        (folder / "config.json").touch()
    said = verify(run)
    assert said.splitlines() == [
        f"Work of an interrupted step, which will resume from it: {run}/checkpoints/base.partial",
        f"Set aside: {run}/checkpoints/base.set-aside",
        f"Not part of the run, and not verified: {run}/exported",
        f"Not part of the run, and not verified: {run}/tiny.yaml",
        "Verified 3 files in 3 artifacts, the recipe and the report: nothing has changed.",
    ]
    assert verify(run / "exported") == "Verified 1 files in 1 artifact: nothing has changed."


def test_artifacts_of_an_earlier_recipe_still_are_looked_at(run: Path) -> None:
    parts = seal.read_seal(run).parts  # type: ignore[union-attr]
    seal.finish(run, [part for part in parts if not part.startswith("evaluation")])
    assert verify(run).startswith(
        f"From an earlier version of the recipe: {run}/evaluation/base\nVerified 3 files in 3 artifacts"
    )
    edited(run / "evaluation/base/clean/data.bin", "e", "E")
    with pytest.raises(AuroraError, match=r"evaluation/base/clean/data\.bin has changed"):
        verify(run)


def test_a_folder_alone_is_compared_with_its_manifest_and_with_the_seal_of_its_run(run: Path, tmp_path: Path) -> None:
    assert verify(run / "checkpoints/base") == "Verified 1 files in 1 artifact: nothing has changed."
    shutil.copytree(run / "checkpoints/base", tmp_path / "copied")
    assert verify(tmp_path / "copied") == "Verified 1 files in 1 artifact: nothing has changed."
    shutil.copytree(run / "checkpoints/base", run / "checkpoints/evil")
    with pytest.raises(AuroraError, match="checkpoints/evil is not in the seal"):
        verify(run / "checkpoints/evil")
    with artifact(run / "corpus", "corpus", 1, {"peak": 1}, {}) as folder:
        (folder / "data.bin").write_text("of another run")
    with pytest.raises(AuroraError, match=r"corpus/manifest\.json has changed since it was written"):
        verify(run / "corpus")


def test_what_nothing_of_ours_lies_in_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is not a run and has no manifest\.json"):
        verify(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"name": "an extension of a browser"}))
    with pytest.raises(AuroraError, match=r"manifest\.json does not list the files"):
        verify(tmp_path)
