"""The recipe that `aurora init` writes, as text with the reason of each choice beside it.

One decision: it is assembled from pieces of text and not dumped from values, because its comments tell a reader what to
change.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aurora.checking.amounts import BYTES_PER_TOKEN, size_in_words
from aurora.languages.labels import CODE, ENGLISH
from aurora.languages.lookup import language_name
from aurora.starting.choices import Choices
from aurora.starting.look import Look

SOURCE = "mine"
REPLAYED = {ENGLISH: f"docstrings/{ENGLISH}", CODE: f"sources/{CODE}"}
REPLAYED_NAMES = {REPLAYED[ENGLISH]: "English", REPLAYED[CODE]: "code"}
DISTRIBUTIONS = "[torch, networkx, sympy, numpy, pydantic, click]"


_of_base = "Measured on a base of 135M parameters; 1e-3 destroys what it knows."
_of_new = "Half of what the new network learnt with."


@dataclass(frozen=True)
class Plan:
    """All that a recipe is written from; `policy` is a name or path with its languages."""

    name: str
    language: str
    paths: list[str]
    look: Look
    choices: Choices
    base: str | None
    policy: tuple[str, list[str]] | None

    @property
    def replayed(self) -> list[str]:
        """The stores that keep what the model knew: English and code, but for what is the user's own."""
        return [store for language, store in REPLAYED.items() if language != self.language]

    @property
    def passes(self) -> float:
        """How often the continued stage reads the user's text, about."""
        size = self.look.size * self.look.share(self.language) * (1 - self.choices.held_out_share)
        return self.choices.tokens * self.choices.own / 100 * BYTES_PER_TOKEN / max(1.0, size)

    @property
    def amount_read(self) -> str:
        """`passes` in words."""
        if self.passes < 1:
            return f"about {max(self.passes, 0.01):.0%} of your text"
        return f"some {self.passes:,.{0 if self.passes >= 10 else 1}f} passes over your text"


def recipe_text(plan: Plan) -> str:
    """The whole file."""
    parts = [_head(plan), _corpus(plan), _model(plan), _redteam(plan), _stages(plan), _closing(plan)]
    return "\n".join(part for part in parts if part)


def files(look: Look) -> str:
    """How many files there are."""
    number = len(look.texts.files)
    return f"{number:,} file{'s' * (number != 1)}"


def _head(plan: Plan) -> str:
    language = language_name(plan.language)
    base = Path(plan.base).name if plan.base and plan.base.startswith((".", "/")) else plan.base
    replayed = " and ".join(REPLAYED_NAMES[store] for store in plan.replayed)
    what = f"{base} continued in {language}" if base else f"A small new network that learns {language}"
    return f"""\
# yaml-language-server: $schema=recipe.schema.json
# Written by `aurora init`. `aurora check` tells what is wrong with it, `aurora run` carries it out, and every key is in
# docs/recipe.md. What stands here is a first run of minutes: read its report, then raise what you need.
name: {plan.name}
description: "{what.replace('"', "'")}, with {replayed} replayed."
seed: 1
"""


def _corpus(plan: Plan) -> str:
    look = plan.look
    keys = [f"kind: {look.kind}", f"paths: [{', '.join(map(_quoted, plan.paths))}]"]
    if look.kind == "text":
        keys.append(f"document: {look.document}")
    elif look.text_key != "text":
        keys.append(f"text_key: {_quoted(look.text_key)}")
    keys.append(f"language: {_quoted(plan.language)}")
    lines = [
        "corpus:",
        "  sources:",
        f"    # Your text: {files(look)}, about {size_in_words(look.size)}. Say its licence; the report does.",
        f"    {SOURCE}: {{{', '.join(keys)}, license: unknown}}",
        "    # What is replayed so that it is not forgotten: English and code of the Python packages installed here.",
        "    # Text of your own in these languages does as well, and better the more it is like what the model is for.",
    ]
    if plan.language != ENGLISH:
        kind = "kind: environment, take: docstrings"
        lines.append(f"    docstrings: {{{kind}, distributions: {DISTRIBUTIONS}, limit_megabytes: 3}}")
    if plan.language != CODE:
        lines.append("    sources: {kind: environment, take: sources, distributions: [torch], limit_megabytes: 5}")
    lines += [
        "  curation:",
        "    rules: [basic] # short texts pass; `aurora ls rules` lists those for web pages",
        "    duplicates: near",
        f"    held_out_share: {plan.choices.held_out_share:g} # measured on, never trained on: some 100 kB",
    ]
    return "\n".join(lines) + "\n"


