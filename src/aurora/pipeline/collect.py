"""Gathers a run's artifacts into its report.

One decision: the report is a pure function of the artifacts on disk. It can be written again at any time with the same
result; nothing is measured here.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aurora.corpus.ledger import FILE as LEDGER
from aurora.evaluation.rates import Judged, rates_of
from aurora.evaluation.results import read_answers, read_results
from aurora.evaluation.statistics.changes import interval_of_change
from aurora.files import read_json, read_json_lines
from aurora.languages import lookup
from aurora.pipeline.benchmarks import collected
from aurora.recipe import LoadedRecipe, Recipe
from aurora.recipe.model import ARCHITECTURE, DEQUANTIZED, WEIGHTS
from aurora.recipe.references import BIGRAM
from aurora.recipe.stages.made_with import shown
from aurora.recipe.stages.measured import base_of, before_and_after, compared_with
from aurora.recipe.stages.stage import IMPORTED, Stage, checkpoints_of
from aurora.redteam.dataset import SUMMARY
from aurora.redteam.hazards import HAZARDS, cut
from aurora.run.folder import RunFolder
from aurora.run.manifest import Manifest, files_of
from aurora.tokens.replay_decisions import decisions_of
from aurora.training.records.asked import ASKED, Answered, read_asked
from aurora.training.records.left_out import FILE as LEFT_OUT
from aurora.training.records.metrics import METRICS
from aurora.training.records.sources import read_sources
from aurora.training.records.state import STATE
from aurora.training.records.watched import WATCHED, read_watched

EXAMPLES_PER_LANGUAGE_AND_KIND = 1  # enough to see what the rates mean: with six languages, a dozen pairs of answers


def collect(loaded: LoadedRecipe, run: RunFolder, manifests: Mapping[str, Manifest]) -> dict[str, Any]:
    """The report of a finished run as plain JSON types (see `schema`).

    `manifests` are those of the recipe's artifacts, by their folders in the run.
    """
    recipe = loaded.recipe
    manifests = {folder: manifests[folder] for folder in sorted(manifests, key=Path)}
    bigram = read_results(run.evaluation(BIGRAM))
    first = read_results(run.evaluation(compared_with(recipe, list(recipe.stages)[-1])))
    return {
        "schema": 1,
        "recipe": recipe.name,
        "description": recipe.description,
        "seconds": round(sum(manifest.seconds for manifest in manifests.values()), 1),
        "corpus": _corpus(run),
        "network": _network(run, recipe),
        "base": _base(run, recipe),
        "stages": [{**_stage(run, stage), **_intervals(run, stage.name, first)} for stage in recipe.stages.values()],
        "bigram_bits_per_byte": _bits(bigram, "held_out"),
        "bigram_bits_per_byte_other_domain": _bits(bigram, "other_domain"),
        "bigram_bits_per_byte_answers": _bits(bigram, "answers"),
        "control": _control(run, recipe),
        "safety": _safety(run, recipe),
        "tasks": collected(run, recipe),
        "environment": _environment(run, recipe, manifests),
        "hashes": {name: manifest.digest() for name, manifest in manifests.items()},
        "recipe_text": loaded.text(),
        "language_names": {one.language: one.name for one in lookup.own_languages()},
    }


def _intervals(run: RunFolder, name: str, first: dict[str, Any]) -> dict[str, Any]:
    """How sure the changes of a stage's bits per byte are, by language."""
    last = read_results(run.evaluation(name))
    if last == first:
        return {}
    found: dict[str, dict[str, Any]] = {}
    for key, domain in (("change_intervals", "held_out"), ("change_intervals_other_domain", "other_domain")):
        before, after = first.get(domain, {}), last.get(domain, {})
        intervals = {
            language: interval_of_change(before[language]["bits"], after[language]["bits"])
            for language in after
            if language in before
        }
        found[key] = {
            language: [round(bound, 6) for bound in interval] for language, interval in intervals.items() if interval
        }
    return found


def _corpus(run: RunFolder) -> dict[str, Any]:
    ledger = read_json(run.corpus / LEDGER)
    keys = ("documents", "bytes", "bytes_kept", "held_out", "by_source", "losses", "examples", "sources")
    return {key: ledger[key] for key in keys}


