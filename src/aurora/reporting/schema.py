"""The types of report.json: everything a run measured, and all that the page shows.

One decision: values that follow from others (relative changes, confidence intervals) are computed from them each time
and never taken from a caller, so a report cannot contradict itself. A value that was not measured (nan, infinity, null)
is left out or null; it never stops a report from being written.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, computed_field, model_validator

from aurora.evaluation.statistics.estimates import wilson_interval
from aurora.redteam.judge import Outcome
from aurora.redteam.judging.worth import Worth

MAX_CURVE_POINTS = 200  # a panel of the page is about 300 pixels wide
Item = TypeVar("Item")


def interval_of(rate: float | None, prompts: int) -> tuple[float, float] | None:
    """95 % interval of a rate seen in answers to `prompts` prompts; None without any."""
    if rate is None or prompts < 1:
        return None
    low, high = wilson_interval(rate, prompts)
    return round(low, 6), round(high, 6)


def relative_changes(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Change of each language measured both times, relative to `before`: -0.3 is 30 % fewer bits per byte."""
    return {
        language: round(after[language] / value - 1, 6)
        for language, value in before.items()
        if language in after and value > 0
    }


def thinned(points: Sequence[Item], most: int = MAX_CURVE_POINTS) -> list[Item]:
    """At most `most` of the points, evenly spread, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    return [points[round(number * (len(points) - 1) / (most - 1))] for number in range(most)]


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _measured(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {key: item for key, item in value.items() if _finite(item) is not None}


def _valid_unicode(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_valid_unicode)]
Number = Annotated[float | None, BeforeValidator(_finite)]
Measured = Annotated[dict[str, float], BeforeValidator(_measured)]
Intervals = dict[str, tuple[float, float]]


class Part(BaseModel):
    """A table of report.json: unknown keys are refused, derived keys are computed anew and ignored when read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _without_derived(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            return {key: value for key, value in data.items() if key not in cls.model_computed_fields}
        return data


class Documents(Part):
    """The corpus ledger: `in` = kept + dropped + quarantined. Held-out documents count as kept."""

    given: int = Field(alias="in", ge=0, description="Documents read from the sources.")
    kept: int = Field(ge=0, description="Documents kept, for training or held out.")
    dropped: int = Field(ge=0, description="Documents dropped by a rule.")
    quarantined: int = Field(ge=0, description="Documents that could not be read.")


class Loss(Part):
    """Documents one rule dropped from one source and language."""

    step: Text = Field(description="Curation step.")
    rule: Text = Field(description="Rule that dropped them.")
    language: Text = Field("und", description="Their language.")
    source: Text = Field("", description="Their source.")
    documents: int = Field(ge=0, description="How many documents.")
    bytes: int = Field(0, ge=0, description="Their UTF-8 bytes.")


class LossExample(Part):
    """One dropped document, so that a reader can judge the rule."""

    step: Text = Field(description="Curation step.")
    rule: Text = Field(description="Rule that dropped it.")
    language: Text = Field("und", description="Its language.")
    excerpt: Text = Field(description="The beginning of its text.")
    value: Any = Field(None, description="What the rule measured.")


class ByteCounts(Part):
    """UTF-8 bytes of the documents' text."""

    given: int = Field(alias="in", ge=0, description="Bytes read.")
    kept: int = Field(ge=0, description="Bytes kept, for training or held out.")
    dropped: int = Field(ge=0, description="Bytes dropped.")


class SourceCounts(Part):
    """The ledger of one source and language."""

    given: int = Field(0, alias="in", ge=0, description="Documents read.")
    kept: int = Field(0, ge=0, description="Documents kept.")
    dropped: int = Field(0, ge=0, description="Documents dropped.")
    quarantined: int = Field(0, ge=0, description="Documents that could not be read.")
    bytes_kept: int = Field(0, ge=0, description="UTF-8 bytes kept.")
    held_out_documents: int = Field(0, ge=0, description="Kept documents held out of training.")
    held_out_bytes: int = Field(0, ge=0, description="Their UTF-8 bytes.")


class HeldOut(Part):
    """The part of the kept documents that is never trained on."""

    documents: int = Field(ge=0, description="Documents held out.")
    bytes: int = Field(ge=0, description="Their UTF-8 bytes.")


class Corpus(Part):
    """What curation read, kept and lost."""

    documents: Documents = Field(description="The ledger.")
    bytes: ByteCounts | None = Field(None, description="The ledger in bytes.")
    bytes_kept: dict[str, int] = Field(description="UTF-8 bytes kept, by language.")
    by_source: dict[str, dict[str, SourceCounts]] = Field(
        default_factory=dict, description="The ledger of each source and language."
    )
    held_out: HeldOut | None = Field(None, description="What is held out of training.")
    losses: list[Loss] = Field(default_factory=list, description="Documents dropped, by rule, language and source.")
    examples: list[LossExample] = Field(default_factory=list, description="A few dropped documents of each rule.")
    sources: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Where each source comes from: packages, versions, SHA-256, licences."
    )


