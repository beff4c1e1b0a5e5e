"""A task on a checkpoint: which choice it finds the likeliest, item by item.

One decision: choices of different texts are compared by log-likelihood a byte, because a longer text is less likely
however good it is; of one text, the sums are. Every item's answer is kept, so two checkpoints compare in pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aurora.console.progress import progress
from aurora.evaluation.statistics.comparisons import Comparison, compare, holm, smallest_change, verdicts
from aurora.evaluation.statistics.estimates import estimate
from aurora.evaluation.suites.items import Item
from aurora.evaluation.suites.likelihoods import log_likelihoods, row_of

if TYPE_CHECKING:
    from aurora.model.network import Network
    from aurora.tokens.text.text_facts import TextFacts


@dataclass(frozen=True)
class Answered:
    """The log-likelihood of each choice of an item, the one chosen, and whether it is right."""

    id: str
    log_likelihoods: tuple[float, ...]
    chosen: int
    right: bool


def answer_task(network: Network, text: TextFacts, items: Sequence[Item], label: str) -> list[Answered]:
    """What a network chooses, in the items' order."""
    answers = []
    longest = network.architecture.positions
    with progress(label, len(items), "items") as bar:
        for item in items:
            rows = [row_of(text, *pair, longest) for pair in item.pairs]
            sums = log_likelihoods(network, rows)
            scores = sums if item.same_length else [
                total / len(continuation.encode()) for total, (_, continuation) in zip(sums, item.pairs, strict=True)
            ]  # fmt: skip
            chosen = max(range(len(scores)), key=scores.__getitem__)
            answers.append(Answered(item.id, tuple(sums), chosen, chosen == item.answer))
            bar.update(1)
    return answers


def results(
    answers: dict[str, dict[str, list[Answered]]], chance: dict[str, float], files: dict[str, Path]
) -> dict[str, Any]:
    """Accuracies by task and checkpoint (in the order given), and each later one compared with the first in pairs."""
    found: dict[str, Any] = {}
    compared: dict[tuple[str, str], Comparison] = {}
    for task, by_checkpoint in answers.items():
        right = {name: [float(item.right) for item in items] for name, items in by_checkpoint.items()}
        first = next(iter(right))
        others = {name: scores for name, scores in right.items() if name != first}
        compared |= {(task, name): compare(right[first], scores) for name, scores in others.items()}
        found[task] = {
            "file": files[task].name,
            "chance": chance[task],
            "accuracy": {name: asdict(estimate(scores)) for name, scores in right.items()},
            "compared_with": first,
            "compared": {
                name: asdict(compared[task, name]) | {"smallest_change": smallest_change(right[first], scores)}
                for name, scores in others.items()
            },
            "items": {name: [asdict(item) for item in items] for name, items in by_checkpoint.items()},
        }
    corrected = holm({key: comparison.p_value for key, comparison in compared.items()})
    for (task, name), verdict in verdicts({key: [comparison] for key, comparison in compared.items()}).items():
        found[task]["compared"][name] |= {"holm": corrected[task, name], "verdict": verdict}
    return found
