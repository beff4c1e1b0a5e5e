"""Choices without examples where lm-eval is not installed: the requests that it would make, and its scores of them.

One decision: these are the tasks that come with Aurora's own items, and nothing else. lm-eval is thirty packages, and a
set-up that has none of them can still say whether a model is above chance; a test holds both ways to the same requests
and scores.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any

from aurora.evaluation.tasks.files import Function, Task
from aurora.evaluation.tasks.flat import Row

METRICS = {"acc", "acc_bytes"}
FILTER = "none"  # as lm-eval calls the answers as they are
# What lm-eval knows besides: a task that says any of it is not plain.
_KNOWN = {
    "task", "output_type", "num_fewshot", "metric_list", "doc_to_text", "doc_to_choice", "doc_to_target",
    "target_delimiter", "test_split", "dataset_path", "dataset_name",
}  # fmt: skip


@dataclass
class Request:
    """A context and its continuation, as an instance of lm-eval holds them."""

    args: tuple[str, str]
    request_type: str = "loglikelihood"
    resps: list[Any] = field(default_factory=list)
    filtered_resps: dict[str, Any] = field(default_factory=dict)


def is_plain(task: Task) -> bool:
    """Whether this can ask a task."""
    keys = [task.keys, *task.metadata.wordings.values()]
    known = all(set(one) <= _KNOWN and not any(isinstance(value, Function) for value in one.values()) for one in keys)
    metrics = {row.get("metric") for row in task.keys.get("metric_list") or []}
    return known and task.keys.get("output_type") == "multiple_choice" and not task.shots and metrics <= METRICS


class PlainTask:
    """A task in one wording, in place of lm-eval's own, as far as that is used here."""

    def __init__(self, config: Mapping[str, Any], rows: Sequence[Row]) -> None:
        self.config = SimpleNamespace(**{"target_delimiter": " ", **config})
        self._instances: list[Request] = []
        self._filters = [SimpleNamespace(name=FILTER)]
        self._render = _renderer()
        self._fields = set(rows[0]) if rows else set()

    def doc_to_prefix(self, row: Row) -> None:
        """No answer is begun."""

    def fewshot_context(self, row: Row, **ignored: Any) -> str | list[str]:
        """What stands before each choice; where the choices stand there themselves, one context for each."""
        said = self._value(self.config.doc_to_text, row)
        return self._choices(row) if isinstance(said, int) else str(said)

    def construct_requests(self, doc: Row, ctx: str | list[str], **ignored: Any) -> list[Request]:
        """A request for each choice."""
        delimiter = self.config.target_delimiter
        if isinstance(ctx, list):
            behind = f"{delimiter}{self._value(self.config.doc_to_target, doc)}"
            return [Request((context, behind)) for context in ctx]
        return [Request((ctx, f"{delimiter}{choice}")) for choice in self._choices(doc)]

    def apply_filters(self) -> None:
        """The answers as they are."""
        for request in self._instances:
            request.filtered_resps[FILTER] = request.resps[0]

    def process_results(self, doc: Row, results: Sequence[tuple[float, bool]]) -> dict[str, float]:
        """Whether the likeliest choice is the right one: by the sum of log-probabilities, and by the byte."""
        choices, sums = self._choices(doc), [total for total, _ in results]
        right = self._value(self.config.doc_to_text, doc)
        if not isinstance(right, int):
            right = self._value(self.config.doc_to_target, doc)
        right = right if isinstance(right, int) else choices.index(right)
        by_byte = [total / len(choice.encode()) for total, choice in zip(sums, choices, strict=True)]
        found = {"acc": sums, "acc_bytes": by_byte}
        wanted = {row["metric"] for row in self.config.metric_list}
        return {name: float(_likeliest(of) == right) for name, of in found.items() if name in wanted}

    def _choices(self, row: Row) -> list[str]:
        stated = self.config.doc_to_choice
        if isinstance(stated, list):
            return stated
        found: list[str] = row[stated] if stated in self._fields else ast.literal_eval(self._render(stated, row))
        return found

    def _value(self, stated: Any, row: Row) -> Any:
        """A field of the item, or a template with it; a number that a template writes is one."""
        if not isinstance(stated, str):
            return stated
        if stated in self._fields:
            return row[stated]
        written = self._render(stated, row)
        return int(written) if written.isdigit() else written


def _likeliest(scores: Sequence[float]) -> int:
    return max(range(len(scores)), key=lambda number: scores[number])


def _renderer() -> Callable[[str, Row], str]:
    """Templates see the item and nothing else, whoever wrote them."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
    environment.filters["regex_replace"] = lambda text, pattern, other: re.sub(pattern, other, text)
    compiled = cache(environment.from_string)  # of a task that is asked thousands of times
    return lambda template, row: compiled(template).render(**row)