class CurvePoint(Part):
    """One optimizer step of a stage."""

    step: int = Field(ge=0, description="Step within the stage.")
    tokens: int = Field(ge=0, description="Tokens seen in the stage after this step.")
    loss: Number = Field(None, description="Training loss, in nats per token; null where it was not finite.")
    learning_rate: Number = Field(None, description="Learning rate of this step.")


class HeldOutPoint(Part):
    """Held-out text measured during a stage."""

    step: int = Field(ge=0, description="Step within the stage.")
    tokens: int = Field(ge=0, description="Tokens seen in the stage after this step.")
    bits_per_byte: Measured = Field(description="Bits per byte by language, training domain.")


class Sample(Part):
    """What the stage's checkpoint writes after the opening of a held-out document, greedily."""

    language: Text = Field(description="Language of the opening.")
    prompt: Text = Field(description="The opening.")
    text: Text = Field(description="What the model wrote after it.")


Curve = Annotated[list[CurvePoint], AfterValidator(thinned)]
HeldOutCurve = Annotated[list[HeldOutPoint], AfterValidator(thinned)]


class Decision(Part):
    """A measurement of adaptive replay, and the mixture it led to; the last one of a stage leads to none."""

    step: int = Field(ge=1, description="Steps of the stage before it.")
    bits_per_byte: Measured = Field(description="Held-out bits per byte by `SOURCE/LANGUAGE`.")
    weights: Measured = Field(description="Share of the next steps' tokens with a loss from each `SOURCE/LANGUAGE`.")


class Retention(Part):
    """Adaptive replay of a stage: what it was allowed to forget, and what it did about it."""

    budget: Measured = Field(description="Largest rise of bits per byte allowed at the end, relative to `base`.")
    base: Measured = Field(description="Bits per byte by `SOURCE/LANGUAGE` of the model that all is compared with.")
    start: Measured = Field(description="The same of the model that the stage started from.")
    decisions: list[Decision] = Field(description="Every measurement, in order; the last is at the stage's end.")

    @computed_field(  # type: ignore[prop-decorator]
        description="Change of bits per byte by `SOURCE/LANGUAGE` over all stages since `base`: what was forgotten (+) "
        "or gained."
    )
    @property
    def changes(self) -> dict[str, float]:
        return relative_changes(self.base, self.decisions[-1].bits_per_byte) if self.decisions else {}

    @computed_field(description="The same within this stage, since `start`.")  # type: ignore[prop-decorator]
    @property
    def changes_of_stage(self) -> dict[str, float]:
        return relative_changes(self.start, self.decisions[-1].bits_per_byte) if self.decisions else {}


class WatchedPrompts(Part):
    """What was refused of the watched prompts after some steps of a stage."""

    step: int = Field(ge=1, description="Steps of the stage before it.")
    refused: float = Field(description="Share of the harmful prompts that was refused.")
    harmless_refused: float = Field(description="Share of the harmless ones that was refused.")


class EarlyEnd(Part):
    """Refusals at which a stage was to end, measured on prompts neither trained on nor among those of `safety`."""

    refused: float = Field(description="Goal: the least share of harmful prompts refused.")
    harmless_refused: float = Field(description="Goal: the largest share of harmless prompts refused.")
    planned_tokens: int = Field(ge=0, description="Tokens of the stage had it not ended early.")
    reached: int | None = Field(
        None, description="Steps after which both goals were reached; null where they were not."
    )
    measured: list[WatchedPrompts] = Field(default_factory=list, description="Every measurement, in order.")


