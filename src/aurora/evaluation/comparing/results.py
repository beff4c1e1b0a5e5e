"""What one model answered, as one file that stands alone: every item's answer, and what they were made from.

One decision: a file of results holds scores of items and nothing that is computed from them alone, but for figures that
a person reads in it; whoever compares files starts from the items.
"""

from __future__ import annotations

import hashlib
import math
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aurora.evaluation.comparing.translations import PLAIN, TRANSLATION, attacks
from aurora.evaluation.statistics.estimates import estimate
from aurora.evaluation.tasks.answers import PARSED
from aurora.evaluation.tasks.files import form_of
from aurora.evaluation.tasks.flat import Items
from aurora.evaluation.tasks.prepared import Asked
from aurora.evaluation.tasks.running import Scored
from aurora.evaluation.tasks.safety import asked_judge
from aurora.evaluation.tasks.texts import texts_of
from aurora.evaluation.tasks.writing import BLEU, corpus_bleu
from aurora.hashes import digest_of
from aurora.recipe.stages.kin import is_of
from aurora.redteam.judging.named import worth_of
from aurora.version import __version__

if TYPE_CHECKING:
    from aurora.model.network import Network
    from aurora.tokens.text.text_facts import TextFacts

SCHEMA = "aurora results 1"
WEIGHTS = ("*.safetensors", "*.gguf", "*.bin", "*.distcp")
UNPARSED = 0.05  # more answers without anything in them than this are told to the user
PACKAGES = ("torch", "lm_eval", "datasets", "numpy", "tokenizers")


def results_of(
    identity: Mapping[str, Any],
    asked: Sequence[Asked],
    scored: Sequence[Sequence[Scored]],
    items: Mapping[str, Items],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """The results of a model: `asked` and `scored` belong together, one a task and wording."""
    tasks: dict[str, Any] = {}
    for one, answers in zip(asked, scored, strict=True):
        task, found = one.task, items[one.task.name]
        if task.name not in tasks:
            tasks[task.name] = {
                "version": task.metadata.version,
                "language": task.metadata.language,
                "kind": task.metadata.kind,
                "data": {"origin": found.origin, "sha256": found.sha256},
                "chance": chance(one.rows),
                "shots": one.shots,
                "shots_wanted": task.shots if settings.get("shots") is None else settings["shots"],
                "texts": {},
                "forms": {},
            }
        entry = tasks[task.name]
        # Forms differ in their items where a budget decides how many are asked.
        entry["texts"] |= texts_of(replace(one, rows=[row for row in one.rows if row["id"] not in entry["texts"]]))
        form = entry["forms"].setdefault(
            form_of(one.wording), {"measure": task.metadata.measures[form_of(one.wording)], "wordings": {}}
        )
        form["wordings"][one.wording] = _wording(answers, task.metadata.language)
    for entry in tasks.values():
        if entry["kind"] == "safety":
            entry["judge"] = worth_of(asked_judge()).table()
        for form in entry["forms"].values():
            form["estimate"] = form_estimate(form["wordings"])
        if {TRANSLATION, PLAIN} <= set(entry["forms"]):
            entry["translation_attacks"] = attacks(entry, _estimate)
    return {
        "schema": SCHEMA,
        "model": dict(identity),
        "settings": {"seed": 0, **settings},
        "software": software(),
        "tasks": tasks,
    }


def chance(rows: Sequence[Mapping[str, Any]]) -> float | None:
    """What guessing scores: of choices the mean of 1 / their number, else None."""
    if not rows or "choices" not in rows[0]:
        return None
    return sum(1 / len(row["choices"]) for row in rows) / len(rows)


def _wording(answers: Sequence[Scored], language: str) -> dict[str, Any]:
    known = [answer for answer in answers if answer.score is not None]
    names = sorted({name for answer in answers for name in answer.metrics})
    means = {
        name: sum(values) / len(values)
        for name in names
        if (values := [answer.metrics[name] for answer in answers if name in answer.metrics])
    }
    found: dict[str, Any] = {
        "prompts_sha256": hashlib.sha256("".join(answer.prompt for answer in answers).encode()).hexdigest(),
        "estimate": _estimate([answer.score for answer in known], [answer.cluster for answer in known]),
        "metrics": means,
        "not_scored": len(answers) - len(known),
        "items": [{key: value for key, value in asdict(answer).items() if value is not None} for answer in answers],
    }
    if PARSED in means:
        found["unparsed"] = 1 - means[PARSED]
    if BLEU in means:
        texts = [(answer.answer, answer.target) for answer in answers if isinstance(answer.answer, str)]
        found["corpus"] = corpus_bleu([said for said, _ in texts], [right for _, right in texts], language)
    if categories := {answer.category for answer in known if answer.category}:
        found["by_category"] = {
            category: _estimate([answer.score for answer in known if answer.category == category])
            for category in sorted(categories)
        }
    return found


def form_estimate(wordings: Mapping[str, Any]) -> dict[str, Any] | None:
    """Of a form: the mean over wordings; answers to one item in several wordings are one piece of evidence."""
    scored = [item for wording in wordings.values() for item in wording["items"] if "score" in item]
    return _estimate([item["score"] for item in scored], [item["cluster"] for item in scored])


def estimated(scores: Sequence[float], clusters: Sequence[str] | None = None) -> dict[str, Any]:
    """A mean with its interval as JSON has it: what one cluster leaves unknown is None."""
    found = asdict(estimate(scores, clusters))
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in found.items()
    }


