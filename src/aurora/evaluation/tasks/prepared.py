"""A task in one wording, ready to be asked: its items, and the requests that lm-eval's own code makes of them.

One decision: prompts are built by lm-eval from the task's configuration, so they are what lm-eval asks; only where the
items come from, and how many examples fit the model, is decided here. All wordings of a task show the same examples.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from aurora.errors import AuroraError, UserError
from aurora.evaluation.tasks.examples import Pools
from aurora.evaluation.tasks.files import Task
from aurora.evaluation.tasks.flat import Items, Row, as_dataset, completed
from aurora.evaluation.tasks.plain import PlainTask, is_plain

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance
    from lm_eval.api.model import LM

# How programs are drawn where several are: as Chen and others (arXiv 2107.03374) do for many tries.
DRAWN = {"do_sample": True, "temperature": 0.8, "top_p": 0.95}
# What lm-eval's settings for data are replaced by: the items are at hand.
_OF_DATA = (
    "dataset_path", "dataset_name", "dataset_kwargs", "process_docs", "training_split", "validation_split",
    "fewshot_split", "test_split", "fewshot_config", "custom_dataset",
)  # fmt: skip


@dataclass
class Asked:
    """A task in one wording: an item's requests stand at its place in `requests`."""

    task: Task
    wording: str
    made: Any  # lm-eval's own task
    rows: list[Row]
    requests: list[list[Instance]]
    prompts: list[str]  # what each item asks, before a model's chat template is put around it
    shots: int


def hub_items(task: Task) -> Items:
    """The items of a task from the dataset that it names on the hub; `UserError` where that cannot be had."""
    config = task.config(next(iter(task.metadata.wordings)))
    from datasets import load_dataset

    own = config.get("custom_dataset")  # a function that fetches them
    place = (task.name, None) if own else (config["dataset_path"], config.get("dataset_name"))
    where = "its publisher" if own else "the hub"
    try:
        found = own() if own else load_dataset(*place, **(config.get("dataset_kwargs") or {}))
    except Exception as error:  # whatever the hub's library raises without a network, a login or the dataset
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"The data of the task {task.name} ({place[0]}) cannot be had from {where} ({said}): "
            "give a folder that has it with --data DIR."
        ) from error
    kind, named = task.metadata.kind, {"lang": task.metadata.language}
    process = config.get("process_docs") or (
        lambda rows: as_dataset(completed({"id": number, **named, **row}, kind) for number, row in enumerate(rows))
    )
    origin = "/".join(filter(None, place))
    with as_the_task_says(task, f"the data of {origin}"):
        rows = [{**row, **named} for row in process(found[config["test_split"]])]
        if config.get("fewshot_split"):
            return Items(rows, list(process(found[config["fewshot_split"]])), origin)
    from aurora.evaluation.tasks.flat import set_apart

    scored, examples = set_apart(rows, kind, task.metadata.examples_by)
    return Items(scored, examples, origin)


@contextmanager
def as_the_task_says(task: Task, what: str) -> Iterator[None]:
    """Name the task's file where what it says (a template, a function, a field) does not fit `what`.

    Whatever its templates and functions raise is the file's fault.
    """
    try:
        yield
    except (AuroraError, MemoryError):
        raise
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise UserError(
            f"{task.path} does not fit {what} ({said}): correct the file of the task, or its data."
        ) from error


def prepare(
    task: Task,
    items: Items,
    wordings: Sequence[str],
    lm: LM,
    *,
    limit: int | None,
    shots: int | None,
    chat: bool,
    samples: int = 1,
) -> list[Asked]:
    """A task in some wordings; with fewer examples than wanted where no more fit the model's window.

    Of programs so many `samples` are drawn, where that is more than the one that is the likeliest.
    """
    logging.getLogger("lm_eval").setLevel(logging.ERROR)  # it warns of what is meant here
    wanted = task.shots if shots is None else shots
    if wanted > len(items.examples):
        most = f"{len(items.examples)} or less" if items.examples else "0"
        raise UserError(
            f"The task {task.name} has {len(items.examples)} examples, and {wanted} are to be shown: give --shots "
            f"{most}."
        )
    rows = items.scored[:limit]
    chat = chat or task.metadata.kind == "safety"
    samples = samples if task.metadata.kind == "program" else 1
    make = _maker(task, rows, items, samples, chat)
    made, fitting = [], wanted
    for wording in wordings:
        with _told(task, wording):
            made.append(make(wording))
            if task.metadata.examples_by:
                made[-1].pools = Pools(items.examples, task.metadata.examples_by)
            fitting = min(fitting, _fitting(made[-1], rows, wanted, lm, chat))
    found = []
    for wording, one in zip(wordings, made, strict=True):
        with _told(task, wording):
            requests = [
                [request for _ in range(samples) for request in _requests(one, row, number, fitting, lm, chat)]
                for number, row in enumerate(rows)
            ]
            plain = [_requests(one, row, 0, fitting, lm, False) for row in rows] if chat else requests
        found.append(Asked(task, wording, one, rows, requests, [prompt_hash(of_item) for of_item in plain], fitting))
    return found


