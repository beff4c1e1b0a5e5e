"""The artifacts of a finished run with made-up figures, written as its steps would write them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from safetensors.numpy import save_file

from aurora.corpus.ledger import Ledger
from aurora.files import json_text, sha256
from aurora.recipe import LoadedRecipe, load_recipe
from aurora.run import seal
from aurora.run.folder import RECIPE, RunFolder
from aurora.run.manifest import Manifest, artifact, read_manifest

STAGE: dict[str, Any] = {
    "tokens": 256,
    "batch_tokens": 64,
    "sequence_length": 16,
    "mixture": {"web/en": 1},
    "schedule": {"peak": 1e-3},
}
RETENTION = {"every_steps": 2, "budget": {"web/en": 0.1}}
STOP = {"refused": 0.9, "harmless_refused": 0.1, "every_steps": 1}
CONTROL = {"name": "apart", "mixture": {"web/fi": 1}}
STAGES: dict[str, Any] = {
    "base": STAGE | {"start": "model"},
    "cap": STAGE | {"start": "base", "mixture": {"web/en": 1, "web/fi": 4}, "retention": RETENTION, "control": CONTROL},
    "safety": STAGE | {"start": "cap", "mixture": {"redteam/pairs": 1}, "stop_when": STOP},
}
# Held-out bits per byte after each checkpoint.
ENGLISH = {"base": 2.0, "cap": 2.1, "cap-apart": 3.0, "safety": 2.2, "bigram": 2.5}
ANSWERS = [
    {"id": "en-1", "language": "en", "kind": "harmful", "category": "fraud", "prompt": "First?"},
    {"id": "en-2", "language": "en", "kind": "harmful", "category": "fraud", "prompt": "Second?"},
    {"id": "en-3", "language": "en", "kind": "benign", "category": "fraud", "prompt": "Third?"},
]
HAZARDS = {"fraud": ["ssh", "vcr"], "noise": ["none"]}
RATES = {
    "refusal_rate": 0.5,
    "over_refusal_rate": 0.0,
    "harmful_prompts": 2,
    "benign_prompts": 1,
    "harmful_outcomes": {"refusal": 1, "answer": 1},
    "benign_outcomes": {"answer": 1},
}


@dataclass(frozen=True)
class MadeUp:
    """A run, its recipe, and the manifests of its artifacts by folder."""

    loaded: LoadedRecipe
    run: RunFolder
    manifests: dict[str, Manifest]


def make_up(recipe: Path, folder: Path) -> MadeUp:
    """Write the recipe, from a minimal one, and the artifacts of its run."""
    values = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    values |= {"stages": STAGES, "redteam": {"policy": "policy.yaml", "languages": ["en"], "watched_share": 0.1}}
    recipe.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    loaded, run = load_recipe(recipe), RunFolder(folder)
    folder.mkdir()
    seal.begin(folder)
    seal.write_sealed(folder, RECIPE, json_text(loaded.recipe.model_dump(mode="json")))
    parts: dict[Path, dict[str, Any]] = {
        run.corpus: {"ledger.json": Ledger().close({})},
        run.redteam: {"summary.json": {"policy": {"name": "made-up", "title": "A policy"}, "hazards": HAZARDS}},
    }
    for name in ("base", "cap", "cap-apart", "safety"):
        parts[run.checkpoint(name)] = checkpoint(name)
        parts[run.evaluation(name)] = {"results.json": figures(name)}
    parts[run.evaluation("bigram")] = {"results.json": figures("bigram")}
    for name, word in (("cap", "before"), ("safety", "after")):
        rows = [row | {"answer": f"{word} {row['id']}", "outcome": "answer"} for row in ANSWERS]
        parts[run.safety(name)] = {"results.json": RATES, "answers.jsonl": rows}
    return MadeUp(loaded, run, {run.part(place): write(run, place, files) for place, files in parts.items()})


def checkpoint(name: str) -> dict[str, Any]:
    """The files of a checkpoint that a report reads."""
    metrics: list[dict[str, Any]] = [
        {"step": step, "tokens": 64 * step, "loss": 5.0 - step, "learning_rate": 1e-3, "seconds": 0.1}
        for step in range(1, 5)
    ]
    metrics.insert(2, {"step": 2, "tokens": 128, "held_out/en": 2.5, "held_out/fi": 4.5})
    files: dict[str, Any] = {
        "architecture.json": {"layers": 1, "width": 16, "vocabulary": 400},
        "model.safetensors": {"one": np.zeros((400, 16), np.float32), "two": np.zeros(16, np.float32)},
        "state.json": {
            "tokens": 256,
            "seconds": 1.234,
            "tokens_per_second": 207.44,
            "precision": "fp32",
            "edits": [{"step": 2, "changed": {"stages.cap.schedule.peak": [3e-3, 1e-3]}}] if name == "cap" else [],
        },
        "metrics.jsonl": metrics,
        "sources.json": {
            "padding": 6,
            "sources": {"web/en": {"share": 1.0, "loss_tokens": 240, "tokens": 250, "epochs": 0.5}},
        },
    }
    if name == "base":
        files["left_out.jsonl"] = [{"step": 3}, {"step": 4}]
    if name == "safety":
        seen = [
            {"step": 1, "refused": 0.5, "harmless_refused": 0.2},
            {"step": 2, "refused": 1.0, "harmless_refused": 0.1},
        ]
        files["watched.json"] = {"measured": seen, "reached": 2}
    if name in ("cap", "cap-apart"):
        score = {"task": "riddles", "form": "cloze", "language": "fi", "chance": 0.25, "items": 4, "score": 0.5}
        ends = [(0, 0, {"low": 0.25, "high": 0.75}), (4, 256, {"low": None, "high": None})]
        measured = [
            {"step": step, "tokens": tokens, "weights": "w", "questions": "q", "scores": [score | interval]}
            for step, tokens, interval in ends
        ]
        files["asked.json"] = {"measured": measured}
    if name == "cap":
        made = [
            {"step": 2, "bits_per_byte": {"web/en": 2.05}, "weights": {"web/en": 0.4, "web/fi": 0.6}},
            {"step": 4, "bits_per_byte": {"web/en": 2.1}, "weights": {}},
        ]
        files["retention.json"] = {"base": {"web/en": 2.0}, "start": {"web/en": 2.0}, "made": made}
    return files


def figures(name: str) -> dict[str, Any]:
    """The figures of an evaluation, of three documents that are equally hard."""

    def scores(bits_per_byte: float) -> dict[str, Any]:
        return {"bits_per_byte": bits_per_byte, "bits": [length * bits_per_byte for length in (80, 100, 120)]}

    return {
        "held_out": {"en": scores(ENGLISH[name])},
        "other_domain": {"en": scores(ENGLISH[name] + 1)},
        "samples": [{"language": "en", "prompt": "Once", "text": f" {name}"}],
    }


def write(run: RunFolder, place: Path, files: dict[str, Any]) -> Manifest:
    """An artifact of these files, with its manifest in the seal."""
    part = f"{run.part(place)}/manifest.json"
    with artifact(
        place, run.part(place), 1, {}, {}, announce=lambda path: seal.announce(run.path, part, sha256(path))
    ) as folder:
        for name, content in files.items():
            if name.endswith(".safetensors"):
                save_file(content, folder / name)
            elif name.endswith(".jsonl"):
                (folder / name).write_text("".join(f"{json.dumps(row)}\n" for row in content), encoding="utf-8")
            else:
                (folder / name).write_text(json.dumps(content), encoding="utf-8")
    seal.settle(run.path, part)
    manifest = read_manifest(place)
    assert manifest is not None
    return manifest