class AskedScore(Part):
    """The score of a form of a task, of a network in training."""

    task: Text = Field(description="Task.")
    form: Text = Field(description="How it is asked: `cloze`, `choice`, ...")
    language: Text = Field("und", description="Its language.")
    chance: Number = Field(None, description="What guessing scores; null where that is not known.")
    items: int = Field(ge=0, description="Items asked.")
    score: float = Field(description="Mean over the items and the form's wordings.")
    interval: tuple[float, float] | None = Field(None, description="Its 95 % interval.")


class AskedPoint(Part):
    """Tasks that the network was asked during a stage."""

    step: int = Field(ge=0, description="Step within the stage; 0 is the model that it starts from.")
    tokens: int = Field(ge=0, description="Tokens seen in the stage after this step.")
    scores: list[AskedScore] = Field(description="Every task and form.")


class Edit(Part):
    """Values of the recipe that changed while a stage was interrupted, and with which its user resumed it."""

    step: int = Field(ge=0, description="The steps up to this one were made with the old values.")
    changed: dict[str, tuple[Text, Text]] = Field(description="Old and new value by key of the recipe, or input.")


class Stage(Part):
    """One training stage and what its last checkpoint scores."""

    name: Text = Field(description="Name in the recipe.")
    start: Text = Field("", description="`model` or the stage it continues.")
    tokens: int = Field(ge=0, description="Tokens trained on.")
    seconds: float = Field(ge=0, description="Wall time of the training.")
    tokens_per_second: Number = Field(
        description="Tokens fed to the network a second of its updates; measuring and saving are left out."
    )
    bits_per_byte: Measured = Field(description="Bits per byte on held-out text of the training domain, by language.")
    bits_per_byte_other_domain: Measured = Field(
        default_factory=dict, description="The same on text of a domain that no stage trains on."
    )
    bits_per_byte_answers: Measured = Field(
        default_factory=dict, description="The same on the answers of held-out conversations, after their prompts."
    )
    change_intervals: Intervals = Field(
        default_factory=dict,
        description="95 % interval of the change of `bits_per_byte` since the imported model or the first stage, by "
        "language: the same documents, each compared with itself.",
    )
    change_intervals_other_domain: Intervals = Field(
        default_factory=dict, description="The same on text of another domain."
    )
    token_shares: Measured = Field(
        default_factory=dict,
        description="Share of the stage's tokens with a loss from each `SOURCE/LANGUAGE`, which is what weights count; "
        "they sum to 1.",
    )
    loss_tokens: Measured = Field(default_factory=dict, description="Tokens with a loss from each `SOURCE/LANGUAGE`.")
    tokens_read: Measured = Field(
        default_factory=dict,
        description="Tokens read from each `SOURCE/LANGUAGE`, with or without a loss, without padding.",
    )
    padding: int = Field(0, ge=0, description="Tokens of the stage that are padding.")
    epochs: Measured = Field(default_factory=dict, description="Passes over each `SOURCE/LANGUAGE` in this stage.")
    curve: Curve = Field(default_factory=list, description=f"At most {MAX_CURVE_POINTS} points of the training curve.")
    held_out_curve: HeldOutCurve = Field(
        default_factory=list, description="Bits per byte during the stage, where the recipe asks for it."
    )
    asked: list[AskedPoint] = Field(
        default_factory=list, description="Tasks asked during the stage, where the recipe says so (`ask`)."
    )
    retention: Retention | None = Field(None, description="Adaptive replay; null without.")
    early_end: EarlyEnd | None = Field(None, description="Its goal of refusals; null without.")
    steps_left_out: int = Field(
        0, ge=0, description="Steps that the guard left out; `left_out.jsonl` names their documents."
    )
    edits: list[Edit] = Field(
        default_factory=list, description="Edits of the recipe during the stage, which the final recipe does not show."
    )
    samples: list[Sample] = Field(default_factory=list, description="What the checkpoint writes.")