def _network(run: RunFolder, recipe: Recipe) -> dict[str, Any]:
    """Size of the last stage's network; its parameters are counted in the header of its weights."""
    from safetensors import safe_open

    folder = run.checkpoint(list(recipe.stages)[-1])
    architecture = read_json(folder / ARCHITECTURE)
    with safe_open(folder / WEIGHTS, "numpy") as weights:
        parameters = sum(math.prod(weights.get_slice(name).get_shape()) for name in weights.keys())  # noqa: SIM118
    return {
        "parameters": parameters,
        "layers": architecture["layers"],
        "width": architecture["width"],
        "vocabulary": architecture["vocabulary"],
        "sequence_length": recipe.longest_sequence,
    }


def _base(run: RunFolder, recipe: Recipe) -> dict[str, Any] | None:
    """What the imported model reached before it was trained, where the recipe starts from one."""
    name = base_of(recipe)
    if name is None:
        return None
    answered = before_and_after(recipe) is not None
    return {
        "name": name,
        "path": recipe.model.path,
        **_scores(read_results(run.evaluation(name))),
        "safety": read_results(run.safety(name)) if answered else None,
        "extended": recipe.tokens.extend is not None,
    }


def _scores(results: dict[str, Any]) -> dict[str, Any]:
    """What is measured on the held-out text of every checkpoint."""
    return {
        "bits_per_byte": _bits(results, "held_out"),
        "bits_per_byte_other_domain": _bits(results, "other_domain"),
        "bits_per_byte_answers": _bits(results, "answers"),
        "samples": results["samples"],
    }


def _stage(run: RunFolder, stage: Stage) -> dict[str, Any]:
    """What a stage read, its curves, and its results."""
    results = read_results(run.evaluation(stage.name))
    folder = run.checkpoint(stage.name)
    left_out = files_of(folder, LEFT_OUT)
    state = read_json(folder / STATE)
    lines = _lines(folder / METRICS)
    read = read_sources(folder)
    mixture = {
        key: {source: part[fact] for source, part in read["sources"].items()}
        for key, fact in (
            ("token_shares", "share"),
            ("loss_tokens", "loss_tokens"),
            ("tokens_read", "tokens"),
            ("epochs", "epochs"),
        )
    }
    return {
        "name": stage.name,
        "start": stage.start,
        "tokens": state["tokens"],
        "seconds": round(state["seconds"], 2),
        "tokens_per_second": round(state["tokens_per_second"], 1),
        **_scores(results),
        **mixture,
        "padding": read["padding"],
        "curve": [
            {key: line[key] for key in ("step", "tokens", "loss", "learning_rate")} for line in lines if "loss" in line
        ],
        "held_out_curve": [
            {"step": line["step"], "tokens": line["tokens"], "bits_per_byte": _prefixed(line, "held_out/")}
            for line in lines
            if _prefixed(line, "held_out/")
        ],
        "asked": [_asked(one) for one in read_asked(folder / ASKED)],
        "retention": _retention(run, stage),
        **_early_end(folder, stage),
        "steps_left_out": len(_lines(left_out[0])) if left_out else 0,
        "edits": [
            {"step": edit["step"], "changed": {key: list(map(shown, pair)) for key, pair in edit["changed"].items()}}
            for edit in state["edits"]
        ],
    }


def _asked(answered: Answered) -> dict[str, Any]:
    """What a network in training answered after some steps."""
    return {
        "step": answered.step,
        "tokens": answered.tokens,
        "scores": [
            {
                **{key: getattr(one, key) for key in ("task", "form", "language", "chance", "items", "score")},
                "interval": None if one.low is None or one.high is None else [one.low, one.high],
            }
            for one in answered.scores
        ],
    }


def _retention(run: RunFolder, stage: Stage) -> dict[str, Any] | None:
    """Adaptive replay of a stage."""
    decisions = decisions_of(run, stage.name) if stage.retention is not None else None
    if stage.retention is None or decisions is None:
        return None
    made = [asdict(decision) for decision in decisions.made]
    return {
        "budget": stage.retention.budget,
        "base": decisions.base,
        "start": decisions.start,
        "decisions": made,
    }


def _early_end(folder: Path, stage: Stage) -> dict[str, Any]:
    """The goal of a stage's refusals and what was measured; nothing where it has none."""
    if stage.stop_when is None:
        return {}
    goal = {key: getattr(stage.stop_when, key) for key in ("refused", "harmless_refused")}
    goal["planned_tokens"] = stage.tokens_before(stage.steps)
    return {"early_end": goal | asdict(read_watched(folder / WATCHED))}


