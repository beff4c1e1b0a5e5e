"""Every language whose tools are here, each with a program that runs, one that fails and one that is none."""

from __future__ import annotations

import pytest

from aurora.errors import UserError
from aurora.evaluation.sandbox.outcome import Limits
from aurora.evaluation.sandbox.running import run
from aurora.evaluation.sandbox.toolchains.found import ToolMissing
from aurora.evaluation.sandbox.toolchains.known import COMMANDS, LANGUAGES, language_named, toolchain
from evaluation.sandbox.toolchains.programs import BUILT, PROGRAMS

# A crate or a library compiled for the first time takes longer than a test may.
QUICK = sorted(LANGUAGES.keys() - {"rust"})


def ran(language: str) -> None:
    try:
        assert toolchain(language).version
    except ToolMissing as missing:
        pytest.skip(str(missing))
    good, failing, none = (run(program, language, Limits()) for program in PROGRAMS[language])
    assert good.status == "finished", good
    assert good.stdout == "hi\n" or (language == "rust" and "1 passed" in good.stdout)
    assert (failing.status, failing.exit_code) == ("failed", 3), failing
    assert none.status == ("not built" if language in BUILT else "failed"), none


@pytest.mark.parametrize("language", QUICK)
def test_programs_of_a_language(bubblewrap: None, language: str) -> None:
    ran(language)


@pytest.mark.slow
def test_programs_in_rust(bubblewrap: None) -> None:
    ran("rust")


def test_every_language_is_tried() -> None:
    assert PROGRAMS.keys() == LANGUAGES.keys() == COMMANDS.keys()


def test_names_that_benchmarks_use() -> None:
    assert [language_named(name) for name in ("js", "ts", "C++", "Python", "rs")] == [
        *("javascript", "typescript", "cpp", "python", "rust"),
    ]
    with pytest.raises(UserError, match="'cobol' cannot be run; known: cpp, go, java, javascript"):
        language_named("cobol")


def test_a_language_without_its_tools_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    for language, make in LANGUAGES.items():
        if language != "python":
            with pytest.raises(
                ToolMissing, match=r"programs cannot run here: `[a-z+]+` is not on the PATH; install it"
            ):
                make()
