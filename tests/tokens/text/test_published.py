"""Finding published models: a folder before the hub, and one sentence for a name that is neither."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from aurora.errors import AuroraError, UserError
from aurora.tokens.text.published import find_published

FILES = ("config.json", "*.safetensors")
KEY = "model.path"


def find(path: str, base: Path, revision: str | None = None) -> Path:
    return find_published(path, revision, base, FILES, KEY)


def test_a_name_that_is_a_folder_means_that_folder(tmp_path: Path) -> None:
    """Also one that could be a name on the hub: what lies beside the recipe comes first."""
    (tmp_path / "owner/name").mkdir(parents=True)
    assert find("owner/name", tmp_path) == tmp_path / "owner/name"
    assert find(str(tmp_path / "owner"), Path("/elsewhere")) == tmp_path / "owner"


def test_a_folder_below_the_home_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "model").mkdir()
    assert find("~/model", Path("/elsewhere")) == tmp_path / "model"


def test_a_folder_has_no_revision(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with pytest.raises(UserError, match="is a folder, which has no revision: leave out the revision abc"):
        find("model", tmp_path, "abc")


@pytest.mark.parametrize("name", ["./model", "model", "a/b/c", "../x", "/nowhere", "a/.b", "https://hub/a/b"])
def test_names_that_are_nothing_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"model\.path: .* is not a folder, and .* is not a hub model; write OWNER/NAM"):
        find(name, tmp_path)


@pytest.mark.parametrize("revision", ["../x", "a b", "", "-x"])
def test_what_is_no_revision_is_not_asked_for(tmp_path: Path, revision: str) -> None:
    with pytest.raises(UserError, match="is not a revision: give a commit hash, or the name of a branch or tag"):
        find("owner/name", tmp_path, revision)


def test_only_the_files_that_are_asked_for_are_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")
    asked: list[tuple[str, str | None, list[str]]] = []

    def download(name: str, revision: str | None, allow_patterns: list[str]) -> str:
        asked.append((name, revision, allow_patterns))
        return str(tmp_path)

    monkeypatch.setattr(hub, "snapshot_download", download)
    assert find("owner/name", tmp_path, "abc") == tmp_path
    assert asked == [("owner/name", "abc", list(FILES))]


@pytest.mark.parametrize(
    ("raised", "kind", "message"),
    [
        ("RepositoryNotFoundError", UserError, "that you may read: .* set HF_TOKEN"),
        ("RevisionNotFoundError", UserError, "the hub has no owner/name at abc that you may read"),
        ("GatedRepoError", UserError, "accept the model's licence"),
        ("LocalEntryNotFoundError", AuroraError, "could not be downloaded from the hub .*: check the network"),
    ],
)
def test_a_hub_that_refuses_or_is_away_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: str, kind: type[AuroraError], message: str
) -> None:
    hub = pytest.importorskip("huggingface_hub")
    error = getattr(hub.errors, raised)

    def download(*_: object, **__: object) -> str:
        raise error.__new__(error)

    monkeypatch.setattr(hub, "snapshot_download", download)
    with pytest.raises(AuroraError, match=message) as caught:
        find("owner/name", tmp_path, "abc")
    assert type(caught.value) is kind
    assert str(caught.value).startswith(f"{KEY}: {tmp_path / 'owner/name'} is not a folder, and ")


def test_without_the_hubs_client_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UserError, match="hub models need `pip install huggingface-hub`"):
        find("owner/name", tmp_path)
