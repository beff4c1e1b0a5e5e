"""Trains the small stage in child processes that are killed, and prints how it went as JSON.

    python kill_trials.py FOLDER times SEED KILLS    one stage, killed KILLS times after random times, then finished
    python kill_trials.py FOLDER files N [N ...]     a stage for each N, killed at its N-th file operation and finished

A process of its own: it imports everything once and forks before any thread has started, so trials are short.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import tensorboardX.event_file_writer  # noqa: F401 (as the two below: imported late, and slow)
import torch._dynamo
import torch._inductor.config  # noqa: F401

from aurora.training.asking import Asking
from training.small_stage import Lab
from training.test_asking import Made

OPERATIONS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree"}


def child_of(work: Callable[[], object]) -> int:
    """Fork; the child does `work` and exits 0, or 1 with a trace."""
    number = os.fork()
    if number:
        return number
    try:
        work()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def wait_for(number: int) -> int:
    """The exit code of a child; minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def train(lab: Lab, name: str, steps: int, checkpoint_seconds: float) -> None:
    """The stage with checkpoints, measurements and questions."""
    measured = {"evaluate": lambda model, step: {"held_out/en": model.embedding.weight.sum().item()}}
    execution = lab.execution(checkpoint_seconds=checkpoint_seconds, evaluate_steps=4)
    stage = lab.stage(steps, ask={"tasks": ["made-up"], "every_steps": 4})
    lab.train(name, stage, execution=execution, asking=Asking(stage, Made()), **measured)


def killing_at(operation: int, folder: Path, work: Callable[[], object]) -> Callable[[], object]:
    """`work` in a process that kills itself when it begins its n-th operation on a file below `folder`."""
    count = 0

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if event in OPERATIONS and str(arguments[0]).startswith(str(folder)):
            count += 1
            if count == operation:
                os.kill(os.getpid(), signal.SIGKILL)

    def watched() -> None:
        sys.addaudithook(watch)
        work()

    return watched


def kill_after_random_times(lab: Lab, seed: int, kills: int) -> list[int]:
    """Exit codes of the children that trained the stage `times`; the last one finishes it."""

    def work(name: str = "times") -> None:
        train(lab, name, steps=40, checkpoint_seconds=0.05)

    begin = time.monotonic()
    assert wait_for(child_of(lambda: work("undisturbed"))) == 0
    duration = time.monotonic() - begin
    chance = random.Random(seed)
    codes = []
    for number in range(kills):
        child = child_of(work)
        # The first is killed early, so that one is killed at work also where the machine has become faster meanwhile.
        time.sleep(chance.uniform(0.05, 0.7 if number else 0.2) * duration)
        os.kill(child, signal.SIGKILL)
        codes.append(wait_for(child))
    return [*codes, wait_for(child_of(work))]


def kill_at_file_operations(lab: Lab, operations: list[int]) -> dict[str, list[int]]:
    """Exit codes of the two children of each stage `files-N`."""
    codes = {}
    for operation in operations:
        name = f"files-{operation}"
        work = partial(train, lab, name, steps=5, checkpoint_seconds=1e-9)
        killed = wait_for(child_of(killing_at(operation, lab.folder / name, work)))
        codes[name] = [killed, wait_for(child_of(work))]
    return codes


if __name__ == "__main__":
    laboratory = Lab(Path(sys.argv[1]))
    numbers = [int(argument) for argument in sys.argv[3:]]
    trials = kill_after_random_times(laboratory, *numbers) if sys.argv[2] == "times" else None
    print(json.dumps(trials or kill_at_file_operations(laboratory, numbers)))