def _model(plan: Plan) -> str:
    if plan.base is not None:
        return f"""\
# The base keeps its tokenizer; `tokens.extend` teaches it new entries, which pays from some 10 M tokens on.
tokens: {{path: {_quoted(plan.base)}}}
model: {{path: {_quoted(plan.base)}}}
"""
    positions = plan.choices.sequence_length
    return f"""\
tokens:
  train: {{vocabulary: 8192, pattern: marks}}
model:
  # Shallow, and drawn wide: in a million tokens three layers learn more than six.
  architecture: {{layers: 3, width: 256, heads: 4, positions: {positions}, activation: gelu, initializer_range: 0.06}}
"""


def _redteam(plan: Plan) -> str:
    if plan.policy is None:
        return ""
    name, languages = plan.policy
    missing = (
        ""
        if plan.language in languages
        else f"""\
# There are no words in {language_name(plan.language)} yet: write {plan.language}.yaml beside en.yaml, and name it here
# (docs/policy.md).
"""
    )
    return f"{missing}redteam:\n  policy: {_quoted(name)}\n  languages: [{', '.join(map(_quoted, languages))}]\n"


def _stages(plan: Plan) -> str:
    choices, stages = plan.choices, ["stages:"]
    if plan.base is None:
        stages.append(_first(plan))
    weights = {f"{SOURCE}/{plan.language}": choices.own} | dict.fromkeys(plan.replayed, choices.replay)
    if plan.policy:
        weights["redteam/benign"] = 10
    start = "model" if plan.base else "base"
    budget = ", ".join(f"{store}: 0.02" for store in plan.replayed)
    stages.append(
        f"""\
  # Continued in your language. {choices.tokens:,} tokens: {plan.amount_read}, minutes of two
  # cores.
  cap:
    start: {start}
    tokens: {choices.tokens:_}
    batch_tokens: {choices.batch_tokens}
    sequence_length: {choices.sequence_length}
    packing: best-fit
    document_masks: true
    position_resets: true
    mixture: {{{", ".join(f"{name}: {weight}" for name, weight in weights.items())}}}
    # Replay follows what is forgotten: bits per byte of these may end 2 % above the base's (docs/retention.md).
    retention: {{every_steps: {choices.every_steps}, least: 0.05, most: {choices.most:g}, budget: {{{budget}}}}}
    # {_of_base if plan.base else _of_new}
    schedule: {{peak: {choices.peak:g}, end: {choices.peak / 5:g}, warmup: 0.05}}
"""
    )
    if plan.policy:
        stages.append(_safety(plan))
    return "\n".join(stage.rstrip("\n") for stage in stages) + "\n"


def _first(plan: Plan) -> str:
    each = 100 // len(plan.replayed)
    return f"""\
  # A new network learns what it shall not forget later. Take `--base` to begin with one that can speak.
  base:
    start: model
    tokens: 400_000
    batch_tokens: {plan.choices.batch_tokens}
    sequence_length: {plan.choices.sequence_length}
    mixture: {{{", ".join(f"{store}: {each}" for store in plan.replayed)}}}
    schedule: {{peak: 3e-3, end: 3e-4, warmup: 0.05}}
"""


def _safety(plan: Plan) -> str:
    choices = plan.choices
    rest = 40 / (len(plan.replayed) + 1)
    weights = {"redteam/pairs": 50, "redteam/benign": 10, f"{SOURCE}/{plan.language}": rest}
    weights |= dict.fromkeys(plan.replayed, rest)
    tokens = 40 * choices.batch_tokens if plan.base else 1_000_000 // choices.batch_tokens * choices.batch_tokens
    return f"""\
  # Refusals of what the policy forbids, answers to what only looks like it, and replay. Prompts are refused from some
  # number of tokens on: with a tenth of these a new network refuses nothing yet.
  safety:
    start: cap
    tokens: {tokens:_}
    batch_tokens: {choices.batch_tokens}
    sequence_length: {choices.sequence_length}
    packing: best-fit
    document_masks: true
    position_resets: true
    warn_epochs: 100 # prompts are few, and their wordings are what is learnt
    mixture: {{{", ".join(f"{name}: {weight:.3g}" for name, weight in weights.items())}}}
    schedule: {{peak: {1e-4 if plan.base else 2.5e-3:g}, end: 0, warmup: 0.05}}
"""


def _closing(plan: Plan) -> str:
    every = max(1, plan.choices.steps // 5)
    return f"""\
evaluation:
  held_out_kilobytes: 24 # of each language, at every measurement
execution:
  micro_batch_sequences: {4 if plan.base else 8}
  evaluate_steps: {every}
"""


def _quoted(text: str) -> str:
    """A text as YAML, in quotes where it needs them."""
    import yaml

    return (
        str(yaml.safe_dump(text, default_flow_style=True, allow_unicode=True, width=10**6))
        .removesuffix("...\n")
        .strip()
    )
