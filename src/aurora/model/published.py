"""Finding a published checkpoint: a local folder, or a model on the Hugging Face hub.

One decision: a name that is a folder (relative to the recipe's) is that folder; anything shaped like OWNER/NAME is
fetched into the hub's own cache, only the files that are needed and never a pickle.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from aurora.errors import AuroraError, UserError
from aurora.files import canonical_json, read_json, sha256
from aurora.recipe.names import is_hub_name, is_revision

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"


def find_published(path: str, revision: str | None, base: Path) -> Path:
    """The local folder of the checkpoint `path`: a folder relative to `base`, or a hub model at commit `revision`.

    Raises `UserError` for a name that is neither and for a hub model that may not be read, `AuroraError` where the hub
    cannot be reached.
    """
    folder = base / Path(path).expanduser()
    if folder.is_dir():
        if revision is not None:
            raise UserError(f"{folder} is a folder, which has no revision: leave the revision {revision} away.")
        return folder
    if not is_hub_name(path):
        raise UserError(f"{folder} is not a folder, and {path!r} is not a hub model (OWNER/NAME).")
    if revision is not None and not is_revision(revision):
        raise UserError(f"{revision!r} is not a revision: give a commit hash, or the name of a branch or tag.")
    return _fetch(path, revision, folder)


def model_identity(path: str, revision: str | None, base: Path) -> str:
    """A short text that changes when the checkpoint does, for fingerprints; reads no weights and needs no network.

    Local weights count by size and time of change. A hub model counts by name and revision, so one without a revision
    is not looked up again: what was imported stands.
    """
    folder = base / Path(path).expanduser()
    if not folder.is_dir():
        return f"{path}@{revision or 'main'}"
    facts: list[object] = []
    for file in sorted(folder.iterdir()):
        if file.name in (CONFIG, TOKENIZER, INDEX):
            facts.append([file.name, sha256(file)])
        elif file.suffix == ".safetensors":
            facts.append([file.name, file.stat().st_size, file.stat().st_mtime_ns])
    return hashlib.sha256(canonical_json(facts)).hexdigest()


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a checkpoint, by its index where it is sharded."""
    if (folder / INDEX).is_file():
        index = read_json(folder / INDEX)
        places = index.get("weight_map") if isinstance(index, dict) else None
        names = sorted({str(name) for name in places.values()}) if isinstance(places, dict) else []
        if not names or any(Path(name).name != name for name in names):  # a path could lead out of the folder
            raise AuroraError(f"{folder / INDEX} has no usable weight_map: fetch the checkpoint again.")
        return [folder / name for name in names]
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if sorted(folder.glob("*.bin")):
        raise UserError(
            f"{folder} holds its weights as pickled .bin files only, which can run code when read: "
            "convert it to safetensors with transformers' save_pretrained first."
        )
    raise UserError(f"{folder} holds no {WEIGHTS} or {INDEX}: give a Hugging Face folder with safetensors weights.")


def _fetch(name: str, revision: str | None, folder: Path) -> Path:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError
    except ImportError as error:
        raise UserError(f"{folder} is not a folder, and hub models need `pip install 'aurora-lm[hub]'`.") from error
    at = f"{name} at {revision}" if revision else name
    try:
        return Path(
            snapshot_download(name, revision=revision, allow_patterns=[CONFIG, TOKENIZER, "model*.safetensors*"])
        )
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:  # a gated model is one of these
        raise UserError(
            f"{folder} is not a folder, and the hub has no {at} that you may read: check the name and revision, accept "
            "the model's licence on its page, and set HF_TOKEN."
        ) from error
    except Exception as error:  # the client raises many kinds for a network that fails
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise AuroraError(
            f"{folder} is not a folder, and {at} could not be fetched from the hub ({reason}): try again online."
        ) from error
