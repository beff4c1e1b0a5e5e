"""A dataset in a folder, and whether a folder is what a log comes to.

One decision: the settings of an export stand in its manifest, so that it can be made again from the log alone and
compared file by file.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from aurora.errors import UserError
from aurora.files import as_written, read_json, sha256, write_json, write_text
from aurora.folders import MANIFEST, extras, faults
from aurora.redteam.review.exporting.card import card
from aurora.redteam.review.exporting.dataset import HELD_OUT_SHARE, SEED, Dataset, dataset_of
from aurora.redteam.review.exporting.formats import FORMATS
from aurora.redteam.review.log.state import State
from aurora.redteam.reviewed import STEP
from aurora.run.manifest import Manifest, read_manifest, written_folder

SUMMARY, AGREEMENT, CARD = "summary.json", "agreement.json", "README.md"


@dataclass(frozen=True)
class Export:
    """How a dataset is exported."""

    form: str = "jsonl"
    share: float = HELD_OUT_SHARE
    seed: int = SEED


def export(state: State, folder: Path, how: Export) -> Dataset:
    """Write the dataset of a state to a folder, which must be new or an earlier export."""
    dataset = dataset_of(state, how.share, how.seed)
    settings = {"format": how.form, "held_out_share": how.share, "seed": how.seed}
    with written_folder(folder, STEP, settings, {"log": state.last}) as partial:
        _write(dataset, state, partial, how.form)
    return dataset


def _write(dataset: Dataset, state: State, folder: Path, form: str) -> None:
    FORMATS[form](dataset, state, folder)
    write_json(folder / SUMMARY, dataset.summary())
    write_json(folder / AGREEMENT, dataset.agreement)
    write_text(folder / CARD, card(dataset, form == "hub"))


def events_of(folder: Path) -> int:
    """How many events the log had that a folder was exported from."""
    _how(folder)
    with as_written(folder / SUMMARY):
        return int(read_json(folder / SUMMARY)["log"]["events"])


def differences(state: State, folder: Path) -> list[str]:
    """What in an exported folder is not what a state comes to, a sentence each; none where every byte is.

    The state is that of the first `events_of` the folder; a log that has fewer has lost some at its end.
    """
    how, manifest = _how(folder)
    wanted = events_of(folder)
    if state.count < wanted:
        last = f"event {wanted - 1} is" if wanted - state.count == 1 else f"events {state.count} to {wanted - 1} are"
        return [f"{folder} was exported from a log of {wanted:,} events: {last} missing at its end"]
    if manifest.inputs.get("log") != state.last:
        return [f"{folder} was exported from another log: its {wanted:,} events end with another one"]
    listed = manifest.hashes
    found = {name: f"{folder / name} {fault}" for name, fault in faults(folder, listed, sha256).items()}
    found |= {name: f"{folder / name} was not written by the export" for name in extras(folder, listed)}
    with tempfile.TemporaryDirectory() as place:
        again = Path(place)
        _write(dataset_of(state, how.share, how.seed), state, again, how.form)
        made = {path.relative_to(again).as_posix(): sha256(path) for path in again.rglob("*") if path.is_file()}
        for name in {*made, *listed} - found.keys():
            if made.get(name) != listed.get(name) and not _same_rows(folder / name, again / name):
                found[name] = f"{folder / name} is not what the log comes to"
    return [sentence for _, sentence in sorted(found.items())]


def _same_rows(one: Path, other: Path) -> bool:
    """Whether two files are Parquet of the same rows: its bytes differ with the version of pyarrow that wrote it."""
    if one.suffix != ".parquet" or not (one.is_file() and other.is_file()):
        return False
    import pyarrow.parquet as pq

    return bool(pq.read_table(one).equals(pq.read_table(other)))


def _how(folder: Path) -> tuple[Export, Manifest]:
    """How a folder was exported, from its manifest."""
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder: give one that `aurora redteam export` wrote.")
    manifest = read_manifest(folder)
    if manifest is None or manifest.step != STEP:
        raise UserError(f"{folder / MANIFEST} is not of an export: give a folder that `aurora redteam export` wrote.")
    with as_written(folder / MANIFEST):
        settings = manifest.settings
        how = Export(settings["format"], settings["held_out_share"], settings["seed"])
        FORMATS[how.form]
    return how, manifest
