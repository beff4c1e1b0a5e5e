"""The position of a stage, as a file: `state.json` in each of its checkpoints and beside its final weights.

One decision: it records every value that decided the numbers so far, so a stage that resumes can say which key of the
recipe was edited since. It is read without torch, by the report too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aurora.errors import AuroraError
from aurora.files import read_json

STATE = "state.json"
OPTIMIZER = "optimizer.safetensors"  # the moments, beside it


@dataclass(frozen=True)
class State:
    """The position of a stage, which is all its state: batches, schedule and random numbers follow from `step`.

    `step` counts the updates done, `sequence` is the number of the mixture's next sequence, `tokens` counts positions
    fed to the network and `loss_tokens` those with a loss, `seconds` is the wall time of all attempts;
    `tokens_per_second` are `tokens` over the seconds of their updates alone, without measuring and saving. `made_with`
    holds what decided the numbers so far, by key of the recipe. Where the user let the stage go on although keys had
    `changed` (old and new value) after a `step`, that is one of the `edits`, and `made_with` holds for later steps
    only. `precision` and `threads` are those used last. `weights_of` is the step of the weights: an earlier one where
    adaptive replay ends with its best model.
    """

    stage: str
    made_with: dict[str, Any]
    edits: list[dict[str, Any]]
    precision: str
    threads: int
    step: int
    weights_of: int
    sequence: int
    tokens: int
    loss_tokens: int
    seconds: float
    tokens_per_second: float


def state_of(path: Path) -> State:
    """Read a `state.json`; `AuroraError` for one that this version cannot read."""
    try:
        values: Any = read_json(path)
    except AuroraError as error:
        raise AuroraError(
            f"{path} is missing or damaged: restore it, or run again with --restart, which begins the stage anew and "
            "keeps its earlier work."
        ) from error
    try:
        state = State(**values)
        if not (type(state.step) is type(state.weights_of) is int and isinstance(state.made_with, dict)):
            raise TypeError("values of other types")
        if not all({"step", "changed"} <= set(edit) for edit in state.edits):
            raise TypeError("edits of another form")
    except TypeError as error:
        raise AuroraError(
            f"{path} was written by another version of Aurora ({error}): go on with that version, or run again with "
            "--restart, which begins the stage anew."
        ) from error
    return state
