"""Models behind an endpoint, and checkpoints, at work on a red-team set: variants of prompts and drafts of answers.

One decision: everything that can be wrong with what the user gave is looked at before the first request is paid for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aurora.errors import UserError

if TYPE_CHECKING:
    from aurora.redteam.drafting.drafts import Draft
    from aurora.redteam.generating.prompt import Prompt
    from aurora.redteam.variants.ways import Wish

CACHE_ENDING = ".answers"  # beside the output, of a model's answers
MOST_LEFT = 5


def vary(
    prompts: Path, output: Path, endpoint: Path, wish: Wish, *, keep_out: Sequence[Path] = (), cache: Path | None = None
) -> dict[str, Any]:
    """Write variants of the prompts of a file that a model makes; returns what was made, left out and paid.

    Stopped and called again, it goes on behind the last answer.
    """
    from aurora.languages.lookup import find, language_name
    from aurora.redteam.endpoint.client import Client
    from aurora.redteam.endpoint.settings import read_endpoint
    from aurora.redteam.generating.kept_out import KeptOut
    from aurora.redteam.generating.writing import place_of, write_prompts
    from aurora.redteam.variants.making import make_variants
    from aurora.redteam.variants.reading import read_prompts

    if not wish:
        raise UserError("Say which variants are wanted: --paraphrase, --persona, --translate or --twins.")
    for language in wish.languages:
        if find(language) is None and language_name(language) == language:
            raise UserError(f"--translate {language}: Aurora knows no language of this name (aurora ls languages).")
    path = _apart(place_of(output), prompts)
    _keep(path, _cache(cache, path))
    read, client = read_prompts(prompts), Client(read_endpoint(endpoint))
    made = make_variants(client, read, wish, KeptOut(keep_out), _cache(cache, path))
    _refuse_nothing(len(made.variants), made.left_out, f"{made.asked:,} requests of variants")
    write_prompts(path, made.variants)
    return {
        "file": str(path),
        "prompts": len(read),
        "requests": made.asked,
        "kept": made.kept,
        "cost": made.cost,
        "variants": len(made.variants),
        "left_out": dict(made.left_out.most_common()),
        "by_way": dict(Counter(one.made["how"] for one in made.variants).most_common()),
        "by_language": dict(sorted(Counter(one.language for one in made.variants).items())),
    }


def translate_set(
    given: Path, output: Path, endpoint: Path, language: str, *, cache: Path | None = None
) -> dict[str, Any]:
    """Write an evaluation set in another language, translated by a model; returns what was made, left out and paid."""
    from aurora.languages.lookup import find, language_name
    from aurora.redteam.endpoint.client import Client
    from aurora.redteam.endpoint.settings import read_endpoint
    from aurora.redteam.variants.translating import keep_other_sets, read_set, translate, write_set

    if find(language) is None and language_name(language) == language:
        raise UserError(f"--to {language}: Aurora knows no language of this name (aurora ls languages).")
    if output.suffix != ".jsonl":
        raise UserError(f"{output} is not named as a set: give a file NAME.jsonl with --output.")
    path = _apart(output, given)
    keep_other_sets(path)
    items, client = read_set(given), Client(read_endpoint(endpoint))
    rows, left_out, kept = translate(client, items, language, _cache(cache, path))
    _refuse_nothing(len(rows), left_out, f"{len(items):,} translations")
    write_set(path, rows)
    return {
        "file": str(path),
        "items": len(items),
        "translated": len(rows),
        "left_out": dict(left_out.most_common()),
        "kept": kept,
        "cost": client.spending.spent,
    }


def draft(
    prompts: Path,
    output: Path,
    *,
    endpoint: Path | None = None,
    checkpoint: Path | None = None,
    policy: Path | None = None,
    count: int = 2,
    cache: Path | None = None,
) -> dict[str, Any]:
    """Write the prompts of a file with answers that a model drafts, by an endpoint or an Aurora checkpoint.

    A checkpoint answers as it is, once and greedily; an endpoint is told the clause of the policy.
    """
    from aurora.redteam.drafting.drafts import categories_of, sorted_out, write_drafts
    from aurora.redteam.generating.writing import place_of
    from aurora.redteam.policy import load_policy
    from aurora.redteam.variants.reading import read_prompts
    from aurora.shipped import places

    if (endpoint is None) == (checkpoint is None):
        raise UserError("Say who drafts: --endpoint FILE, or --checkpoint FOLDER, and not both.")
    path = _apart(place_of(output), prompts)
    _keep(path, _cache(cache, path))
    read = read_prompts(prompts)
    cost, kept = 0.0, 0
    if checkpoint is not None:
        drafts: list[Sequence[Draft]] = list(_of_checkpoint(checkpoint, read))
    else:
        from aurora.redteam.endpoint.asking import ask_all
        from aurora.redteam.endpoint.client import Client
        from aurora.redteam.endpoint.settings import read_endpoint

        assert endpoint is not None
        found = policy or Path(read[0].policy)
        leaves = categories_of(read, load_policy(places.find("policies", found), []).file)
        client = Client(read_endpoint(endpoint))
        drafts, kept = _of_endpoint(client, ask_all, read, leaves, count, _cache(cache, path))
        cost = client.spending.spent
    drafted = sorted_out(read, drafts)
    _refuse_nothing(drafted.drafts, drafted.left_out, f"{sum(map(len, drafts)):,} answers")
    write_drafts(path, drafted.rows)
    return {
        "file": str(path),
        "prompts": len(read),
        "drafts": drafted.drafts,
        "without": drafted.without,
        "left_out": dict(drafted.left_out.most_common()),
        "kept": kept,
        "cost": cost,
    }


def _of_endpoint(
    client: Any, ask_all: Any, prompts: Sequence[Prompt], leaves: Any, count: int, cache: Path
) -> tuple[list[Sequence[Draft]], int]:
    from aurora.redteam.drafting.drafts import Draft
    from aurora.redteam.drafting.instructions import drafting
    from aurora.redteam.endpoint.request import Reply

    requests = [drafting(prompt, leaves[prompt.category], number) for prompt in prompts for number in range(count)]
    asked = ask_all(client, requests, cache, "drafts")
    offered = [
        Draft(one.text, client.endpoint.model, one.whole)
        if isinstance(one, Reply)
        else Draft("", client.endpoint.model)
        for one in asked.answers
    ]
    return [offered[start : start + count] for start in range(0, len(offered), count)], asked.kept


def _of_checkpoint(path: Path, prompts: Sequence[Prompt]) -> Iterator[Sequence[Draft]]:
    from aurora.api.checkpoints import load_checkpoint
    from aurora.evaluation.drafts import whole_sentences
    from aurora.evaluation.refusals import answer_items
    from aurora.redteam.drafting.drafts import Draft
    from aurora.redteam.drafting.instructions import MOST_TOKENS
    from aurora.redteam.judge import Judge
    from aurora.redteam.prompts import Item

    model = load_checkpoint(path)
    room = min(MOST_TOKENS, model.positions // 2)
    items = [
        Item(one.id, one.policy, one.category, one.language, one.kind, one.template, one.prompt, "") for one in prompts
    ]
    for answer in answer_items(model.network, model.text, items, room, Judge()):
        ended = len(model.text.encode(answer.answer)) < room
        text = answer.answer.strip() if ended else whole_sentences(answer.answer)
        yield [Draft(text, path.name)]


def _apart(output: Path, prompts: Path) -> Path:
    if output.exists() and prompts.exists() and output.samefile(prompts):
        raise UserError(f"{prompts} would be written over: give another file with --output.")
    return output


def _keep(output: Path, cache: Path) -> None:
    """`UserError` before anything is paid for where a file stands that did not come of answers kept in `cache`."""
    if output.exists() and output.stat().st_size and not cache.exists():
        raise UserError(f"{output} is there already: move it away, or give another name.")


def _cache(cache: Path | None, output: Path) -> Path:
    return cache or output.with_name(output.name + CACHE_ENDING)


def _refuse_nothing(count: int, left_out: Counter[str], what: str) -> None:
    if not count:
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in left_out.most_common(MOST_LEFT))
        raise UserError(f"None of the {what} can be used ({reasons or 'there were none'}): ask another model.")
