"""A stage's `ask` table: the tasks that its network is asked while it is trained.

One decision: it is layout. What tasks show decides nothing in the numbers of a stage, so the table may be added to one
that is under way, changed or taken out, and no step runs again for it.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from aurora.recipe.base import Section
from aurora.recipe.names import Name


class Ask(Section):
    """Ask the network tasks before the first step, every so many steps or tokens, and after the last."""

    suites: list[Name] = Field(default_factory=list, description="Suites of tasks (`aurora ls suites`).")
    tasks: list[Name] = Field(default_factory=list, description="Tasks besides (`aurora ls tasks`).")
    every_steps: int | None = Field(None, ge=1, description="Ask after every so many steps.")
    every_tokens: int | None = Field(
        None, ge=1, description="Or after every so many tokens of the stage; rounded up to whole steps."
    )
    items: int = Field(40, ge=1, description="Most items of each task that are asked, the same every time.")
    share: bool = Field(
        True,
        description="Of many ranks each holds the whole network in fp32 while tasks are asked, and answers some of the "
        "items; `false`: the first one alone does.",
    )

    @model_validator(mode="after")
    def _sound(self) -> Ask:
        if (self.every_steps is None) == (self.every_tokens is None):
            raise ValueError("give one of `every_steps` and `every_tokens`")
        if not self.suites and not self.tasks:
            raise ValueError("names neither `suites` nor `tasks`")
        return self
