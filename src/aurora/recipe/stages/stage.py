"""The recipe's `stages` table: what is trained on which data, for how long, and how.

One decision: a stage states its budget in tokens computed and its mixture in weights of tokens with a loss; steps,
sequences, epochs and learning rates follow from them. A `control` is the same stage again with a few keys changed,
whose result is reported and not used further.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from aurora.recipe.base import Section, layout, refuse
from aurora.recipe.model import LONGEST
from aurora.recipe.names import EVERY, Distinct, MixedName, Name
from aurora.recipe.stages.asking import Ask
from aurora.recipe.stages.objective import LIKELIHOOD, Dpo, Objective, Preferring
from aurora.recipe.stages.pace import Pace
from aurora.recipe.stages.retention import Retention
from aurora.recipe.stages.schedule import Course, Schedule
from aurora.recipe.stages.stopping import StopWhen
from aurora.recipe.stages.train import ALL, Part, Train

# What `start` says for the recipe's own model, new or imported.
IMPORTED = "model"
# Red-team prompts with their answers: refused and answered ones alternate. And the same prompts with two answers each,
# of which one is wanted.
PAIRS, PREFERENCES = TUNING = ("redteam/pairs", "redteam/preferences")

MOST_SIZES = 10_000  # of a growing batch; each is kept in memory


def _no_language_twice(mixture: dict[str, float]) -> dict[str, float]:
    for name in mixture:
        source, _, language = name.partition("/")
        if language != EVERY and f"{source}/{EVERY}" in mixture:
            raise ValueError(f"{name} is among {source}/{EVERY}, which is given too: keep one")
    return mixture


Mixture = Annotated[
    dict[MixedName, Annotated[float, Field(gt=0)]],
    Distinct,
    AfterValidator(_no_language_twice),
    Field(
        min_length=1,
        description="Weight of each source, in tokens with a loss: of prompt/response pairs only responses count. A "
        "name is `SOURCE/LANGUAGE`, `SOURCE/*` for all its languages by `temperature`, or "
        "`redteam/pairs|benign|drafted|preferences`. Weights are normalised.",
    ),
]


class Optimizer(Section):
    """AdamW; weight decay acts on matrices only."""

    beta1: float = Field(0.9, ge=0, lt=1, description="Decay of the first moment.")
    beta2: float = Field(0.95, ge=0, lt=1, description="Decay of the second moment.")
    epsilon: float = Field(1e-8, gt=0, description="Term added to the denominator.")
    weight_decay: float = Field(0.1, ge=0, description="Decoupled weight decay, on matrices only.")
    clip: float = Field(1.0, gt=0, description="Largest global gradient norm.")
    new_rows: float = Field(
        1.0,
        ge=0,
        description="Factor of the learning rate for the rows of the embedding and output layer that `tokens.extend` "
        "has added.",
    )
    carry: bool = Field(
        False, description="Start with the optimizer state of the stage this one starts from, instead of a fresh one."
    )


class Guard(Section):
    """Which steps are left out: their documents are listed in the stage's `left_out.jsonl`; the schedule goes on."""

    action: Literal["skip", "rollback"] = Field(
        "skip",
        description="What happens to weights and moments: they stay as before the step (`skip`), or return to an "
        "earlier checkpoint, and the batches since then are left out too (`rollback`).",
    )
    steps: int | None = Field(
        None,
        ge=1,
        description="With `rollback`: return to the newest checkpoint that is at least so many steps old; one is "
        "saved every so many steps.",
    )
    deviations: float | None = Field(
        None,
        gt=0,
        description="A loss so many standard deviations above the mean of the last ones is a spike, and its step is "
        "left out; without this key only steps whose loss or gradient is not finite are left out.",
    )
    window: int = Field(
        128, ge=2, description="How many losses the mean is over; no spike is detected before there are so many."
    )
    patience: int = Field(
        10,
        ge=0,
        description="Largest number of steps left out in a row, or returns to the same checkpoint; with more, the "
        "stage ends with an error.",
    )

    @model_validator(mode="after")
    def _steps_where_they_belong(self) -> Guard:
        if (self.steps is None) == (self.action == "rollback"):
            raise ValueError("give `steps` with the action rollback, and with no other")
        return self


