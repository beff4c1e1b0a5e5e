"""A stage of training that takes a fraction of a second: one layer, made-up tokens in a real store."""

from __future__ import annotations

import json
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aurora.model.weights import read_weights
from aurora.recipe.execution import Execution
from aurora.recipe.model import Architecture
from aurora.recipe.stages.schedule import Schedule
from aurora.recipe.stages.stage import Optimizer, Stage
from aurora.tokens.loader import Loader
from aurora.tokens.mixture import Change, Mixture
from aurora.tokens.packing import Rows, rows_of
from aurora.tokens.preferences.references import references_of
from aurora.tokens.preferences.rows import Preferences
from aurora.tokens.store import StoreWriter, TokenStore, store_stem
from aurora.training.inputs import Places, Reading, Training
from aurora.training.records.metrics import read_metrics
from aurora.training.stage import train_stage
from aurora.training.start import NewModel
from aurora.training.wish import AS_IT_IS
from trees import TIMES

VOCABULARY = 48
LENGTH = 16
ROWS = 6
CHATS = "chats/fi"
PREFERENCES = "prefs/en"
SOURCES = ("web/en", "redteam/pairs", CHATS, PREFERENCES)


class Lab:
    """Trains the small stage in folders of its choice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tokenizer_file = folder / "tokenizer.json"
        if not self.tokenizer_file.exists():  # a rank finds them there
            for name in SOURCES:
                _write_store(folder, name)
            _write_tokenizer(self.tokenizer_file)

    def stage(self, steps: int = 12, **settings: Any) -> Stage:
        values: dict[str, Any] = {
            "start": "model",
            "tokens": steps * ROWS * LENGTH,
            "batch_tokens": ROWS * LENGTH,
            "sequence_length": LENGTH,
            "mixture": {"web/en": 1},
            "schedule": Schedule(peak=1e-2, warmup=0.2),
            "optimizer": Optimizer(),
        }
        return Stage(**(values | settings)).named("base")

    def execution(self, **settings: Any) -> Execution:
        values: dict[str, Any] = {"device": "cpu", "precision": "fp32", "threads": 1, "micro_batch_sequences": 4}
        return Execution(**(values | settings))

    def new_model(self, **settings: Any) -> NewModel:
        values: dict[str, Any] = {"layers": 1, "width": 16, "heads": 2, "positions": LENGTH}
        return NewModel(Architecture(**(values | settings)), VOCABULARY, seed=7)

    def loader(self, stage: Stage) -> Loader:
        stores = {name: TokenStore.open(store_stem(self.folder, name)) for name in stage.sources}
        length, separate = stage.sequence_length, stage.document_masks or stage.position_resets
        most = 0
        rows: dict[str, Rows] = {
            name: rows_of(store, length, 0, 0, packing=stage.packing, separate=separate)
            for name, store in stores.items()
        }
        if PREFERENCES in rows:
            references = references_of(self.folder / "reference", PREFERENCES)
            pairs = Preferences(stores[PREFERENCES], length, 0, stage.packing, references)
            rows[PREFERENCES], most = pairs, pairs.most
        counts = {name: part.count for name, part in rows.items()}
        loss_tokens = {name: part.held().loss_tokens for name, part in rows.items()}
        changes = [Change(stage.first_step(change) * ROWS, change.mixture) for change in stage.changes]
        mixture = Mixture(stage.mixture, counts, loss_tokens, 5, "base", changes)
        return Loader(rows, mixture, length, stage.pace, separate=separate, most_pairs=most)

    def train(self, name: str, stage: Stage | None = None, **settings: Any) -> dict[str, Any]:
        """Train in the folder `name`; `settings` replace what it is given."""
        stage = stage or self.stage()
        given: dict[str, Any] = {
            "stage": stage,
            "start": self.new_model(),
            "batches": self.loader(stage),
            "execution": self.execution(),
            "tokenizer_file": self.tokenizer_file,
            "folder": self.folder / name,
            "tensorboard": self.folder / "tensorboard" / name,
            "made_with": lambda step: {"seed": 7},
            "contents": self.loader(stage).contents,
            "sources": lambda num_steps: {"steps": num_steps},
        } | settings
        wish = given.pop("wish", AS_IT_IS)
        kinds = (Training, Reading, Places)
        names = [{field.name for field in fields(kind)} & given.keys() for kind in kinds]
        assert given.keys() == set().union(*names)
        return train_stage(
            *(kind(**{key: given[key] for key in of}) for kind, of in zip(kinds, names, strict=True)), wish
        )


def left_out(folder: Path) -> list[dict[str, Any]]:
    """What the guard of the stage in `folder` left out."""
    return [json.loads(line) for line in (folder / "left_out.jsonl").read_text().splitlines()]


def updates(folder: Path) -> float:
    """How often the weights in `folder` were moved, by their moments."""
    return float(read_weights([folder / "optimizer.safetensors"])["updates"].item())


def child_environment(**variables: str) -> dict[str, str]:
    """For a process that imports what this one does, on one thread."""
    paths = [str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths), **variables}


def timeless(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in TIMES}


def assert_same(left: Path, right: Path) -> None:
    """The same stage, wall times aside, to the byte."""
    for name in ("model.safetensors", "optimizer.safetensors", "architecture.json", "tokenizer.json"):
        assert (left / name).read_bytes() == (right / name).read_bytes(), name
    left_out = [folder / "left_out.jsonl" for folder in (left, right)]
    assert left_out[0].exists() == left_out[1].exists()
    assert not left_out[0].exists() or left_out[0].read_bytes() == left_out[1].read_bytes()
    states = [json.loads((folder / "state.json").read_text()) for folder in (left, right)]
    assert timeless(states[0]) == timeless(states[1])
    records = [[timeless(record) for record in read_metrics(folder / "metrics.jsonl")] for folder in (left, right)]
    assert records[0] == records[1]


def _write_tokenizer(path: Path) -> None:
    from tokenizers import Tokenizer, models

    words = {"</s>": 0, **{f"w{number}": number for number in range(1, VOCABULARY)}}
    Tokenizer(models.WordLevel(words, "</s>")).save(str(path))


def _write_store(folder: Path, name: str) -> None:
    generator = np.random.default_rng(3)
    masked = name != SOURCES[0]
    with StoreWriter(store_stem(folder, name), VOCABULARY, masked) as writer:
        for _ in range(60):
            turns = _turns(generator) if name == CHATS else None
            length = 40 if turns is None else len(turns)
            if name == PREFERENCES:
                length = int(generator.integers(4, 9))
            ids = np.cumsum(generator.integers(1, 3, length)) % VOCABULARY  # learnable: one of two next tokens
            mask = generator.random(length) < 0.4 if masked and turns is None else turns
            writer.add(ids, np.arange(length) >= 2 if name == PREFERENCES else mask)
        source, language = name.split("/")
        writer.close(source, language, "hash", preferences=name == PREFERENCES)


def _turns(generator: np.random.Generator) -> npt.NDArray[np.bool_]:
    """What is learnt of a conversation of one to three answers; some are longer than a sequence."""
    parts = [np.repeat([False, True], generator.integers(1, 6, 2)) for _ in range(generator.integers(1, 4))]
    return np.concatenate([[False], *parts])