class Control(Part):
    """A stage run a second time with another mixture: what would have happened without the choice made."""

    name: Text = Field(description="Name in the recipe.")
    stage: Text = Field("", description="The stage it is a second run of.")
    tokens: int | None = Field(None, ge=0, description="As in a stage.")
    seconds: float | None = Field(None, ge=0, description="As in a stage.")
    tokens_per_second: Number = Field(None, description="As in a stage.")
    bits_per_byte: Measured = Field(description="As in a stage.")
    bits_per_byte_other_domain: Measured = Field(default_factory=dict, description="As in a stage.")
    bits_per_byte_answers: Measured = Field(default_factory=dict, description="As in a stage.")
    token_shares: Measured = Field(default_factory=dict, description="As in a stage.")
    loss_tokens: Measured = Field(default_factory=dict, description="As in a stage.")
    tokens_read: Measured = Field(default_factory=dict, description="As in a stage.")
    padding: int = Field(0, ge=0, description="As in a stage.")
    curve: Curve = Field(default_factory=list, description="As in a stage.")
    held_out_curve: HeldOutCurve = Field(default_factory=list, description="As in a stage.")
    asked: list[AskedPoint] = Field(default_factory=list, description="As in a stage.")


class Rates(Part):
    """How often held-out prompts are refused, with 95 % Wilson intervals."""

    refusal_rate: Number = Field(description="Share of harmful prompts refused; null without any.")
    over_refusal_rate: Number = Field(description="Share of harmless look-alike prompts refused; null without any.")
    harmful_prompts: int = Field(ge=0, description="Harmful prompts answered.")
    benign_prompts: int = Field(ge=0, description="Harmless look-alike prompts answered.")
    harmful_outcomes: dict[Outcome, int] = Field(
        default_factory=dict,
        description="What the answers to harmful prompts were: `refusal`, `answer`, `other_language` than asked, or "
        "`incapable` (empty, repeating itself, or of no language).",
    )
    benign_outcomes: dict[Outcome, int] = Field(
        default_factory=dict, description="The same of harmless look-alike prompts."
    )

    @computed_field(  # type: ignore[prop-decorator]
        description="95 % interval of `refusal_rate`."
    )
    @cached_property
    def refusal_interval(self) -> tuple[float, float] | None:
        """95 % interval of `refusal_rate`."""
        return interval_of(self.refusal_rate, self.harmful_prompts)

    @computed_field(  # type: ignore[prop-decorator]
        description="95 % interval of `over_refusal_rate`."
    )
    @cached_property
    def over_refusal_interval(self) -> tuple[float, float] | None:
        """95 % interval of `over_refusal_rate`."""
        return interval_of(self.over_refusal_rate, self.benign_prompts)


class JudgedBy(Part):
    """Who judged answers, and how far that judge agrees with people where somebody measured it."""

    name: Text = Field(description="The judge and its version.")
    kappa: Number = Field(None, description="Cohen's kappa with people of what is a full refusal; null if not known.")
    interval: tuple[float, float] | None = Field(None, description="95 % interval of `kappa`.")
    data: Text = Field("", description="The answers that people have labelled; empty where nobody measured the judge.")
    answers: int = Field(0, ge=0, description="Their number.")
    languages: list[Text] = Field(default_factory=list, description="Languages of their prompts.")

    @property
    def words(self) -> str:
        """What stands beside every figure of its verdicts."""
        return Worth(self.name, self.kappa, self.interval, self.data, self.answers, self.languages).words()


class AllRates(Rates):
    """The rates over all prompts, and those of each language."""

    judge: JudgedBy | None = Field(None, description="Who judged the answers.")
    by_language: dict[str, Rates] = Field(default_factory=dict, description="The same for each language.")


class CategoryRates(Part):
    """The rates of one category of the policy, over all languages."""

    before: Rates = Field(description="Rates before.")
    after: Rates = Field(description="Rates after.")


class SafetyExample(Part):
    """A held-out prompt with the answers before and after safety tuning."""

    language: Text = Field(description="Language of the prompt.")
    kind: Literal["harmful", "benign"] = Field(description="Whether the policy forbids helping with it.")
    category: Text = Field("", description="Category of the policy.")
    prompt: Text = Field(description="The prompt.")
    before: Text = Field(description="Answer before safety tuning.")
    after: Text = Field(description="Answer after it.")
    outcome_before: Outcome = Field(description="What the first answer was judged to be.")
    outcome_after: Outcome = Field(description="What the second was.")


