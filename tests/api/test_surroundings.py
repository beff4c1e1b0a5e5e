"""What `aurora env` tells."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError

import pytest

from aurora.api import surroundings as module
from aurora.api.surroundings import surroundings
from aurora.version import __version__


def test_it_tells_versions_machine_and_folders() -> None:
    found = surroundings()
    assert found["aurora"] == __version__
    assert {
        "python",
        "torch",
        "cores",
        "package",
        "accelerator",
        "memory",
        "disk here",
        "cache",
        "extras",
        "browser",
        "generated code",
    } <= {*found}
    assert all(value and "\n" not in value for value in found.values())


def test_an_extra_counts_when_all_of_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = [
        "click>=8",
        "datasets>=4 ; extra == 'hub'",
        'huggingface-hub; extra == "hub"',
        "ray[data]>=2; extra == 'cluster'",
    ]
    assert module._packages(needed, "hub") == ["datasets", "huggingface-hub"]
    assert module._packages(needed, "cluster") == ["ray"]
    there = {"datasets", "ray"}

    def version(package: str) -> str:
        if package not in there:
            raise PackageNotFoundError(package)
        return "1"

    class Metadata:
        def get_all(self, key: str) -> list[str]:
            return ["hub", "cluster", "test"]

    monkeypatch.setattr(module, "version", version)
    monkeypatch.setattr(module, "metadata", lambda name: Metadata())
    monkeypatch.setattr(module, "requires", lambda name: needed)
    assert module._extras() == "cluster"
    there.add("huggingface-hub")
    assert module._extras() == "cluster, hub"


def test_a_checkout_that_is_not_installed_knows_no_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(module, "metadata", unknown)
    assert "not installed" in module._extras()


def test_it_tells_whether_generated_code_can_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aurora.evaluation.sandbox.jail.why_no_jail", lambda: "`bwrap` is not installed")
    monkeypatch.setattr(module.shutil, "which", lambda name: name if name in ("g++", "python3") else None)
    assert module._sandbox() == "no, `bwrap` is not installed; tools of cpp, python"