def _control(run: RunFolder, recipe: Recipe) -> dict[str, Any] | None:
    """The first control of the recipe."""
    for name, stage in recipe.stages.items():
        if stage.control:
            made = f"{name}-{stage.control.name}"
            whole = _stage(run, checkpoints_of(recipe.stages)[made])
            kept = (
                "tokens",
                "seconds",
                "tokens_per_second",
                "bits_per_byte",
                "bits_per_byte_other_domain",
                "bits_per_byte_answers",
                "token_shares",
                "loss_tokens",
                "tokens_read",
                "padding",
                "held_out_curve",
                "asked",
            )
            return {"name": stage.control.name, "stage": name, **{key: whole[key] for key in kept}}
    return None


def _safety(run: RunFolder, recipe: Recipe) -> dict[str, Any] | None:
    compared = before_and_after(recipe)
    if compared is None:
        return None
    before, after = compared
    answers = read_answers(run.safety(before)), read_answers(run.safety(after))
    redteam = read_json(run.redteam / SUMMARY)
    return {
        "before": read_results(run.safety(before)),
        "after": read_results(run.safety(after)),
        "before_stage": before,
        "after_stage": after,
        "categories": _categories(*answers),
        "hazards": _hazards(*answers, redteam.get("hazards", {})),
        "examples": _examples(run, before, after),
        "policy": redteam["policy"],
        "trained_in": redteam.get("trained_in", []),
        "drafts": read_json(run.drafts / SUMMARY) if recipe.redteam and recipe.redteam.drafts else None,
    }


def _categories(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> dict[str, Any]:
    """Rates by category of the policy, of the answers before and after."""
    names = sorted({row["category"] for row in after if row["category"]})
    return _cut(before, after, {name: [name] for name in names}, names)


def _hazards(
    before: list[dict[str, Any]], after: list[dict[str, Any]], hazards: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """The same by hazard of AILuminate, as the policy's crosswalk says; nothing where it has none."""
    return _cut(before, after, hazards, HAZARDS)


def _cut(
    before: list[dict[str, Any]], after: list[dict[str, Any]], scheme: Mapping[str, Sequence[str]], names: Sequence[str]
) -> dict[str, Any]:
    """Rates of the answers before and after under each name of a scheme that some answers fall under."""
    cuts = {"before": (before, cut([row["category"] for row in before], scheme))}
    cuts["after"] = (after, cut([row["category"] for row in after], scheme))
    return {
        name: {
            when: rates_of(Judged(rows[at]["kind"], rows[at]["outcome"]) for at in places.get(name, []))
            for when, (rows, places) in cuts.items()
        }
        for name in names
        if name in cuts["after"][1]
    }


def _examples(run: RunFolder, before: str, after: str) -> list[dict[str, Any]]:
    """The first answers of each language and kind, before and after."""
    earlier = {row["id"]: row for row in read_answers(run.safety(before))}
    counts: dict[tuple[str, str], int] = {}
    chosen: list[dict[str, Any]] = []
    for row in read_answers(run.safety(after)):
        key = (row["language"], row["kind"])
        counts[key] = counts.get(key, 0) + 1
        if counts[key] > EXAMPLES_PER_LANGUAGE_AND_KIND:
            continue
        old = earlier[row["id"]]
        chosen.append(
            {name: row[name] for name in ("language", "kind", "category", "prompt")}
            | {"before": old["answer"], "after": row["answer"]}
            | {"outcome_before": old["outcome"], "outcome_after": row["outcome"]}
        )
    return chosen


def _environment(run: RunFolder, recipe: Recipe, manifests: Mapping[str, Manifest]) -> dict[str, Any]:
    """Where the last stage was trained, and how to run it again."""
    last = list(recipe.stages)[-1]
    state = read_json(run.checkpoint(last) / STATE)
    dequantized = run.checkpoint(IMPORTED) / DEQUANTIZED
    quantized = read_json(dequantized)["quantized"] if dequantized.is_file() else []
    return {
        **({"dequantized_from": ", ".join(quantized)} if quantized else {}),
        **manifests[run.part(run.checkpoint(last))].environment,
        "threads": recipe.execution.threads or os.cpu_count(),
        "precision": state["precision"],
        "seed": recipe.seed,
        "command": "aurora run RECIPE, with the effective recipe below",
    }


def _bits(results: dict[str, Any], domain: str) -> dict[str, float]:
    return {language: score["bits_per_byte"] for language, score in results.get(domain, {}).items()}


def _lines(path: Path) -> list[dict[str, Any]]:
    return list(read_json_lines(path))


def _prefixed(line: dict[str, Any], prefix: str) -> dict[str, float]:
    return {key.removeprefix(prefix): value for key, value in line.items() if key.startswith(prefix)}