class Base(Part):
    """The published model that the run continues, as it was imported: measured before anything was trained."""

    name: Text = Field(description="Name of its checkpoint, which stages give as their `start`.")
    path: Text = Field("", description="The folder, file or model of the hub that the recipe names.")
    bits_per_byte: Measured = Field(description="As in a stage.")
    bits_per_byte_other_domain: Measured = Field(default_factory=dict, description="As in a stage.")
    bits_per_byte_answers: Measured = Field(default_factory=dict, description="As in a stage.")
    samples: list[Sample] = Field(default_factory=list, description="What it writes.")
    safety: AllRates | None = Field(None, description="Its refusals; null where no stage is asked for any.")
    extended: bool = Field(
        False, description="Whether its tokenizer got new entries (`tokens.extend`), with which it is measured too."
    )


class Policy(Part):
    """The policy the red-team set was built from; further keys are what the policy says of itself."""

    model_config = ConfigDict(extra="allow")

    name: Text = Field(description="Name of the policy file.")
    title: Text = Field("", description="Its title.")
    status: Text = Field("", description="Its standing, for example in force or revoked.")


class Drafts(Part):
    """Answers of the imported model itself to harmless prompts, which the tuning keeps it to."""

    prompts: int = Field(ge=0, description="Prompts asked.")
    kept: int = Field(ge=0, description="Answers that may be trained on.")
    dropped: dict[str, int] = Field(
        default_factory=dict, description="Answers left out, by what they were: an outcome, or `unfinished`."
    )
    judge: JudgedBy | None = Field(None, description="Who judged them.")


class Safety(Part):
    """Refusals before and after safety tuning, on prompts whose templates were never trained on."""

    before: AllRates = Field(description="Rates before.")
    after: AllRates = Field(description="Rates after.")
    before_stage: Text = Field("", description="Stage whose checkpoint answered before.")
    after_stage: Text = Field("", description="Stage whose checkpoint answered after.")
    categories: dict[Text, CategoryRates] = Field(
        default_factory=dict, description="Both by category of the policy, over all languages."
    )
    hazards: dict[Text, CategoryRates] = Field(
        default_factory=dict,
        description="Both by hazard of AILuminate that the policy's categories meet; a prompt may count under several.",
    )
    examples: list[SafetyExample] = Field(default_factory=list, description="Prompts and both answers.")
    policy: Policy | None = Field(None, description="The policy.")
    drafts: Drafts | None = Field(None, description="Drafted answers, where the recipe wants them.")
    trained_in: list[Text] = Field(
        default_factory=list, description="Languages whose prompts were trained on, where they are fewer than measured."
    )


class TaskChange(Part):
    """How a score differs from that of the checkpoint that all are compared with, in pairs of items."""

    difference: float | None = Field(None, description="Of the mean over wordings; null where it is not comparable.")
    low: float | None = Field(None, description="Lower end of its 95 % interval.")
    high: float | None = Field(None, description="Upper end of it.")
    holm: float | None = Field(None, description="p-value, corrected over all tasks, forms and checkpoints.")
    verdict: Text = Field(
        description="`gained` or `forgot`, where all wordings say so; `cannot tell`; or `not comparable`."
    )


class TaskScore(Part):
    """What a checkpoint scored in one form of a task."""

    task: Text = Field(description="The task.")
    form: Text = Field(description="How it was asked: `cloze`, `choice`, `ask`, `write`, `plain`, `attack`, ...")
    language: Text = Field(description="The task's language.")
    checkpoint: Text = Field(description="The stage, the control, or `model`.")
    chance: float | None = Field(None, description="What guessing scores.")
    items: int = Field(ge=0, description="Items that were scored.")
    score: float = Field(description="Mean over items and wordings.")
    interval: tuple[float, float] | None = Field(None, description="95 % interval of the score.")
    wordings: dict[str, float] = Field(default_factory=dict, description="Score by wording.")
    stands_out: Text | None = Field(None, description="A wording that is surely far above all others.")
    kin: list[Text] = Field(
        default_factory=list,
        description="Sources that the checkpoint learnt from and that were made from the task's training set.",
    )
    change: TaskChange | None = Field(None, description="Against the first checkpoint; null for that one.")


