"""`aurora redteam`: from a written policy to prompts and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from aurora.commands.options import FILE, Commands, RecipeName, json_option, overrides_argument
from aurora.commands.redteam.changing import diff_policies
from aurora.commands.redteam.drafting import draft_answers, translate_set, vary_prompts
from aurora.commands.redteam.judging import judge
from aurora.commands.redteam.reviewing import export_reviews, lint_items, review_items, verify_reviews
from aurora.console.terminal import write_json, write_json_text
from aurora.files import json_text, read_json

MOST_PROMPTS = 1_000_000


@click.group(cls=Commands)
def redteam() -> None:
    """From a written policy to prompts and answers."""


@redteam.command("generate")
@click.argument("recipe", metavar="POLICY|RECIPE", type=RecipeName(path_type=Path))
@overrides_argument
@click.option(
    "--output", type=FILE, metavar="FILE|DIR", help="Of a policy: the file to write. Of a recipe: the run; runs/NAME."
)
@click.option("--languages", metavar="LIST", help="Of a policy: languages with commas between.  [all it has words in]")
@click.option(
    "--count",
    type=click.IntRange(1, MOST_PROMPTS),
    metavar="N",
    help="Of a policy: harmful prompts; half as many harmless twins are added.  [2000]",
)
@click.option("--seed", type=int, metavar="N", help="Of a policy: which prompts are made, where there are more.  [1]")
@click.option(
    "--from",
    "conversations",
    type=FILE,
    metavar="FILE|DIR",
    help="Of a policy: take what people asked first in conversations (docs/conversations.md), N at most.",
)
@click.option(
    "--keep-out",
    multiple=True,
    type=FILE,
    metavar="FILE|DIR",
    help="With --from: an evaluation set of which nothing is taken; may be given again.",
)
@click.option("--license", metavar="SPDX", help="With --from: the licence of conversations that name none.  [unknown]")
@json_option
def redteam_generate(
    recipe: Path,
    overrides: tuple[str, ...],
    output: Path | None,
    languages: str | None,
    count: int | None,
    seed: int | None,
    conversations: Path | None,
    keep_out: tuple[Path, ...],
    license: str | None,
    as_json: bool,
) -> None:
    """Make prompts of a policy, for review; or a recipe's training and held-out items.

    Of a policy (a file, or a name of `aurora ls policies`) every line of the file is a prompt with its category,
    clause, language and licence. The same words, count and seed give the same bytes.
    """
    from aurora.api.policies import is_policy

    options: dict[str, Any] = {"languages": languages, "count": count, "seed": seed}
    options |= {"from": conversations, "keep-out": keep_out or None, "license": license}
    given = {name: value for name, value in options.items() if value is not None}
    if is_policy(recipe):
        _of_policy(recipe, overrides, output, given, as_json)
    elif given:
        raise click.UsageError(
            f"--{next(iter(given))} is for a policy, and {recipe} is none: a recipe states languages and seed itself."
        )
    else:
        _of_recipe(recipe, overrides, output, as_json)


def _of_policy(
    policy: Path, overrides: tuple[str, ...], output: Path | None, options: Mapping[str, Any], as_json: bool
) -> None:
    from aurora.console.progress import say

    if overrides:
        raise click.UsageError(f"{overrides[0]}: keys are a recipe's, and {policy} is a policy.")
    if output is None:
        raise click.UsageError("Give the file to write with --output FILE.jsonl, or a folder.")
    listed = options.get("languages", "")
    languages = [language.strip() for language in listed.split(",") if language.strip()]
    if "from" in options:
        told = _chosen(policy, output, options, languages)
    elif of_conversations := options.keys() & {"keep-out", "license"}:
        raise click.UsageError(f"--{min(of_conversations)} is for prompts of conversations: give them with --from.")
    else:
        told = _made(policy, output, options, languages)
    say(f"Wrote {told['file']}")
    if as_json:
        write_json(told)


def _chosen(policy: Path, output: Path, options: Mapping[str, Any], languages: Sequence[str]) -> dict[str, Any]:
    from aurora.api.policies import choose_prompts
    from aurora.console.progress import say

    if "seed" in options:
        raise click.UsageError("--seed is for prompts of a policy's words: conversations are taken in one order.")
    rest = {name: options[name] for name in ("count", "license") if name in options}
    keep_out = options.get("keep-out", ())
    taken = choose_prompts(policy, output, options["from"], keep_out=keep_out, languages=languages, **rest)
    left = ", ".join(f"{number:,} {reason}" for reason, number in taken["left_out"].items())
    of = f"{_many(taken['taken'], 'prompt')} of {_many(taken['read'], 'conversation')}"
    say(f"  {of}{f'; left out: {left}' if left else ''}")
    if not keep_out:
        say("  no evaluation set was given to be kept out (--keep-out)")
    return taken


def _made(policy: Path, output: Path, options: Mapping[str, Any], languages: Sequence[str]) -> dict[str, Any]:
    from aurora.api.policies import generate_prompts
    from aurora.console.progress import say

    rest = {name: options[name] for name in ("count", "seed") if name in options}
    made = generate_prompts(policy, output, languages=languages, **rest)
    say(
        f"  {_many(made['harmful'], 'harmful prompt')}, {_many(made['twins'], 'harmless twin')} and "
        f"{_many(made['whole'], 'harmless prompt')} of other forms in {_many(len(made['by_language']), 'language')}; "
        f"{made['too_alike']:,} too like others left out"
    )
    if made["harmful"] < made["asked_for"]:
        say(f"  {made['asked_for']:,} harmful prompts were asked for: the policy's words give no more")
    return made


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _of_recipe(recipe: Path, overrides: tuple[str, ...], output: Path | None, as_json: bool) -> None:
    from aurora.api.runs import run_folder
    from aurora.checking.check import sound_recipe
    from aurora.pipeline.running import run_recipe
    from aurora.redteam.dataset import SUMMARY
    from aurora.run.folder import RunFolder

    loaded = sound_recipe(recipe, overrides)
    folder = run_folder(loaded, output)
    run_recipe(loaded, folder, only="redteam")
    if as_json:
        write_json_text(json_text(read_json(RunFolder(folder).redteam / SUMMARY)))


redteam.add_command(diff_policies)
redteam.add_command(vary_prompts)
redteam.add_command(translate_set)
redteam.add_command(draft_answers)
redteam.add_command(review_items)
redteam.add_command(export_reviews)
redteam.add_command(verify_reviews)
redteam.add_command(lint_items)
redteam.add_command(judge)
