"""What is measured on a checkpoint: bits per byte, samples and refusals, each written to a folder as JSON.

One decision: figures are computed in fp32, whatever precision a stage trained in, so that two stages differ by their
weights alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aurora.console.progress import progress
from aurora.evaluation.bigram import train_bigram
from aurora.evaluation.bits_per_byte import Windows, answer_windows, bits_of_windows, bits_per_byte, windows_of
from aurora.evaluation.drafts import draft_answers
from aurora.evaluation.held_out import HeldOutAnswers, HeldOutText, excerpts, read_held_out, read_held_out_answers
from aurora.evaluation.refusals import answer_items, choose_items, refusal_rates
from aurora.evaluation.results import ANSWERS, RESULTS
from aurora.evaluation.samples import write_samples
from aurora.evaluation.statistics.estimates import Floats
from aurora.files import atomic_file, write_json
from aurora.model.folder import load_model
from aurora.recipe.execution import Execution
from aurora.recipe.safety import Drafts, Evaluation
from aurora.redteam.dataset import HELD_OUT, SUMMARY, WATCHED, read_items, read_judge
from aurora.redteam.judging.named import worth_of
from aurora.tokens.store import TokenStore
from aurora.tokens.text.formats import Format
from aurora.tokens.text.text_facts import TextFacts, read_text

if TYPE_CHECKING:
    from aurora.model.network import Network
    from aurora.model.scorer import Scorer

DOMAINS = ("held_out", "other_domain")
ANSWERED = "answers"  # the key of the results that holds those of conversations


@dataclass(frozen=True)
class MeasuringText:
    """What every checkpoint of a run is measured on.

    `excerpts` are held-out texts by domain, `answers` those of held-out conversations, where a run has some. `text`
    says how the run's models read them, and `window` is how many tokens are read at once: the same for all stages, so
    that their figures compare.
    """

    excerpts: dict[str, list[HeldOutText]]
    text: TextFacts
    window: int
    answers: list[HeldOutAnswers] = field(default_factory=list)

    def scores(self, bits_of: Callable[[Windows], Floats], label: str) -> dict[str, Any]:
        """{"held_out": {LANG: {"bits_per_byte", "bytes", "documents", "bits"}}, "other_domain": {...}, "answers":
        {...}} by `bits_of`, the bits of each window; "bits" are those of each document, in order."""
        scores: dict[str, Any] = {}
        total = sum(part.num_bytes for parts in self.excerpts.values() for part in parts)
        with progress(label, total, "B") as bar:
            for domain, parts in self.excerpts.items():
                scores[domain] = {}
                for part in parts:
                    windows = windows_of(part.texts, self.text, self.window)
                    scores[domain][part.language] = _score(windows, bits_of(windows), len(part.texts))
                    bar.update(part.num_bytes)
        if self.answers:
            scores[ANSWERED] = self._answers(bits_of)
        return scores

    def _answers(self, bits_of: Callable[[Windows], Floats]) -> dict[str, Any]:
        """Of the conversations that fit a window, by language."""
        form = Format(self.text)
        found = {part.language: answer_windows(part.conversations, form, self.window) for part in self.answers}
        return {
            language: _score(windows, bits_of(windows), len(windows.tokens))
            for language, windows in found.items()
            if windows.num_bytes
        }


def _score(windows: Windows, bits: Floats, documents: int) -> dict[str, Any]:
    """What is written of one language."""
    return {
        "bits_per_byte": round(float(bits.sum()) / windows.num_bytes, 6) if windows.num_bytes else math.nan,
        "bytes": windows.num_bytes,
        "documents": documents,
        "bits": [round(of_document, 3) for of_document in windows.by_text(bits, documents)],
    }


def read_measuring_text(
    corpus: Path, tokenizer: Path, kilobytes: float, window: int, *, other_domain: bool
) -> MeasuringText:
    """About `kilobytes` a language and domain of a corpus artifact; `other_domain` says whether it has a second one."""
    domains = DOMAINS if other_domain else DOMAINS[:1]
    excerpts = {domain: read_held_out(corpus, domain, kilobytes) for domain in domains}
    return MeasuringText(excerpts, read_text(tokenizer), window, read_held_out_answers(corpus, kilobytes))


def measure_checkpoint(
    checkpoint: Path, measuring: MeasuringText, execution: Execution, sample_tokens: int, folder: Path
) -> None:
    """Bits per byte of every language and domain, and samples, of a checkpoint: `results.json`."""
    model = loaded(checkpoint, execution)
    scores = measuring.scores(lambda windows: bits_of_windows(model, windows), f"evaluate {checkpoint.name}")
    samples = write_samples(model, measuring.text, measuring.excerpts["held_out"], sample_tokens)
    write_json(folder / RESULTS, {**scores, "samples": [asdict(sample) for sample in samples]})


def measure_bigram(stores: Iterable[Path], measuring: MeasuringText, folder: Path) -> None:
    """Bits per byte of a token bigram trained on all tokens of `stores`: `results.json`."""
    tokens = (TokenStore.open(stem).tokens for stem in stores)
    bigram = train_bigram(tokens, measuring.text.vocabulary)
    write_json(folder / RESULTS, measuring.scores(bigram.bits_of_windows, "bigram"))


def measure_safety(
    checkpoint: Path, tokenizer: Path, redteam: Path, execution: Execution, settings: Evaluation, folder: Path
) -> None:
    """Answers to the held-out prompts of a red-team set (`answers.jsonl`) and their rates (`results.json`)."""
    model = loaded(checkpoint, execution)
    items = choose_items(read_items(redteam / HELD_OUT), settings.safety_prompts)
    judge = read_judge(redteam / SUMMARY)
    answers = answer_items(model, read_text(tokenizer), items, settings.answer_tokens, judge)
    with atomic_file(folder / ANSWERS, "w") as stream:
        for answer in answers:
            row = {**asdict(answer.item), "answer": answer.answer, "outcome": answer.outcome}
            stream.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")
    write_json(folder / RESULTS, {**refusal_rates(answers), "judge": worth_of(judge).table()})


def draft(
    checkpoint: Path, tokenizer: Path, redteam: Path, execution: Execution, settings: Drafts, folder: Path
) -> None:
    """A checkpoint's own answers to the harmless prompts of a red-team set, in the precision that trains."""
    model = loaded(checkpoint, execution, as_trained=True)
    draft_answers(model, read_text(tokenizer), redteam, settings, read_judge(redteam / SUMMARY), folder)


