"""What an item asks, to be read by a person: its prompt without examples, and the texts that a model chooses from.

One decision: it is kept once an item, in the first wording, and not once a wording, since all of them ask the same; so
files of results stay small and a reader still sees what was asked.
"""

from __future__ import annotations

import os
from typing import Any

from aurora.evaluation.tasks.prepared import Asked


def texts_of(asked: Asked) -> dict[str, dict[str, Any]]:
    """By item its `prompt`, and its `choices` where a model chooses."""
    return {row["id"]: _text(asked.made, row) for row in asked.rows}


def _text(made: Any, row: dict[str, Any]) -> dict[str, Any]:
    context = made.fewshot_context(row, num_fewshot=0, gen_prefix=made.doc_to_prefix(row))
    requests = made.construct_requests(doc=row, ctx=context, metadata=(made.config.task, 0, 1))
    pairs = [request.args for request in (requests if isinstance(requests, list) else [requests])]
    if not isinstance(pairs[0][1], str):  # settings of an answer that is written
        return {"prompt": pairs[0][0]}
    # Of a gap the contexts differ, and the text behind them is the same.
    shared = os.path.commonprefix([context for context, _ in pairs])  # noqa: RUF071 (letters are meant)
    return {"prompt": shared, "choices": [(context + behind)[len(shared) :] for context, behind in pairs]}
