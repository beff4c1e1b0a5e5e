"""What a published checkpoint is: its folder, its weight files, and what identifies it.

One decision: files are chosen as `transformers` chooses them, but a pickle, which can run code, is never read.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from aurora.errors import AuroraError, UserError
from aurora.files import canonical_json, read_json
from aurora.gguf.folder import is_gguf
from aurora.hashes import digest_of
from aurora.tokens.text.published import find_published
from aurora.tokens.text.text_facts import COMPANIONS, FILE

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"


def find_model(path: str, revision: str | None, base: Path) -> Path:
    """The local folder of the checkpoint `path`, found as `find_published` does."""
    return find_published(path, revision, base, (CONFIG, FILE, *COMPANIONS, "model*.safetensors*"), "model.path")


def model_identity(path: str, revision: str | None, base: Path) -> str:
    """A short text that changes when the checkpoint does, for fingerprints; needs no network.

    A local folder or GGUF file is identified by its content, a hub model by name and revision: without a revision it
    is not looked up again, and what was imported stands.
    """
    folder = base / Path(path).expanduser()
    if is_gguf(folder) and folder.is_file():
        return digest_of(folder)
    if not folder.is_dir():
        return f"{path}@{revision or 'main'}"
    read = (CONFIG, INDEX, FILE, *COMPANIONS)
    files = [file for file in sorted(folder.iterdir()) if file.name in read or file.suffix == ".safetensors"]
    facts = [[file.name, digest_of(file)] for file in files if file.is_file()]
    return hashlib.sha256(canonical_json(facts)).hexdigest()


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a checkpoint: the one, or those of an index (which is a left-over beside the one)."""
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if (folder / INDEX).is_file():
        index = read_json(folder / INDEX)
        places = index.get("weight_map") if isinstance(index, dict) else None
        names = sorted({str(name) for name in places.values()}) if isinstance(places, dict) else []
        if not names or any(Path(name).name != name for name in names):  # a path could lead out of the folder
            raise AuroraError(f"{folder / INDEX} has no usable weight_map: fetch the checkpoint again.")
        return [folder / name for name in names]
    if sorted(folder.glob("*.bin")):
        raise UserError(
            f"{folder} holds its weights only as pickled .bin files, which can run code when read: "
            "convert it to safetensors with transformers' save_pretrained first."
        )
    raise UserError(f"{folder} holds no {WEIGHTS} or {INDEX}: give a Hugging Face folder with safetensors weights.")
