"""A GGUF file as a folder of the hub: its configuration and its text, in the cache.

One decision: these files follow from the file's table alone and are small, so they are written each time and nothing
can be stale; weights stay in the file until a model is imported.
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

    Raises `UserError` for what this network or tokenizer cannot be, `AuroraError` for a damaged file.
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