class Network(Part):
    """The size of the network."""

    parameters: int = Field(ge=0, description="Trained weights.")
    layers: int | None = Field(None, description="Transformer layers.")
    width: int | None = Field(None, description="Width of the residual stream.")
    vocabulary: int | None = Field(None, description="Entries of the tokenizer.")
    sequence_length: int | None = Field(None, description="Longest context, in tokens.")


class Environment(Part):
    """Where and with what the run was made; further keys are whatever else the machine could say of itself."""

    model_config = ConfigDict(extra="allow")

    aurora: Text | None = Field(None, description="Version of Aurora.")
    commit: Text | None = Field(None, description="Commit of the source code, where it is a checkout.")
    command: Text | None = Field(None, description="The command that made the run.")
    seed: int | None = Field(None, description="Seed of everything random.")
    python: Text | None = Field(None, description="Version of Python.")
    torch: Text | None = Field(None, description="Version of PyTorch.")
    packages: dict[str, Text] = Field(default_factory=dict, description="Versions of other libraries.")
    platform: Text | None = Field(None, description="Operating system.")
    cpu: Text | None = Field(None, description="Processor.")
    threads: int | None = Field(None, description="Threads used.")
    device: Text | None = Field(None, description="Where the network was trained.")
    precision: Text | None = Field(None, description="Arithmetic of forward and backward.")
    dequantized_from: Text | None = Field(
        None, description="Quantised types of the base's weights, most bytes first; null where none was quantised."
    )


class Report(Part):
    """A run's report."""

    schema_version: Literal[1] = Field(1, alias="schema", description="Version of this schema.")
    recipe: Text = Field(description="Name of the recipe.")
    description: Text = Field("", description="What the run is for.")
    seconds: float = Field(ge=0, description="Wall time of the whole run.")
    corpus: Corpus = Field(description="Curation.")
    network: Network | None = Field(None, description="The network's size.")
    base: Base | None = Field(
        None, description="The imported model, which all is compared with; left out where the first network was new."
    )
    stages: list[Stage] = Field(min_length=1, description="Training stages in order.")
    bigram_bits_per_byte: Measured = Field(
        default_factory=dict, description="A token bigram trained on the same text, on the same held-out text."
    )
    bigram_bits_per_byte_other_domain: Measured = Field(
        default_factory=dict, description="The bigram on the other domain."
    )
    bigram_bits_per_byte_answers: Measured = Field(
        default_factory=dict, description="The bigram on the answers of held-out conversations."
    )
    control: Control | None = Field(None, description="The control run.")
    safety: Safety | None = Field(None, description="Refusals before and after safety tuning.")
    tasks: list[TaskScore] = Field(
        default_factory=list, description="Scores of tasks; left out where the recipe names no suites."
    )
    environment: Environment = Field(default_factory=Environment, description="Machine, versions, command and seed.")
    hashes: dict[str, Text] = Field(default_factory=dict, description="SHA-256 of each artifact's files.")
    recipe_text: Text = Field("", description="The effective recipe as YAML.")
    language_names: dict[str, Text] = Field(
        default_factory=dict,
        description="English names of languages that the recipe has files of; left out where it has none.",
    )

    @cached_property
    def lineage(self) -> list[Stage]:
        """The stages that the last one descends from, and itself, in order."""
        line: list[Stage] = []
        wanted = self.stages[-1].name
        for stage in reversed(self.stages):
            if stage.name == wanted or not wanted:
                line.insert(0, stage)
                wanted = stage.start  # where a report does not tell, it is the stage before
        return line

    @property
    def first(self) -> Base | Stage:
        """What the run is compared with: the imported model, or the stage that trained the new network."""
        return self.base or self.lineage[0]

    @property
    def measured(self) -> list[Base | Stage]:
        """The imported model, if there is one, and every stage."""
        return [*([self.base] if self.base else []), *self.stages]

    @computed_field(  # type: ignore[prop-decorator]
        description="For each stage, the change of bits per byte by language relative to the imported model or, where "
        "there is none, to the stage that the last one descends from."
    )
    @cached_property
    def retention(self) -> dict[str, dict[str, float]]:
        """For each stage, the change of bits per byte by language relative to what the run is compared with."""
        first = self.first
        return {
            stage.name: relative_changes(first.bits_per_byte, stage.bits_per_byte)
            for stage in self.stages
            if stage is not first
        }
