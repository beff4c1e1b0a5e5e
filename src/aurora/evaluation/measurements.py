"""The evaluation steps of a run: each reads a checkpoint and the measuring text and writes one JSON file.

One decision: figures are computed in fp32, whatever precision a stage trained in, so that two stages differ by their
weights alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aurora.evaluation.bigram import train_bigram
from aurora.evaluation.bits_per_byte import Windows, bits_per_byte, windows_of
from aurora.evaluation.held_out import HeldOutText, excerpts, read_held_out
from aurora.evaluation.refusals import answer_items, choose_items, refusal_rates
from aurora.evaluation.results import ANSWERS, RESULTS
from aurora.evaluation.samples import write_samples
from aurora.files import atomic_file, write_json
from aurora.model.folder import load_model
from aurora.progress import progress
from aurora.recipe import Recipe
from aurora.redteam.dataset import HELD_OUT, SUMMARY, read_items, read_judge
from aurora.run.folder import RunFolder
from aurora.tokens.store import TokenStore, store_stem
from aurora.tokens.text.text_facts import TextFacts, read_text

if TYPE_CHECKING:
    from aurora.model.network import Network
    from aurora.model.scorer import Scorer

DOMAINS = ("held_out", "other_domain")


def measuring_texts(recipe: Recipe, run: RunFolder, kilobytes: float) -> dict[str, list[HeldOutText]]:
    """Held-out excerpts by domain; `other_domain` only where the recipe has one."""
    domains = DOMAINS if recipe.corpus.other_domain else DOMAINS[:1]
    return {domain: read_held_out(run.corpus, domain, kilobytes) for domain in domains}


def measure_checkpoint(recipe: Recipe, run: RunFolder, name: str, folder: Path) -> None:
    """Bits per byte of every language and domain, and samples, of a checkpoint: `results.json`."""
    model, text = _loaded(recipe, run, name)
    texts = measuring_texts(recipe, run, recipe.evaluation.held_out_kilobytes)
    scores = _score(
        texts, text, sequence_length(recipe), lambda windows: bits_per_byte(model, windows), f"evaluate {name}"
    )
    samples = write_samples(model, text, texts["held_out"], recipe.evaluation.sample_tokens)
    write_json(folder / RESULTS, {**scores, "samples": [asdict(sample) for sample in samples]})


def measure_bigram(recipe: Recipe, run: RunFolder, folder: Path) -> None:
    """Bits per byte of a token bigram trained on all text that the recipe's stages read: `results.json`."""
    text = read_text(run.tokenizer)
    sources = sorted({source for stage in recipe.stages.values() for source in stage.sources})
    stores = (TokenStore.open(store_stem(run.stores, source)) for source in sources)
    bigram = train_bigram((store.tokens for store in stores), text.vocabulary)
    texts = measuring_texts(recipe, run, recipe.evaluation.held_out_kilobytes)
    write_json(folder / RESULTS, _score(texts, text, sequence_length(recipe), bigram.bits_per_byte, "bigram"))


def measure_safety(recipe: Recipe, run: RunFolder, name: str, folder: Path) -> None:
    """Answers to held-out red-team prompts (`answers.jsonl`) and their rates (`results.json`)."""
    model, text = _loaded(recipe, run, name)
    items = choose_items(read_items(run.redteam / HELD_OUT), recipe.evaluation.safety_prompts)
    judge = read_judge(run.redteam / SUMMARY)
    answers = answer_items(model, text, items, recipe.evaluation.answer_tokens, judge)
    with atomic_file(folder / ANSWERS, "w") as stream:
        for answer in answers:
            row = {**asdict(answer.item), "answer": answer.answer, "outcome": answer.outcome}
            stream.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")
    write_json(folder / RESULTS, refusal_rates(answers))


def held_out_monitor(recipe: Recipe, run: RunFolder) -> Callable[[Scorer, int], dict[str, float]]:
    """A function for the trainer to call during a stage: bits per byte on a small part of the same held-out text."""
    text = read_text(run.tokenizer)
    texts = measuring_texts(recipe, run, recipe.evaluation.curve_kilobytes)
    windows = {
        f"{domain}/{part.language}": windows_of(part.texts, text, sequence_length(recipe))
        for domain, parts in texts.items()
        for part in parts
    }

    def measure(model: Scorer, step: int) -> dict[str, float]:
        return {name: bits_per_byte(model, part) for name, part in windows.items()}

    return measure


def retention_monitor(recipe: Recipe, run: RunFolder, sources: Collection[str]) -> Callable[[Scorer], dict[str, float]]:
    """A function that measures bits per byte on each source's own held-out text, as much as a checkpoint is measured
    on.

    Sources without held-out text are left out.
    """
    text = read_text(run.tokenizer)
    windows: dict[str, Windows] = {}
    for name in sorted(sources):
        source, language = name.split("/")
        texts = excerpts(run.corpus, "held_out", recipe.evaluation.held_out_kilobytes, source, language)
        if texts:
            windows[name] = windows_of(texts, text, sequence_length(recipe))
    return lambda model: {name: bits_per_byte(model, part) for name, part in windows.items()}


def _loaded(recipe: Recipe, run: RunFolder, name: str) -> tuple[Network, TextFacts]:
    """A checkpoint in fp32 and the run's text, in a process set up as for training, so that figures do not depend on
    what this process did before."""
    from aurora.training.process.runtime import prepare

    runtime = prepare(recipe.execution)
    model, _ = load_model(run.checkpoint(name))
    return model.to(runtime.device), read_text(run.tokenizer)


def sequence_length(recipe: Recipe) -> int:
    """One window length for all stages, so that their figures compare: the longest that any of them trains on."""
    return max(stage.sequence_length for stage in recipe.stages.values())


def _score(
    texts: dict[str, list[HeldOutText]],
    text: TextFacts,
    length: int,
    score: Callable[[Windows], float],
    label: str,
) -> dict[str, Any]:
    """{"held_out": {LANG: {"bits_per_byte", "bytes", "documents"}}, "other_domain": {...}}."""
    scores: dict[str, Any] = {}
    total = sum(part.num_bytes for parts in texts.values() for part in parts)
    with progress(label, total, "B") as bar:
        for domain, parts in texts.items():
            scores[domain] = {}
            for part in parts:
                scores[domain][part.language] = {
                    "bits_per_byte": round(score(windows_of(part.texts, text, length)), 6),
                    "bytes": part.num_bytes,
                    "documents": len(part.texts),
                }
                bar.update(part.num_bytes)
    return scores