def held_out_monitor(measuring: MeasuringText) -> Callable[[Scorer, int], dict[str, float]]:
    """A function for the trainer to call during a stage: bits per byte of every domain and language."""
    windows = {
        f"{domain}/{part.language}": windows_of(part.texts, measuring.text, measuring.window)
        for domain, parts in measuring.excerpts.items()
        for part in parts
    }

    def measure(model: Scorer, step: int) -> dict[str, float]:
        return {name: bits_per_byte(model, part) for name, part in windows.items()}

    return measure


def retention_monitor(
    corpus: Path, tokenizer: Path, sources: Collection[str], kilobytes: float, window: int
) -> Callable[[Scorer], dict[str, float]]:
    """A function that measures bits per byte on about `kilobytes` of each source's own held-out text.

    Sources without held-out text are left out.
    """
    text = read_text(tokenizer)
    windows: dict[str, Windows] = {}
    for name in sorted(sources):
        source, language = name.split("/")
        texts = excerpts(corpus, "held_out", kilobytes, source, language)
        if texts:
            windows[name] = windows_of(texts, text, window)
    return lambda model: {name: bits_per_byte(model, part) for name, part in windows.items()}


def refusal_monitor(
    tokenizer: Path, redteam: Path, prompts: int, answer_tokens: int
) -> Callable[[Network], tuple[float, float]]:
    """A function that asks the watched prompts, `prompts` of each language and kind: the shares of harmful and of
    harmless ones that are refused."""
    items = choose_items(read_items(redteam / WATCHED), prompts)
    text, judge = read_text(tokenizer), read_judge(redteam / SUMMARY)

    def measure(model: Network) -> tuple[float, float]:
        rates = refusal_rates(answer_items(model, text, items, answer_tokens, judge))
        return rates["refusal_rate"], rates["over_refusal_rate"]

    return measure


def measure_sources(
    checkpoint: Path, monitor: Callable[[Scorer], dict[str, float]], execution: Execution, folder: Path
) -> None:
    """What a `retention_monitor` measures on a checkpoint: `results.json`."""
    measured = monitor(loaded(checkpoint, execution))
    write_json(folder / RESULTS, {name: round(value, 6) for name, value in measured.items() if math.isfinite(value)})


def loaded(checkpoint: Path, execution: Execution, *, as_trained: bool = False) -> Network:
    """A checkpoint in fp32, or in the precision of a stage, in a process set up as for training, so that figures do not
    depend on what this process did before."""
    import torch

    from aurora.training.process.runtime import prepare

    runtime = prepare(execution)
    dtype = torch.bfloat16 if as_trained and runtime.precision == "bf16" else torch.float32
    model, _ = load_model(checkpoint, dtype=dtype)
    return model.to(runtime.device)
