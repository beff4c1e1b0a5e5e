"""What a failure is and how it ends a command: the class alone decides."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest

import aurora
from aurora.cli import main
from aurora.errors import AuroraError, UserError


@pytest.mark.parametrize(("kind", "code"), [(AuroraError, 1), (UserError, 2)])
def test_a_failure_is_its_sentence_and_its_exit_code(
    kind: type[AuroraError],
    code: int,
    minimal_recipe: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: object) -> None:
        raise kind("here.yaml, line 3: it is so; do that.")

    monkeypatch.setattr("aurora.checking.check.load_recipe", fails)
    with pytest.raises(SystemExit) as end:
        main(["run", str(minimal_recipe)])
    assert end.value.code == code
    assert capsys.readouterr() == ("", "Error: here.yaml, line 3: it is so; do that.\n")


def test_a_user_s_mistake_is_caught_as_a_failure() -> None:
    with pytest.raises(AuroraError):
        raise UserError("a mistake")
    assert not issubclass(AuroraError, (OSError, ValueError))  # or a handler of these would take it for another


def test_no_other_kind_of_failure_has_an_exit_code_of_its_own() -> None:
    for module in pkgutil.walk_packages(aurora.__path__, "aurora."):
        if module.name.startswith(("aurora.recipe", "aurora.run", "aurora.folders", "aurora.files")):
            importlib.import_module(module.name)
    kinds, found = [AuroraError], set()
    while kinds:
        found.add(kinds.pop())
        kinds = [*kinds, *(kind for one in found for kind in one.__subclasses__() if kind not in found)]
    assert {kind.exit_code for kind in found} == {1, 2}
    assert all(kind.exit_code == (2 if issubclass(kind, UserError) else 1) for kind in found)
