"""Reviewed items as a recipe's red-team set: an exported folder in the place of a policy's templates.

One decision: the folder's own split holds. What reviewers exported as held out is never trained on, and prompts that
are watched are taken from the rest by whole families of wordings, so no training prompt has their wording.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from aurora.errors import UserError
from aurora.files import as_written, read_json_lines
from aurora.folders import faults, refuse_faulty
from aurora.redteam.prompts import WHOLE, Item
from aurora.run.manifest import Manifest, read_manifest

TRAIN, HELD_OUT = "train", "held_out"
STEP = "redteam-export"


def reviewed_manifest(folder: Path) -> Manifest:
    """The manifest of an exported folder; `UserError` where it is none that a recipe can read."""
    if not folder.is_dir():
        raise UserError(f"redteam.reviewed: {folder} does not exist: give a folder that `aurora redteam export` wrote.")
    manifest = read_manifest(folder)
    names = [f"{part}.jsonl" for part in (TRAIN, HELD_OUT)]
    if manifest is None or manifest.step != STEP or not set(names) <= set(manifest.outputs):
        raise UserError(
            f"redteam.reviewed: {folder} is no dataset of a review in JSON lines: export it by "
            "`aurora redteam export LOG --output FOLDER`."
        )
    return manifest


def files_of(folder: Path) -> list[Path]:
    """The files of an exported folder that a recipe reads; `AuroraError` for one that has changed since."""
    listed = {name: digest for name, digest in reviewed_manifest(folder).hashes.items() if name.endswith(".jsonl")}
    refuse_faulty(folder, faults(folder, listed))
    return [folder / name for name in sorted(listed)]


def reviewed_items(folder: Path, languages: Sequence[str], watched: float | None, seed: int) -> dict[str, list[Item]]:
    """The items of an exported folder in some languages, by part: `train`, `held_out`, and `watched` where wanted."""
    files_of(folder)
    parts = {part: [item for item in _items(folder, part) if item.language in languages] for part in (TRAIN, HELD_OUT)}
    for language in languages:
        for part, items in parts.items():
            if not any(item.language == language for item in items):
                raise UserError(
                    f"redteam.reviewed: {folder} has no {part.replace('_', '-')} items in {language}: review some, or "
                    "remove the language from redteam.languages."
                )
    if watched is not None:
        parts["watched"] = _watched(parts[TRAIN], languages, watched, seed)
        taken = {item.id for item in parts["watched"]}
        parts[TRAIN] = [item for item in parts[TRAIN] if item.id not in taken]
    return parts


def clauses_of(folder: Path) -> dict[str, str]:
    """The hash of the clause that each row of an exported folder was labelled under, by its id."""
    clauses: dict[str, str] = {}
    for part in (TRAIN, HELD_OUT):
        path = folder / f"{part}.jsonl"
        with as_written(path):
            clauses |= {row["id"]: row["clause"] for row in read_json_lines(path)}
    return clauses


def _items(folder: Path, part: str) -> list[Item]:
    path = folder / f"{part}.jsonl"
    with as_written(path):
        return [
            Item(
                id=row["id"],
                policy=row["policy"],
                category=row["category"],
                language=row["language"],
                kind=row["kind"],
                template=row["template"] or WHOLE,
                prompt=row["prompt"],
                response=row["response"],
            )
            for row in read_json_lines(path)
        ]


def _watched(items: Sequence[Item], languages: Sequence[str], share: float, seed: int) -> list[Item]:
    """About a share of the items of each language, in whole families; one family at least, and not all."""
    chosen: list[Item] = []
    for language in languages:
        families: dict[str, list[Item]] = {}
        for item in items:
            if item.language == language:
                families.setdefault(item.id if item.template == WHOLE else item.template, []).append(item)
        if len(families) < 2:
            raise UserError(
                f"redteam.watched_share: there is one family of wordings to train on in {language}: review items of "
                "more, or leave the key out."
            )
        order = sorted(families, key=lambda name: hashlib.sha256(f"{seed}\0{name}".encode()).hexdigest())
        wanted = share * sum(map(len, families.values()))
        taken: list[Item] = []
        for name in order[:-1]:
            if taken and len(taken) >= wanted:
                break
            taken += families[name]
        chosen += taken
    return chosen
