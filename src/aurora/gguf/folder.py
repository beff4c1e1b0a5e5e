"""A GGUF file as a hub folder in the cache: its configuration and its tokenizer.

One decision: these files follow from the file's table and are small, so they are written each time and are never stale;
weights stay in the GGUF file until a model is imported.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from aurora.files import default_cache, write_json, write_text
from aurora.gguf.file import read_gguf
from aurora.gguf.network import configuration, hub_names
from aurora.gguf.text import text_files

SUFFIX = ".gguf"


def is_gguf(path: Path) -> bool:
    """Whether a path names a GGUF file."""
    return path.suffix == SUFFIX and not path.is_dir()


def hub_folder(path: Path) -> Path:
    """The folder in the cache with `config.json` and the tokenizer's files of the GGUF file `path`.

    Raises `UserError` for a network or tokenizer that Aurora does not have, `AuroraError` for a damaged file.
    """
    file = read_gguf(path)
    hub_names(file)
    files = {"config.json": configuration(file), **text_files(file)}
    folder = default_cache() / "gguf" / hashlib.sha256(file.header).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if isinstance(content, str):
            write_text(folder / name, content)
        else:
            write_json(folder / name, content)
    return folder
