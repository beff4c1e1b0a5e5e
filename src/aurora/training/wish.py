"""What the user asks of a stage with earlier work: --resume-from or --restart. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wish:
    """To go on from the checkpoint of `step` whatever was edited, or to begin anew (`restart`).

    It applies to the stage or control called `stage`, or else to the first that runs and has earlier work.
    """

    step: int | None = None
    restart: bool = False
    stage: str | None = None

    def __bool__(self) -> bool:
        return self.step is not None or self.restart


AS_IT_IS = Wish()