def _estimate(scores: Sequence[float | None], clusters: Sequence[str] | None = None) -> dict[str, Any] | None:
    known = [score for score in scores if score is not None]
    return estimated(known, clusters) if known else None


def identity(path: Path, network: Network, text: TextFacts) -> dict[str, Any]:
    """What the model at `path` is: hashes of its weights and tokenizer, its size and its precision."""
    weights = [path] if path.is_file() else sorted({file for kind in WEIGHTS for file in path.glob(kind)})
    joined = "".join(digest_of(file) for file in weights)
    return {
        "path": str(path),
        "weights_sha256": hashlib.sha256(joined.encode()).hexdigest(),
        "tokenizer_sha256": hashlib.sha256(text.tokenizer.to_str().encode()).hexdigest(),
        "parameters": network.num_parameters,
        "dtype": str(network.output_weight.dtype).removeprefix("torch."),
        "device": str(network.output_weight.device),
        "positions": network.architecture.positions,
    }


def software() -> dict[str, str]:
    """The versions of what computes scores."""
    found = {"aurora": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        with suppress(metadata.PackageNotFoundError):  # tasks that need no lm-eval need none of its packages
            found[name] = metadata.version(name)
    return found


def warnings(results: Mapping[str, Any]) -> list[str]:
    """What a reader of the scores has to know: that the model learnt from kin of a task, unread answers, items that
    were not run, fewer examples than wanted."""
    said = []
    for name, task in results["tasks"].items():
        said += [
            f"{name}: the model learnt from {', '.join(sources)}, made from the training set of {benchmark}: what it "
            "gains here is not all transfer."
            for benchmark, sources in results.get("learnt_from", {}).items()
            if is_of(name, benchmark)
        ]
        wordings = [wording for form in task["forms"].values() for wording in form["wordings"].values()]
        if task["shots"] < task["shots_wanted"]:
            said.append(
                f"{name} was asked with {task['shots']} examples, not {task['shots_wanted']}: no more fit the model's "
                "window."
            )
        unparsed = max(wording.get("unparsed", 0) for wording in wordings)
        if unparsed > UNPARSED:
            said.append(f"{name}: nothing was found in up to {unparsed:.0%} of the answers.")
        not_scored = max(wording["not_scored"] for wording in wordings)
        if not_scored:
            said.append(f"{name}: {not_scored} items were not run, and are not counted.")
    return said
