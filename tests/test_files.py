from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from aurora.errors import AuroraError, UserError
from aurora.files import atomic_file, below, canonical_json, explained, read_json, sha256, write_json


def test_a_failed_write_leaves_the_old_content_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"old": True})
    with pytest.raises(RuntimeError), atomic_file(path, "w") as stream:
        stream.write("half of the new")
        raise RuntimeError
    assert read_json(path) == {"old": True}
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize(("code", "said"), [(errno.ENOSPC, "disk is full"), (errno.EACCES, "cannot be written")])
def test_operating_system_errors_become_one_sentence(tmp_path: Path, code: int, said: str) -> None:
    with pytest.raises(AuroraError, match=said) as error, explained(tmp_path / "x"):
        raise OSError(code, "as the system says")
    assert str(tmp_path / "x") in str(error.value)


def test_a_full_disk_is_named_and_nothing_half_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(AuroraError, match=r"disk is full while writing .*a\.json"):
        write_json(tmp_path / "a.json", {"half": "written"})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/../../x", "/etc", "linked", "linked/x"])
def test_what_leads_out_of_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run/linked").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match=r"is not a path below|leads by a symbolic link"):
        below(tmp_path / "run", name)


def test_what_lies_below_a_folder_is_given_also_where_the_folder_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "there")
    assert below(tmp_path / "run", "checkpoints/base") == tmp_path / "run/checkpoints/base"


def test_broken_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(AuroraError, match=r"a\.json is not valid JSON"):
        read_json(tmp_path / "a.json")


def test_canonical_json_ignores_key_order() -> None:
    assert canonical_json({"b": 1, "a": "ä"}) == canonical_json({"a": "ä", "b": 1}) == '{"a":"ä","b":1}'.encode()


def test_sha256_is_the_standard_one(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert sha256(tmp_path / "empty").startswith("e3b0c44298fc1c14")
