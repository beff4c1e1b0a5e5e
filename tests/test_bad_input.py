"""Bad input at the command line: one clear sentence, the right exit code, nothing half-written taken for finished."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from pathlib import Path

import pytest

from aurora.cli import main
from aurora.corpus.sources import packages
from small_run import write_small_project


def invoke(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Exit code and what was said, of the command line with `arguments`."""
    code: object = 0
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as end:
        code = end.code
    assert isinstance(code, int)
    return code, capsys.readouterr().err


def errors(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith(("Error:", "Unexpected"))]


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return write_small_project(tmp_path)


def test_an_unknown_key(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe.write_text(recipe.read_text().replace("batch_tokens: 512", "batch_token: 512", 1))
    code, said = invoke(capsys, "run", recipe, "--output", recipe.parent / "run")
    assert code == 2
    assert "small.yaml, line" in said
    assert "batch_token (did you mean batch_tokens?)" in said
    assert not (recipe.parent / "run").exists()


def test_a_missing_file(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (recipe.parent / "web.jsonl").unlink()
    code, said = invoke(capsys, "corpus", "build", recipe, "--output", recipe.parent / "run")
    assert code == 2
    assert len(errors(said)) == 1
    assert "corpus.sources.web.paths" in said
    assert not (recipe.parent / "run/corpus").exists()


def test_a_broken_line_is_quarantined_and_the_rest_goes_on(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (recipe.parent / "web.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"lang": "en", "text": "cut off\n{"lang": "en"}\n["no object"]\n')
    code, _ = invoke(capsys, "corpus", "build", recipe, "--output", recipe.parent / "run")
    assert code == 0
    ledger = json.loads((recipe.parent / "run/corpus/ledger.json").read_text())
    assert ledger["documents"]["quarantined"] == 3
    assert ledger["documents"]["in"] == 323
    lines = (recipe.parent / "run/corpus/quarantined/web.jsonl").read_text().splitlines()
    assert [json.loads(line)["where"].rpartition(":")[2] for line in lines] == ["241", "242", "243"]


def with_wheel(recipe: Path) -> None:
    """Let the recipe read a package that is not in any index, in this process."""
    pin = "{name: no-such-package, version: 1.0, sha256: " + "a" * 64 + "}"
    text = recipe.read_text().replace(
        "corpus:\n  sources:\n", f"corpus:\n  sources:\n    wheel: {{kind: wheels, packages: [{pin}]}}\n"
    )
    text = text.replace("corpus:\n", "corpus:\n  execution: {workers: 1}\n")
    recipe.write_text(text.replace("version: 1.0", "version: '1.0'"))


def test_no_network(recipe: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with_wheel(recipe)

    def no_network(command: object, **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 1, "", "ERROR: Could not find a version that satisfies the requirement")

    monkeypatch.setattr(packages.subprocess, "run", no_network)
    code, said = invoke(
        capsys, "corpus", "build", recipe, "corpus.cache=" + str(recipe.parent), "--output", recipe.parent / "run"
    )
    assert code == 1, said
    assert len(errors(said)) == 1
    assert "no-such-package 1.0 cannot be downloaded" in said
    assert not (recipe.parent / "run/corpus").exists()


def test_an_unreadable_wheel(recipe: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with_wheel(recipe)
    monkeypatch.setattr(packages, "sha256", lambda path: "a" * 64)
    folder = recipe.parent / "wheels" / f"no-such-package-1.0-{'a' * 16}"
    folder.mkdir(parents=True)
    (folder / "no_such_package-1.0-py3-none-any.whl").write_bytes(b"PK\x03\x04 not really")
    code, said = invoke(
        capsys, "corpus", "build", recipe, "corpus.cache=" + str(recipe.parent), "--output", recipe.parent / "run"
    )
    assert code == 1
    assert len(errors(said)) == 1
    assert "no-such-package 1.0 cannot be unpacked" in said
    assert not folder.exists()


def test_a_full_disk(recipe: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def full(descriptor: int) -> None:
        if "ledger" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc to know which file is written")
    monkeypatch.setattr(os, "fsync", full)
    code, said = invoke(capsys, "corpus", "build", recipe, "--output", recipe.parent / "run")
    assert code == 1
    assert len(errors(said)) == 1
    assert "The disk is full while writing" in said
    assert not (recipe.parent / "run/corpus").exists()
    monkeypatch.undo()
    code, _ = invoke(capsys, "corpus", "build", recipe, "--output", recipe.parent / "run")
    assert code == 0
    assert (recipe.parent / "run/corpus/manifest.json").is_file()


def test_an_output_that_cannot_be_written(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (recipe.parent / "file").write_text("in the way")
    code, said = invoke(capsys, "corpus", "build", recipe, "--output", recipe.parent / "file/run")
    assert code in (1, 2)
    assert len(errors(said)) == 1


def test_training_text_of_the_measuring_domain_is_refused(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    letter = json.loads((recipe.parent / "letters.jsonl").read_text(encoding="utf-8").splitlines()[0])
    sentence = letter["text"].splitlines()[0]
    row = {
        "lang": "en",
        "text": f"{letter['text'].splitlines()[0].upper()}\n" + "Something else was written here. " * 6,
    }
    with (recipe.parent / "web.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row) + "\n")
    code, said = invoke(capsys, "corpus", "build", recipe, "--output", recipe.parent / "run")
    assert code == 2
    assert "a sentence of corpus.other_domain" in said
    assert sentence[:40] in said
