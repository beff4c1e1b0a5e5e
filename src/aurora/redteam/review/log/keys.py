"""The key that signs a log: Ed25519, made when it is first needed, readable by its owner alone.

One decision: the private key is one file beside the project's data and is never in the log; its public half stands in
the log's head. Whoever wants to know that a log was not made anew as a whole compares that half with one they were
given.
"""

from __future__ import annotations

import os
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from aurora.errors import AuroraError, UserError
from aurora.files import explained, flush_folder, read_regular

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LARGEST = 4_096  # bytes of a key's file


def need_cryptography() -> None:
    """`UserError` where the package that signs is not installed."""
    if find_spec("cryptography") is None:
        raise UserError("The log of a review needs cryptography: run `pip install 'aurora-lm[review]'`.")


def take_key(path: Path) -> Ed25519PrivateKey:
    """The key in a file, which is made where there is none; `UserError` for a file that is no such key, or that others
    can read."""
    need_cryptography()
    with suppress(FileNotFoundError):
        return _read(path)
    return _make(path)


def public_hex(key: Ed25519PrivateKey) -> str:
    """The public half of a key, as the head of a log names it."""
    return key.public_key().public_bytes_raw().hex()


def public_key(digits: str) -> Ed25519PublicKey:
    """A public key from its 64 hexadecimal digits; `UserError` where they are none."""
    need_cryptography()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(digits))
    except ValueError as error:
        raise UserError(f"{digits[:80]!r} is no public key: give its 64 hexadecimal digits.") from error


def _read(path: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = read_regular(path, LARGEST, UserError)
    if path.stat().st_mode & 0o077:
        raise UserError(f"{path} can be read by others, who could sign with it: run `chmod 600 {path}`.")
    try:
        key = load_pem_private_key(content, None)
    except (ValueError, TypeError) as error:
        raise UserError(f"{path} is no private key: restore it; a new key needs a new project.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UserError(f"{path} is a key of another kind than Ed25519: restore the project's own.")
    return key


def _make(path: Path) -> Ed25519PrivateKey:
    """Write a new key under a name of its own, whole, then give it its name; of two processes the first one's stays."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    content = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with explained(path):
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            with suppress(FileExistsError):
                os.link(partial, path)
            flush_folder(path.parent)
    except FileExistsError as error:
        raise AuroraError(f"{partial} is in the way: remove it and run the same command again.") from error
    finally:
        partial.unlink(missing_ok=True)
    return _read(path)
