from __future__ import annotations

import json
from typing import Any
from unittest.mock import MagicMock

import pyarrow as pa
import pytest

from aurora.corpus.phases import workers
from aurora.corpus.phases.workers import WORTHWHILE, Task, Tick, carry_out, guarded
from aurora.errors import AuroraError, UserError
from aurora.recipe.corpus import CorpusExecution

TASKS: list[Task] = [{"shard": name} for name in "abc"]


def work(task: Task, tick: Tick) -> dict[str, Any]:
    tick(10)
    return {"shard": task["shard"], "bytes": 10}


def test_little_work_stays_in_this_process_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_daft", lambda *arguments: pytest.fail("processes were started"))
    ticks: list[int] = []
    few = carry_out(TASKS, WORTHWHILE - 1, CorpusExecution(workers=2), work, ticks.append)
    assert [result["shard"] for result in few] == ["a", "b", "c"]
    assert ticks == [10, 10, 10]
    assert len(list(carry_out(TASKS, None, CorpusExecution(workers=1), work, ticks.append))) == 3
    assert list(carry_out([], None, CorpusExecution(workers=2), work, ticks.append)) == []


@pytest.mark.parametrize("size", [WORTHWHILE, None])
def test_much_work_or_of_unknown_size_goes_to_processes(size: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_daft", lambda tasks, *arguments: iter([{"shard": "a", "bytes": 7}]))
    ticks: list[int] = []
    assert len(list(carry_out(TASKS, size, CorpusExecution(workers=2), work, ticks.append))) == 1
    assert ticks == [7]


def test_a_stream_that_ends_early_was_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Daft ends it at Ctrl-C: two of three results, and no word of the third."""
    results = [{"result": json.dumps({"result": work(task, lambda size: None)})} for task in TASKS[:2]]
    streamed = [pa.RecordBatch.from_pylist([row]) for row in results]
    frame = MagicMock()
    frame.into_batches.return_value.select.return_value.to_arrow_iter.return_value = streamed
    daft = MagicMock(from_pydict=lambda values: frame)
    daft.cls = lambda **options: lambda made: MagicMock()
    monkeypatch.setattr(workers, "_runner", lambda *arguments: daft)
    found: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        for result in carry_out(TASKS, None, CorpusExecution(workers=2), work, lambda size: None):
            found.append(result["shard"])
    assert found == ["a", "b"]


@pytest.mark.parametrize(("error", "user"), [(UserError("Mend it."), True), (AuroraError("It is broken."), False)])
def test_errors_pass_between_processes_with_their_sentence(error: AuroraError, user: bool) -> None:
    def fail(task: Task, tick: Tick) -> dict[str, Any]:
        raise error

    assert json.loads(guarded(fail, "{}")) == {"error": str(error), "user": user}


def test_a_bug_in_a_worker_names_its_task() -> None:
    answer = json.loads(guarded(lambda task, tick: {"value": task["missing"]}, '{"shard": "web"}'))
    assert answer == {"error": 'A worker failed on {"shard": "web"}: KeyError: \'missing\'', "user": False}
    assert json.loads(guarded(work, '{"shard": "web"}')) == {"result": {"shard": "web", "bytes": 10}}
