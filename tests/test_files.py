from __future__ import annotations

import errno
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from aurora import files
from aurora.errors import AuroraError, UserError
from aurora.files import (
    as_written,
    atomic_file,
    below,
    canonical_json,
    explained,
    json_lines,
    read_json,
    read_json_lines,
    read_regular,
    sha256,
    write_json,
    write_once,
    write_text,
)


def test_a_failed_write_leaves_the_old_content_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"old": True})
    with pytest.raises(RuntimeError), atomic_file(path, "w") as stream:
        stream.write("half of the new")
        raise RuntimeError
    assert read_json(path) == {"old": True}
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "disk quota is used up"),
        (errno.EFBIG, "exceeds the largest file size"),
        (errno.EACCES, "cannot be written"),
        (errno.EPERM, "cannot be written"),
    ],
)
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
    with pytest.raises(UserError, match=r"is not a path below|leads through a symbolic link"):
        below(tmp_path / "run", name)


def test_what_lies_below_a_folder_is_given_also_where_the_folder_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "there")
    assert below(tmp_path / "run", "checkpoints/base") == tmp_path / "run/checkpoints/base"


def test_broken_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(AuroraError, match=r"a\.json is not valid JSON"):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize("content", [b"[" * 100_000, b"9" * 5000, b"\xff", b"", b'{"a": 1'])
def test_odd_json_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(AuroraError, match=r"a\.json is not valid JSON"):
        read_json(tmp_path / "a.json")
    (tmp_path / "a.jsonl").write_bytes(b'{"good": "\xe2\x80\xa8"}\n' + (content or b"{") + b"\n")
    lines = read_json_lines(tmp_path / "a.jsonl")
    assert next(lines) == {"good": "\u2028"}
    with pytest.raises(AuroraError, match=r"a\.jsonl, line 2: this is not valid JSON"):
        list(lines)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "large", "zero byte"])
def test_only_regular_files_of_a_stated_size_are_read(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST_JSON", 10)
    path = {"device": Path("/dev/zero"), "zero byte": tmp_path / "a\0b"}.get(kind, tmp_path / "a")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "large":
        path.write_text("[1, 2, 3, 4]")
    for read in (read_json, *([] if kind == "large" else [sha256, lambda path: list(read_json_lines(path))])):
        with pytest.raises(AuroraError) as error:
            read(path)
        assert "\n" not in str(error.value)
    with pytest.raises(UserError):
        read_regular(path, 10, UserError)


def test_nothing_is_written_over_a_pipe_a_device_or_a_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "pipe", tmp_path / "folder", Path("/dev/null")):
        with pytest.raises(AuroraError, match="which a file cannot replace"):
            write_text(path, "text")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder", "pipe"]


def test_what_a_file_may_hold_at_most_is_the_systems(tmp_path: Path) -> None:
    """With the real limit of a process: 100 blocks of 1,024 bytes."""
    path = str(tmp_path / "a")
    code = f"from pathlib import Path; from aurora.files import write_text; write_text(Path({path!r}), 'x' * 10**6)"
    command = f"ulimit -f 100; exec {sys.executable} -c {shlex.quote(code)}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert "exceeds the largest file size allowed here: raise `ulimit -f`" in done.stderr
    assert not list(tmp_path.iterdir())


def test_content_that_does_not_belong_there(tmp_path: Path) -> None:
    for odd in ({}, [], 3):
        with (
            pytest.raises(AuroraError, match=r"a\.json does not have the expected content"),
            as_written(tmp_path / "a.json"),
        ):
            odd["documents"]["in"]  # type: ignore[index, call-overload]


def test_canonical_json_ignores_key_order() -> None:
    assert canonical_json({"b": 1, "a": "ä"}) == canonical_json({"a": "ä", "b": 1}) == '{"a":"ä","b":1}'.encode()


def test_sha256_is_the_standard_one(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert sha256(tmp_path / "empty").startswith("e3b0c44298fc1c14")


def test_what_people_may_have_corrected_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "rows.jsonl"
    write_once(path, "one\n")
    write_once(path, "one\n")
    with pytest.raises(UserError, match="holds another text"):
        write_once(path, "two\n")
    assert path.read_text() == "one\n"
    path.write_text("")
    write_once(path, "two\n")
    assert path.read_text() == "two\n"
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match="holds another text"):
        write_once(tmp_path / "link", "two\n")
    with pytest.raises(UserError, match="is a folder"):
        write_once(tmp_path, "two\n")


def test_half_of_a_character_is_written_as_it_can_be_read_again() -> None:
    rows = [{"a": "ä"}, {"a": "ä\ud800"}]
    text = json_lines(rows)
    assert text.splitlines()[0] == '{"a": "ä"}'
    assert [json.loads(line) for line in text.encode().decode().splitlines()] == rows
