"""Finding published models: a local folder, a GGUF file, or a model on the Hugging Face hub.

One decision: a name that is a folder (relative to the recipe's) means that folder, and a GGUF file the folder that is
made of it; any other name of the form OWNER/NAME is downloaded into the hub's own cache, only the files that are needed
and never a pickle.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aurora.errors import AuroraError, UserError
from aurora.gguf.folder import hub_folder, is_gguf
from aurora.gguf.wheel import SCHEME, unpacked, unpacked_before
from aurora.recipe.names import is_hub_name, is_revision


def find_published(path: str, revision: str | None, base: Path, files: Sequence[str], key: str) -> Path:
    """The local folder of `path`: a folder or GGUF file relative to `base`, a GGUF file in a wheel, or a hub model's
    `files` at commit `revision`.

    Raises `UserError` naming the recipe's `key` for a name that is neither and for a hub model without access,
    `AuroraError` if the hub cannot be reached.
    """
    folder = base / Path(path).expanduser()
    file = find_gguf(path, base)
    if file is not None or folder.is_dir():
        if revision is not None:
            kind = f"{folder} is a folder" if file is None else f"{file} is a file"
            raise UserError(f"{kind}, which has no revision: leave out the revision {revision}.")
        return folder if file is None else hub_folder(file)
    if not is_hub_name(path):
        raise UserError(f"{key}: {folder} is not a folder, and {path!r} is not a hub model; write OWNER/NAME.")
    if revision is not None and not is_revision(revision):
        raise UserError(f"{revision!r} is not a revision: give a commit hash, or the name of a branch or tag.")
    return _fetch(path, revision, folder, files, key)


def find_gguf(path: str, base: Path) -> Path | None:
    """The GGUF file that `path` names, below `base` or in a wheel; None for a folder or a hub model."""
    if path.startswith(SCHEME):
        return unpacked(path)
    local = base / Path(path).expanduser()
    return local if is_gguf(local) else None


def local_model(path: str, base: Path, cache: Path) -> Path:
    """What `path` is relative to `base`, whether it exists or not; of a GGUF file, the folder that is made of it, also
    of one that was unpacked into the `cache`."""
    before = unpacked_before(path, cache) if path.startswith(SCHEME) else None
    local = before or base / Path(path).expanduser()
    return hub_folder(local) if is_gguf(local) else local


def _fetch(name: str, revision: str | None, folder: Path, files: Sequence[str], key: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError
    except ImportError as error:
        raise UserError(
            f"{key}: {folder} is not a folder, and hub models need `pip install huggingface-hub`."
        ) from error
    at = f"{name} at {revision}" if revision else name
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(files)))
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:  # a gated model is one of these
        raise UserError(
            f"{key}: {folder} is not a folder, and the hub has no {at} that you may read: check the name and revision, "
            "accept the model's licence on its page, and set HF_TOKEN."
        ) from error
    except Exception as error:  # the client raises many kinds for a network that fails
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise AuroraError(
            f"{key}: {folder} is not a folder, and {at} could not be downloaded from the hub ({reason}): check the "
            "network and run the same command again."
        ) from error
