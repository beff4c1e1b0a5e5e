"""Checkpoints on benchmarks of choices.

One decision: all of them answer the same items, so any two compare in pairs; they are loaded one after the other, so
memory is that of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aurora.errors import UserError


def evaluate_tasks(
    checkpoints: Sequence[Path], tasks: Sequence[str], data: Path | None = None, limit: int | None = None
) -> dict[str, Any]:
    """By task the accuracy of every checkpoint with its interval, and each compared with the first.

    Tasks are files in the folder `data`, or of those that come with Aurora. `UserError` names a task or checkpoint that
    is not there.
    """
    from aurora.api.checkpoints import load_checkpoint
    from aurora.evaluation.suites.items import read_task, task_file
    from aurora.evaluation.suites.tasks import Answered, answer_task, results

    files = {task: task_file(task, data) for task in tasks}
    items = {task: read_task(file, limit) for task, file in files.items()}
    if len({str(path) for path in checkpoints}) < len(checkpoints):
        raise UserError("A checkpoint is given twice: it would be compared with itself.")
    answers: dict[str, dict[str, list[Answered]]] = {task: {} for task in tasks}
    for path in checkpoints:
        checkpoint = load_checkpoint(path)
        for task in tasks:
            answers[task][str(path)] = answer_task(
                checkpoint.network, checkpoint.text, items[task], f"{path.name} {task}"
            )
    chance = {task: sum(1 / len(item.pairs) for item in found) / len(found) for task, found in items.items()}
    return results(answers, chance, files)
