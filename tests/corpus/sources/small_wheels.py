"""Tiny wheels and message catalogues, made in memory and in folders of the test's own."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

Content = str | bytes


def mo_bytes(messages: Mapping[str, str], order: str = "<", charset: str = "utf-8") -> bytes:
    """A GNU message catalogue of (original, translation) pairs, as msgfmt would write it."""
    header = {"": f"Content-Type: text/plain; charset={charset}\n"}
    pairs = sorted((key.encode(charset), value.encode(charset)) for key, value in {**header, **messages}.items())
    tables, texts = [b"", b""], b""
    start = 28 + 16 * len(pairs)
    for which in (0, 1):
        for pair in pairs:
            tables[which] += struct.pack(f"{order}2I", len(pair[which]), start + len(texts))
            texts += pair[which] + b"\0"
    head = struct.pack(f"{order}7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, start)
    return head + tables[0] + tables[1] + texts


def write_wheel(folder: Path, name: str, version: str, files: Mapping[str, Content]) -> Path:
    """A wheel that pip accepts."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    own = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense: MIT\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for place, content in {**files, **own}.items():
            archive.writestr(zipfile.ZipInfo(place), content)
    return path