@contextmanager
def _told(task: Task, wording: str) -> Iterator[None]:
    """`UserError` with the file of a task whose prompt cannot be made: whatever lm-eval raises follows from it."""
    try:
        yield
    except AuroraError:
        raise
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"{task.path}: the wording {wording} cannot be made into a prompt ({said.rstrip('.')}): correct its "
            "templates."
        ) from error


def prompt_hash(requests: Sequence[Instance]) -> str:
    """SHA-256 of the arguments of an item's requests."""
    text = json.dumps([list(request.args) for request in requests], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _maker(task: Task, rows: list[Row], items: Items, samples: int, chat: bool) -> Callable[[str], Any]:
    """What makes lm-eval's own task of a wording, or without lm-eval what stands for it."""
    if find_spec("lm_eval") is None and is_plain(task) and not chat:
        return lambda wording: PlainTask(task.config(wording), rows)
    splits = {"test": as_dataset(rows), **({"examples": as_dataset(items.examples)} if items.examples else {})}
    return lambda wording: _made(task, wording, splits, samples)


def _made(task: Task, wording: str, splits: dict[str, Any], samples: int) -> Any:
    from lm_eval.api.task import ConfigurableTask

    _confine_templates()
    config = {key: value for key, value in task.config(wording).items() if key not in _OF_DATA}
    config |= {
        "custom_dataset": lambda **_: splits,
        "test_split": "test",
        "fewshot_split": "examples" if "examples" in splits else None,
        "fewshot_config": {"sampler": "first_n"},
        "metadata": {"version": task.metadata.version},
    }
    if samples > 1:
        config["generation_kwargs"] = {**config.get("generation_kwargs", {}), **DRAWN}
    return ConfigurableTask(config=config)


def _confine_templates() -> None:
    """Let the templates of tasks, which anybody may have written, reach nothing but the item that they are given."""
    from jinja2.sandbox import SandboxedEnvironment
    from lm_eval import utils

    if not isinstance(utils.env, SandboxedEnvironment):
        confined = SandboxedEnvironment(undefined=utils.env.undefined, keep_trailing_newline=True)
        confined.filters.update(utils.env.filters)
        # lm-eval compiles a template anew for every item.
        confined.from_string = cache(confined.from_string)  # type: ignore[method-assign, assignment]
        utils.env = confined


def _requests(made: Any, row: Row, number: int, shots: int, lm: LM, chat: bool) -> list[Instance]:
    context = _context(made, row, shots, lm, chat)
    template = lm.apply_chat_template if chat else None
    found = made.construct_requests(
        doc=row,
        ctx=context,
        metadata=(made.config.task, number, 1),
        apply_chat_template=chat,
        chat_template=template,
    )
    return found if isinstance(found, list) else [found]


def _context(made: Any, row: Row, shots: int, lm: LM, chat: bool) -> Any:
    if shots and (pools := getattr(made, "pools", None)):
        made.sampler.replace_df(pools.of(row))
    return made.fewshot_context(
        row,
        num_fewshot=shots,
        apply_chat_template=chat,
        chat_template=lm.apply_chat_template if chat else None,
        gen_prefix=made.doc_to_prefix(row),
    )


def _fitting(made: Any, rows: list[Row], wanted: int, lm: LM, chat: bool) -> int:
    """The most examples, up to `wanted`, with which the longest question still fits the model's window."""
    longest = getattr(lm, "max_length", None)
    if not wanted or longest is None:
        return wanted
    pools = getattr(made, "pools", None)
    asked: dict[str, tuple[int, Row]] = {}  # the longest question of those that show the same examples
    for row in rows:
        length, pool = len(str(_context(made, row, 0, lm, chat))), pools.name_of(row) if pools else ""
        if pool not in asked or length > asked[pool][0]:
            asked[pool] = (length, row)
    shots = wanted
    for _, row in asked.values():
        while shots and _tokens(made, row, shots, lm, chat) >= longest:
            shots -= 1
    return shots


def _tokens(made: Any, row: Row, shots: int, lm: LM, chat: bool) -> int:
    """How many tokens a question with its examples has, with room for its answer."""
    (*_, last) = _requests(made, row, 0, shots, lm, chat)
    answer = last.args[1]
    room = answer.get("max_gen_toks", 0) if isinstance(answer, dict) else len(lm.tok_encode(answer))
    return len(lm.tok_encode(last.args[0])) + room
