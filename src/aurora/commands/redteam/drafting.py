"""`aurora redteam vary` and `draft`: models at work on a red-team set, for people to review."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from aurora.commands.options import FILE, json_option
from aurora.console.terminal import write_json

MOST = 10  # variants or drafts of a prompt
endpoint_option = click.option(
    "--endpoint", type=FILE, metavar="FILE", help="A file that says how a model is asked (docs/endpoint.md)."
)
cache_option = click.option(
    "--cache", type=FILE, metavar="FILE", help="Answers that were paid for before.  [beside the output]"
)
written_option = click.option("--output", type=FILE, required=True, metavar="FILE|DIR", help="The file to write.")


@click.command("vary")
@click.argument("prompts", metavar="PROMPTS", type=FILE)
@endpoint_option
@click.option("--paraphrase", type=click.IntRange(0, MOST), default=0, metavar="N", help="So many in other words.")
@click.option("--persona", type=click.IntRange(0, MOST), default=0, metavar="N", help="So many as somebody would ask.")
@click.option("--translate", default="", metavar="LIST", help="Into these languages, with commas between.")
@click.option("--twins", type=click.IntRange(0, MOST), default=0, metavar="N", help="So many harmless ones alike.")
@click.option(
    "--keep-out",
    multiple=True,
    type=FILE,
    metavar="FILE|DIR",
    help="An evaluation set: nothing is made of it, and nothing that is in it is taken; may be given again.",
)
@cache_option
@written_option
@json_option
def vary_prompts(
    prompts: Path,
    endpoint: Path | None,
    paraphrase: int,
    persona: int,
    translate: str,
    twins: int,
    keep_out: tuple[Path, ...],
    cache: Path | None,
    output: Path,
    as_json: bool,
) -> None:
    """Let a model write variants of prompts: in other words, as a persona, translated, or harmless twins.

    PROMPTS is a file of `aurora redteam generate`. Run again, it goes on behind the last answer and pays for none
    twice.
    """
    from aurora.api.asking import vary
    from aurora.languages.labels import canonical
    from aurora.redteam.variants.ways import Wish

    if endpoint is None:
        raise click.UsageError("Give the file of an endpoint with --endpoint FILE.")
    listed = [language.strip() for language in translate.split(",") if language.strip()]
    languages = tuple(dict.fromkeys(canonical(language) or language for language in listed))
    made = vary(prompts, output, endpoint, Wish(paraphrase, persona, languages, twins), keep_out=keep_out, cache=cache)
    ways = ", ".join(f"{number:,} {way}s" for way, number in made["by_way"].items())
    _told(made, f"{made['variants']:,} variants of {made['prompts']:,} prompts: {ways}", as_json)


@click.command("translate")
@click.argument("given", metavar="SET", type=FILE)
@endpoint_option
@click.option("--to", "language", required=True, metavar="LANGUAGE", help="The language.")
@cache_option
@written_option
@json_option
def translate_set(
    given: Path, endpoint: Path | None, language: str, cache: Path | None, output: Path, as_json: bool
) -> None:
    """Let a model translate an evaluation set, with which models are attacked in another language.

    SET has JSON lines with `id` and `text`. It is never trained on, nor is its translation.
    """
    from aurora.api import asking
    from aurora.languages.labels import canonical

    if endpoint is None:
        raise click.UsageError("Give the file of an endpoint with --endpoint FILE.")
    made = asking.translate_set(given, output, endpoint, canonical(language) or language, cache=cache)
    _told(made, f"{made['translated']:,} of {made['items']:,} items translated", as_json)


@click.command("draft")
@click.argument("prompts", metavar="PROMPTS", type=FILE)
@endpoint_option
@click.option("--checkpoint", type=FILE, metavar="FOLDER", help="A run or checkpoint that answers as it is, once.")
@click.option("--policy", type=FILE, metavar="POLICY", help="Whose clauses an endpoint is told.  [that of the prompts]")
@click.option(
    "--count", type=click.IntRange(1, MOST), default=2, show_default=True, metavar="N", help="Drafts of a prompt."
)
@cache_option
@written_option
@json_option
def draft_answers(
    prompts: Path,
    endpoint: Path | None,
    checkpoint: Path | None,
    policy: Path | None,
    count: int,
    cache: Path | None,
    output: Path,
    as_json: bool,
) -> None:
    """Let a model draft answers to prompts, for reviewers to choose from.

    A harmful prompt wants a refusal with its reason and something safe instead, a harmless one an answer; other drafts
    are left out and counted.
    """
    from aurora.api.asking import draft

    made = draft(prompts, output, endpoint=endpoint, checkpoint=checkpoint, policy=policy, count=count, cache=cache)
    said = f"{made['drafts']:,} drafts for {made['prompts']:,} prompts"
    _told(made, f"{said}, {made['without']:,} of which have none" if made["without"] else said, as_json)


def _told(made: Mapping[str, Any], said: str, as_json: bool) -> None:
    from aurora.console.progress import say

    say(f"  {said}")
    if made["left_out"]:
        say("  left out: " + ", ".join(f"{number:,} {reason}" for reason, number in made["left_out"].items()))
    if made["kept"]:
        say(f"  {made['kept']:,} answers were there from before")
    if made["cost"]:
        say(f"  cost: {made['cost']:.4f}")
    say(f"Wrote {made['file']}")
    if as_json:
        write_json(made)
