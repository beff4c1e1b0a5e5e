"""What the user asks of a stage with earlier work; imports nothing heavy, so that the command line can say it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wish:
    """To go on from the checkpoint of `step` whatever was edited, or to begin anew (`restart`).

    It is meant for the stage or control called `stage`, or for the first that comes to run and has earlier work.
    """

    step: int | None = None
    restart: bool = False
    stage: str | None = None

    def __bool__(self) -> bool:
        return self.step is not None or self.restart


AS_IT_IS = Wish()
