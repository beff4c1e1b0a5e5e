from __future__ import annotations

import stat
from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.redteam.review.log.keys import public_hex, public_key, take_key


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "signing.pem"
    first = take_key(path)
    assert public_hex(take_key(path)) == public_hex(first)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["signing.pem"]


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "signing.pem"
    take_key(path)
    path.chmod(0o644)
    with pytest.raises(UserError, match="chmod 600"):
        take_key(path)


@pytest.mark.parametrize("content", [b"", b"no key", b"x" * 10_000], ids=["empty", "text", "large"])
def test_what_is_no_key_is_refused_and_stays(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "signing.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(UserError, match=r"no private key|more than"):
        take_key(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("digits", ["", "zz", "00" * 31])
def test_what_is_no_public_key_is_refused(digits: str) -> None:
    with pytest.raises(UserError, match="64 hexadecimal digits"):
        public_key(digits)
