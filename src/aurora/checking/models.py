"""Checks of the model that is continued, the tokenizer, and what they must fit.

One decision: of a local model only its configuration and the names of its weights are read; a hub model is not
downloaded for a check, and only checked if its shape is known.
"""

from __future__ import annotations

import os
from pathlib import Path

from aurora.checking.findings import Findings
from aurora.errors import AuroraError
from aurora.nearest import nearest
from aurora.recipe.names import is_hub_name

WHEEL = "wheel:"


def check_model(findings: Findings) -> None:
    """`model.path`: what it is, its family, its weights and tokenizer, its positions; or the form of a new network."""
    path, architecture = findings.loaded.recipe.model.path, findings.loaded.recipe.model.architecture
    if architecture is not None:
        with findings.asking("model.architecture"):
            from aurora.planning.footprint import refuse_odd

            refuse_odd(architecture)
    if path is None:
        return
    folder = _folder(findings, "model.path", path)
    if folder is None:
        return
    with findings.asking("model.path"):
        from aurora.model.huggingface import published_architecture
        from aurora.model.published import CONFIG, weight_files
        from aurora.tokens.text.published import find_gguf
        from aurora.tokens.text.text_facts import FILE

        published, vocabulary = published_architecture(folder / CONFIG)
        if find_gguf(path, findings.loaded.base) is None:
            weight_files(folder)
        if not (folder / FILE).is_file():
            findings.mistake(
                "model.path", f"{folder} has no {FILE}: save its tokenizer there with transformers' save_pretrained"
            )
        else:
            _tokenizers(findings, folder, vocabulary)
        _positions(findings, published.positions)


def check_tokenizer(findings: Findings) -> None:
    """`tokens.path`, where it is not the model's own, the stores that are adopted and the pairs that are preferred."""
    recipe, base = findings.loaded.recipe, findings.loaded.base
    path = recipe.tokens.path
    if path is not None and path != recipe.model.path:
        local = base / Path(path).expanduser()
        if not (local.is_file() and local.name == "tokenizer.json"):
            folder = _folder(findings, "tokens.path", path)
            if folder is not None and not (folder / "tokenizer.json").is_file():
                findings.mistake("tokens.path", f"{folder} has no tokenizer.json: save the tokenizer there")
    for store, given in recipe.tokens.preferences.items():
        if not (base / given.path).is_file():
            findings.mistake(f"tokens.preferences.{store}.path", f"{base / given.path} does not exist")
    for store, adopted in recipe.tokens.adopt.items():
        for ending in ("bin", "idx"):
            if not (base / f"{adopted.path}.{ending}").is_file():
                findings.mistake(f"tokens.adopt.{store}.path", f"{base / adopted.path}.{ending} does not exist")


def _folder(findings: Findings, key: str, path: str) -> Path | None:
    """The folder of a published model that lies here; None where it does not, after what there is to say of that."""
    from aurora.tokens.text.published import local_model

    if path.startswith(WHEEL):
        findings.note(key, "this file in a package is looked at when it is fetched")
        return None
    local = findings.loaded.base / Path(path).expanduser()
    if local.exists():
        with findings.asking(key):
            return local_model(path, findings.loaded.base, findings.loaded.recipe.corpus.downloads)
        return None
    if is_hub_name(path) and not local.parent.is_dir() and not Path(path).parent.is_dir():
        if findings.needs(key, "huggingface_hub", "hub"):
            findings.note(key, f"there is no {local}, so the hub is asked for {path} when the run needs it")
        return None
    findings.mistake(key, f"there is no {local} ({_meant(path, findings.loaded.base)})")
    return None


def _meant(path: str, base: Path) -> str:
    """What to write for a path where nothing is."""
    if Path(path).exists():
        return f"paths start from the recipe's folder: write {Path(os.path.relpath(path, base)).as_posix()}"
    for folder in (base, Path.cwd()):
        parent = folder / Path(path).parent
        close = nearest(Path(path).name, [entry.name for entry in parent.iterdir()]) if parent.is_dir() else None
        if close:
            meant = Path(os.path.relpath(parent / close, base)) if folder != base else Path(path).with_name(close)
            return f"did you mean {meant.as_posix()}?"
    return "give a folder, a GGUF file, or OWNER/NAME of the hub"


def _tokenizers(findings: Findings, folder: Path, vocabulary: int) -> None:
    """Whether the model's tokenizer fits its embedding, and another one that is named means the same by its ids."""
    from aurora.model.folder import fitting_text
    from aurora.tokens.text.text_facts import FILE, load_tokenizer, refuse_other_ids

    recipe, base = findings.loaded.recipe, findings.loaded.base
    try:
        own = fitting_text(folder, vocabulary).tokenizer
    except AuroraError as error:
        findings.mistake("model.path", str(error).removesuffix("."))
        return
    path = recipe.tokens.path
    if path is None or path == recipe.model.path:
        return
    local = base / Path(path).expanduser()
    file = local / FILE if local.is_dir() else local
    if file.is_file() and file.name == FILE:
        with findings.asking("tokens.path"):
            refuse_other_ids(own, load_tokenizer(file), file)


def _positions(findings: Findings, positions: int) -> None:
    recipe = findings.loaded.recipe
    if recipe.model.positions is not None:
        return  # compared where the recipe is read
    for name, stage in recipe.stages.items():
        if stage.sequence_length > positions:
            findings.mistake(
                f"stages.{name}.sequence_length",
                f"{stage.sequence_length:,} is more than the {positions:,} positions of {recipe.model.path}; give that "
                "or less",
            )
