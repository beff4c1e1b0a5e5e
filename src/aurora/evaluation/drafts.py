"""Answers to harmless prompts that a model drafts itself, to be trained on beside refusals.

One decision: what a model says of harmless things is to stay as it is, and its own greedy answers say what that is; so
tuning on them moves only what it refuses. An answer that the judge finds to be a refusal, unreadable or in another
language, or that breaks off in its first sentence, is left out with its reason.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import regex

from aurora.console.progress import say
from aurora.errors import UserError
from aurora.evaluation.refusals import answer_items
from aurora.files import atomic_file, write_json
from aurora.recipe.safety import Drafts
from aurora.redteam.dataset import HARMLESS, SUMMARY, read_items
from aurora.redteam.judging.named import worth_of
from aurora.tokens.build import PAIRS_FILE

if TYPE_CHECKING:
    from aurora.model.network import Network
    from aurora.redteam.judge import AnyJudge
    from aurora.tokens.text.text_facts import TextFacts

DROPPED = "dropped.jsonl"
UNFINISHED = "unfinished"
_SENTENCE_END = regex.compile(r"[.!?。।][\"'”’)]*(?=\s|$)")


def draft_answers(
    model: Network, text: TextFacts, redteam: Path, settings: Drafts, judge: AnyJudge, folder: Path
) -> dict[str, Any]:
    """Answer the harmless prompts of the red-team set `redteam`; `train.jsonl`, `dropped.jsonl` and `summary.json`."""
    items = read_items(redteam / HARMLESS)
    kept: list[dict[str, Any]] = []
    dropped: list[dict[str, Any]] = []
    for answer in answer_items(model, text, items, settings.answer_tokens, judge):
        ended = len(text.encode(answer.answer)) < settings.answer_tokens
        response = answer.answer.strip() if ended else whole_sentences(answer.answer)
        row = asdict(replace(answer.item, response=response))
        if answer.outcome == "answer" and response:
            kept.append(row)
        else:
            reason = UNFINISHED if answer.outcome == "answer" else answer.outcome
            dropped.append({**row, "response": answer.answer, "outcome": reason})
    if not kept:
        raise UserError(
            f"None of the {len(items)} answers that the model drafted can be trained on (they are refusals, unreadable "
            "or cut in their first sentence): start from a model that answers, or leave out redteam.drafts."
        )
    _write(folder / PAIRS_FILE, kept)
    _write(folder / DROPPED, dropped)
    summary = {
        "prompts": len(items),
        "kept": len(kept),
        "dropped": dict(sorted(Counter(row["outcome"] for row in dropped).items())),
        "judge": worth_of(judge).table(),
    }
    write_json(folder / SUMMARY, summary)
    say(f"  {len(kept):,} answers drafted, {len(dropped):,} left out (judge: {worth_of(judge).words()})")
    return summary


def whole_sentences(text: str) -> str:
    """A text that breaks off, up to the end of its last whole sentence; nothing where it has none."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]].strip() if ends else ""


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with atomic_file(path, "w") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