class Control(Section):
    """The same stage a second time with another mixture: what would have happened without the choice made."""

    name: Name = Field(description="Name of the control; its checkpoint is `STAGE-NAME`.")
    mixture: Mixture


class Change(Section):
    """New weights from a point within a stage on. Earlier steps do not depend on them, so they may be edited later."""

    from_tokens: int = Field(ge=1, description="Tokens of the stage before the change; rounded up to whole steps.")
    mixture: Mixture


class Ramp(Section):
    """A batch that grows in levels: each size lasts for an equal number of tokens."""

    start: int = Field(ge=1, description="Tokens of the first optimizer steps.")
    increment: int = Field(ge=1, description="Tokens by which a step grows each time, until it reaches `batch_tokens`.")
    tokens: int = Field(ge=1, description="Tokens of the stage until then; each size gets an equal part of them.")

    def levels(self, batch_tokens: int) -> list[tuple[int, int]]:
        """(steps, tokens of a step) of every size below `batch_tokens`, rounded up to whole steps."""
        sizes = range(self.start, batch_tokens, self.increment)
        return [(-(-self.tokens // (size * len(sizes))), size) for size in sizes]


class Stage(Section):
    """One training phase."""

    start: str = Field(description="`model` (the recipe's model) or the name of an earlier stage.")
    tokens: int = Field(
        ge=1,
        description="Token budget, prompts and padding included; rounded up to whole steps.",
    )
    batch_tokens: int = Field(ge=1, description="Tokens per optimizer step (global batch).")
    ramp: Ramp | None = Field(None, description="Smaller steps at the beginning that grow to `batch_tokens`.")
    sequence_length: int = Field(
        ge=2,
        le=LONGEST,
        description="Tokens per sequence. A longer conversation is cut after its last answer that ends within one, or"
        " left out if none does.",
    )
    mixture: Mixture
    temperature: float = Field(
        1.0,
        ge=1,
        le=100,
        description="How the weight of `SOURCE/*` is divided among its languages: in proportion to their tokens with "
        "a loss, each to the power of 1 / `temperature`. 1 is in proportion; higher values are more even,"
        " so small languages are read more often.",
    )
    changes: list[Change] = Field(
        default_factory=list,
        description="Mixtures that replace `mixture` later in the stage, each where the one before ends.",
    )
    packing: Literal["own", "best-fit"] = Field(
        "own",
        description="How conversations and pairs fill sequences: one in each, with padding, or as many as fit (with "
        "`document_masks`).",
    )
    document_masks: bool = Field(
        False,
        description="Attention stays within a document: its first token is predicted from the start token alone, as "
        "in evaluation.",
    )
    position_resets: bool = Field(False, description="Positions start again at 0 in every document of a sequence.")
    warn_epochs: float = layout(4.0, "Passes over a source above which a warning is printed (arXiv 2305.16264).", gt=0)
    train: Train = Field(
        ALL,
        description="Which weights are trained: `all`, or a part of them, for a smaller machine (docs/training.md).",
    )
    objective: Objective = Field(
        LIKELIHOOD,
        description="What is learnt: `likelihood`, or `dpo` for the preference pairs of the mixture "
        "(docs/preferences.md).",
    )
    schedule: Schedule = Field(description="Learning rate.")
    optimizer: Optimizer = Field(default_factory=Optimizer, description="Optimizer.")
    guard: Guard = Field(default_factory=Guard, description="Which steps are left out.")
    retention: Retention | None = Field(
        None, description="Adaptive replay: shares that follow what is forgotten, within bounds (docs/retention.md)."
    )
    stop_when: StopWhen | None = Field(
        None, description="End before the tokens are used up, when refusals are as wanted (docs/safety.md)."
    )
    ask: Ask | None = layout(
        None, "Tasks that the network is asked while it is trained; they decide nothing (docs/evaluation.md)."
    )
    control: Control | None = Field(None, description="A second run of this stage to compare with.")

    _name: str = PrivateAttr("")  # the stage's key in the recipe: not a value of the table, so in no fingerprint

    @model_validator(mode="after")
    def _sound(self) -> Stage:
        refuse(self._broken_sequences())  # the checks below divide by them
        refuse(self._unsound())
        return self

    def _unsound(self) -> Iterator[str]:
        yield from self._no_room_for_warmup_and_decay()
        if self.packing == "best-fit" and not self.document_masks:
            yield "packing: best-fit needs document_masks: a pair would be answered by those before it"
        if self.prefers and not (self.document_masks and self.position_resets):
            yield (
                "objective: dpo needs document_masks and position_resets, as the two answers of a pair stand in one "
                "sequence; set both to true"
            )
        starts = [0, *(self.first_step(change) for change in self.changes), self.steps]
        if sorted(set(starts)) != starts:
            yield "changes: from_tokens must rise by a step or more and lie within the stage's tokens"
        if self.retention is not None:
            yield from self._not_replayed(self.retention)
        if self.stop_when is not None:
            yield from self._never_stops()
        if self.train != ALL and self.optimizer.new_rows != 1:
            yield "optimizer.new_rows: is of rows that `train` leaves as they are"

    def _never_stops(self) -> Iterator[str]:
        """Problems of a stage that ends by its refusals."""
        if self.control is not None:
            yield "stop_when: the control would be trained on more tokens than the stage; leave one of them out"
        if self.retention is not None:
            yield "stop_when: `retention` chooses shares by the stage's length, which is not known; leave one out"
        if self.stop_when is not None and not self.course.watched(self.stop_when.every_steps):
            yield "stop_when.every_steps: no such step lies between the warm-up and the decay, or the end"

    @property
    def prefers(self) -> Dpo | None:
        """How it learns from preference pairs, where it does."""
        return self.objective.dpo if isinstance(self.objective, Preferring) else None

    @property
    def decides(self) -> bool:
        """Whether measurements decide how it goes on, or when it ends."""
        return self.retention is not None or self.stop_when is not None

    @property
    def adapts(self) -> bool:
        """Whether adapters are trained, which are merged at the end."""
        return isinstance(self.train, Part) and self.train.lora is not None

    def _broken_sequences(self) -> Iterator[str]:
        """Problems where a step would end within a sequence, or the ramp misses `batch_tokens`."""
        sizes = {"batch_tokens": self.batch_tokens}
        if self.ramp is not None:
            sizes |= {"ramp.start": self.ramp.start, "ramp.increment": self.ramp.increment}
        for key, size in sizes.items():
            if over := size % self.sequence_length:
                near = max(size - over, self.sequence_length)
                yield f"{key}: {size} is not a multiple of sequence_length {self.sequence_length} (the nearest: {near})"
        if self.ramp is None:
            return
        rise = self.batch_tokens - self.ramp.start
        if rise <= 0 or rise % self.ramp.increment:
            yield (
                f"ramp: steps of {self.ramp.start} tokens that grow by {self.ramp.increment} never become "
                f"batch_tokens {self.batch_tokens}"
            )
        elif rise // self.ramp.increment > MOST_SIZES:
            yield f"ramp: more than {MOST_SIZES:,} sizes of a step; let it grow by more at a time"

    def _no_room_for_warmup_and_decay(self) -> Iterator[str]:
        """Problems where a part of the schedule given in tokens is shorter than a step or too long."""
        parts = {"warmup": self.schedule.warmup, "decay": self.schedule.decay or 0.0}
        for key, part in parts.items():
            if 1 <= part < self.batch_tokens:
                yield (
                    f"schedule.{key}: {part:,.0f} tokens are less than a step of {self.batch_tokens:,}: give tokens, "
                    "or a share of the steps below 1"
                )
        if max(parts.values()) >= 1 and self.course.warmup + self.course.decay > self.steps:
            yield "schedule: warmup and decay are more than the whole stage"

    def _not_replayed(self, retention: Retention) -> Iterator[str]:
        """Problems of a mixture with adaptive replay."""
        if self.changes:
            yield "retention: decides the changes of the mixture itself, so `changes` must be empty"
        if every := [name for name in self.mixture if name.endswith(f"/{EVERY}")]:
            yield f"retention: gives each language a share of its own: name those of {', '.join(every)}"
            return
        if missing := sorted(set(retention.budget) - set(self.mixture)):
            yield f"retention: {', '.join(missing)} is not in the stage's mixture, so it cannot be replayed"
        if set(retention.budget) == set(self.mixture):
            yield "retention: the mixture holds replayed sources only"
        total = sum(self.mixture.values())
        for source in sorted(set(retention.budget) & set(self.mixture)):
            share = self.mixture[source] / total
            if not retention.least <= share <= retention.most:
                yield (
                    f"retention: the mixture begins with a share of {share:.3g} of {source}, outside of "
                    f"{retention.least:.3g} to {retention.most:.3g}"
                )

    def first_step(self, change: Change) -> int:
        """The first optimizer step (from 0) with a change's mixture."""
        return self._steps(change.from_tokens)

    def until(self, steps: int) -> Stage:
        """The stage without the changes that come after its first `steps` steps."""
        made = [change for change in self.changes if self.first_step(change) < steps]
        return self.model_copy(update={"changes": made})

    @property
    def name(self) -> str:
        """Its key in the recipe's `stages`; of a control STAGE-NAME. Its checkpoint and its shuffle are named by it."""
        return self._name

    def named(self, name: str) -> Stage:
        """This stage under a name."""
        stage = self.model_copy()
        stage._name = name
        return stage

    @property
    def sources(self) -> list[str]:
        """Every source of the stage's mixtures, sorted."""
        mixtures = [self.mixture, *(change.mixture for change in self.changes)]
        return sorted({name for mixture in mixtures for name in mixture})

    @property
    def steps(self) -> int:
        """Optimizer steps: the fewest that use up the budget."""
        return self._steps(self.tokens)

    @property
    def course(self) -> Course:
        """The schedule over the stage's steps; parts given in tokens are as few steps as hold them."""
        schedule, steps = self.schedule, self.steps
        warmup = self._steps(int(schedule.warmup)) if schedule.warmup >= 1 else round(schedule.warmup * steps)
        if schedule.decay is None:
            return Course(schedule, steps, warmup, 0)
        if schedule.decay < 1:
            return Course(schedule, steps, warmup, max(1, round(schedule.decay * steps)))
        before = max(0, self.tokens_before(steps) - int(schedule.decay))
        return Course(schedule, steps, warmup, steps - self.pace.step_of(before // self.sequence_length))

    @property
    def branch_step(self) -> int | None:
        """The last step count before the decay of warmup-stable-decay: from there a longer stage can go on. One with
        `stop_when` cannot: its goal says when the decay begins."""
        return self.course.top + 1 if self.course.decay and self.stop_when is None else None

    @property
    def pace(self) -> Pace:
        """The sequences of each step."""
        rising = [] if self.ramp is None else self.ramp.levels(self.batch_tokens)
        length = self.sequence_length
        return Pace([(steps, size // length) for steps, size in rising], self.batch_tokens // length)

    def tokens_before(self, step: int) -> int:
        """The tokens of all steps (from 0) before one."""
        return self.pace.before(step) * self.sequence_length

    def asks(self, step: int) -> bool:
        """Whether the network is asked tasks after so many steps, by what `ask` says; its end comes besides."""
        if self.ask is None:
            return False
        if self.ask.every_steps is not None:
            return step % self.ask.every_steps == 0
        every = self.ask.every_tokens or 1
        return step == 0 or self.tokens_before(step) // every > self.tokens_before(step - 1) // every

    def _steps(self, tokens: int) -> int:
        """The fewest steps that hold so many tokens."""
        return self.pace.steps(-(-tokens // self.sequence_length))


def checkpoints_of(stages: Mapping[str, Stage]) -> dict[str, Stage]:
    """Every checkpoint a recipe's stages make, controls included, with the settings that make it."""
    made: dict[str, Stage] = {}
    for name, stage in stages.items():
        made[name] = stage
        if stage.control:
            other: dict[str, Any] = {"mixture": stage.control.mixture, "changes": [], "retention": None}
            control = stage.model_copy(update=other).named(f"{name}-{stage.control.name}")
            made[control.name] = control
    return made
