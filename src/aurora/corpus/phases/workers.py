"""Running the tasks of a plan: in this process, in processes of this machine, or on a Ray cluster.

One decision: an engine only decides where a task runs. Daft sends tasks to processes of one machine or of a cluster
with the same three lines; what a task writes depends on the task alone, so the engine changes no byte.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from aurora.errors import AuroraError, UserError
from aurora.recipe.corpus import CorpusExecution

Task = dict[str, Any]
Tick = Callable[[int], object]
# Bytes of input from which starting processes pays: each imports Daft and compiles or loads kernels for seconds, and
# curation runs at megabytes a second.
WORTHWHILE = 4_000_000
# Daft reports usage to its makers and draws its own progress bar unless told not to.
_QUIET = {"DO_NOT_TRACK": "1", "DAFT_ANALYTICS_ENABLED": "0", "SCARF_NO_ANALYTICS": "1", "DAFT_PROGRESS_BAR": "0"}


def carry_out(
    tasks: Sequence[Task],
    size: int | None,
    execution: CorpusExecution,
    run: Callable[[Task, Tick], dict[str, Any]],
    tick: Tick,
) -> Iterator[dict[str, Any]]:
    """The results of `run(task, tick)`, as they arrive. `run` is a module's function, so that other processes find it.

    Tasks that read fewer than `WORTHWHILE` bytes (`size`, None if unknown) run in this process. `tick` is called with
    bytes as this process works, and with the `bytes` of each result of another process. An error of a task is raised
    here, a `UserError` as such.
    """
    workers = min(execution.workers or os.cpu_count() or 1, len(tasks))
    small = size is not None and size < WORTHWHILE
    if not tasks or (execution.runner == "local" and (workers <= 1 or small)):
        for task in tasks:
            yield run(task, tick)
        return
    for result in _daft(tasks, execution, run, workers):
        tick(result.get("bytes", 0))
        yield result


def _daft(
    tasks: Sequence[Task],
    execution: CorpusExecution,
    run: Callable[[Task, Tick], dict[str, Any]],
    workers: int,
) -> Iterator[dict[str, Any]]:
    daft = _runner(execution.runner, execution.address, workers)

    @daft.cls(max_concurrency=workers, use_process=True)
    class Worker:
        @daft.method(return_dtype=daft.DataType.string())  # type: ignore[untyped-decorator]
        def carry_out(self, task: str) -> str:
            return guarded(run, task)

    frame = daft.from_pydict({"task": [json.dumps(task) for task in tasks]})
    frame = frame.into_partitions(len(tasks)) if execution.runner == "ray" else frame.into_batches(1)
    missing = len(tasks)
    for batch in frame.select(Worker().carry_out(frame["task"]).alias("result")).to_arrow_iter():
        for result in batch["result"].to_pylist():
            missing -= 1
            answer = json.loads(result)
            if "error" in answer:
                raise (UserError if answer["user"] else AuroraError)(answer["error"])
            yield answer["result"]
    if missing:  # Daft answers Ctrl-C itself, and then ends as if there were no more
        raise KeyboardInterrupt


def guarded(run: Callable[[Task, Tick], dict[str, Any]], task: str) -> str:
    """Run a task given as JSON; its result or error as JSON, since not every exception can be pickled."""
    try:
        return json.dumps({"result": run(json.loads(task), lambda size: None)})
    except AuroraError as error:
        return json.dumps({"error": str(error), "user": isinstance(error, UserError)})
    except Exception as error:
        message = f"A worker failed on {task}: {type(error).__name__}: {error}"
        return json.dumps({"error": message, "user": False})


@cache
def _runner(runner: str, address: str | None, workers: int) -> Any:
    """Daft with the runner that the recipe names; a process keeps the first runner it was given."""
    os.environ.update(_QUIET)
    import daft
    from daft.exceptions import DaftCoreException

    try:
        if runner == "ray":
            _join_ray(address, workers)
            daft.set_runner_ray()
        else:
            daft.set_runner_native()
    except DaftCoreException as error:
        raise UserError(
            f"corpus.execution.runner: this process already uses another runner of Daft; start {runner} in a new one."
        ) from error
    return daft


def _join_ray(address: str | None, workers: int) -> None:
    """Join the cluster at `address`, or start Ray on this machine if there is none."""
    try:
        import ray
    except ModuleNotFoundError as error:
        raise UserError("corpus.execution.runner: Ray is not installed: run `pip install ray`.") from error
    if not ray.is_initialized():
        if address:
            ray.init(address=address, log_to_driver=False)
        else:
            ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)
