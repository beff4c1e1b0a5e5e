"""Files of results: ours, and the items of lm-eval and olmo-eval, read into one form and written in any of them.

One decision: of others' files only what they say of items is read (a score each), so intervals and verdicts are always
computed here, from the items.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from aurora.errors import AuroraError, UserError
from aurora.evaluation.comparing.results import SCHEMA, form_estimate
from aurora.files import atomic_file, keep_from_overwriting, open_regular, read_regular, write_json
from aurora.run.folder import RunFolder

Row = dict[str, Any]
AS_GIVEN = "as-given"  # the form of others' files, which name none
# samples_TASK_2026-11-30T12-00-00.jsonl of lm-eval, task-003-TASK-predictions.jsonl of OLMES and olmo-eval
_LM_EVAL = re.compile(r"samples_(?P<task>.+?)(_\d{4}-\d\d-\d\dT.*)?\.jsonl")
_OLMO_EVAL = re.compile(r"(task-\d+-)?(?P<task>.+?)([-_]predictions)?\.jsonl")
# How the files begin that are written here; nobody else names the cluster of an item at this place.
_TEXT = rb'"(?:[^"\\]|\\.)*"'
_OURS = re.compile(
    rb'\{\s*"schema": "aurora results '
    rb'|\{"doc_id": 0, ("doc": \{"id": ' + _TEXT + rb'\}|"native_id": ' + _TEXT + rb'), "cluster": '
)
LARGEST = 2_000_000_000  # bytes of a file of results: some 30 tasks with 10,000 items in six wordings
LONGEST_LINE = 100_000_000  # bytes
_UNSAID = {"language": "", "kind": "", "chance": None, "shots": 0, "shots_wanted": 0}
# The figures that score an item, the first that it has.
SCORES = (
    "acc_bytes",
    "acc_norm",
    "acc",
    "acc_per_char",
    "acc_raw",
    "exact_match",
    "pass@1",
    "pass_at_1",
    "f1",
    "accuracy",
)


def read_any(path: Path) -> dict[str, Any]:
    """A file of results of `aurora evaluate`, or items of lm-eval or olmo-eval: a file, or a folder of them."""
    if RunFolder(path).recipe.is_file():
        raise UserError(f"{path} is a run: `aurora evaluate RUN... --output DIR` writes what can be compared.")
    if path.is_dir():
        files = sorted(path.rglob("*.jsonl"))
        if not files:
            raise UserError(f"{path} holds no .jsonl with scores of items: name a file of results.")
        return _results(file for file in files if "requests" not in file.name and "recorded" not in file.name)
    if path.suffix == ".jsonl":
        return _results([path])
    try:
        found = json.loads(read_regular(path, LARGEST, UserError))
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist: check the path.") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not valid JSON ({error}): name a file of results.") from error
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise UserError(
            f"{path} holds no scores of items: give a file of aurora evaluate --output, samples_*.jsonl of lm-eval "
            "(--log_samples) or *-predictions.jsonl of olmo-eval."
        )
    return found


def keep(path: Path) -> None:
    """`UserError` where writing `path` would lose a file that is none of our results."""
    keep_from_overwriting(path, lambda beginning: _OURS.match(beginning) is not None)


def written(folder: Path, name: str, form: str, asked: Iterable[tuple[str, str]]) -> list[Path]:
    """The files of results called `name` in a form, which are of (task, wording) pairs in order."""
    if form == "aurora":
        return [folder / f"{name}.json"]
    called = lm_eval_name if form == "lm-eval" else olmo_eval_name
    return [folder / name / called(place, *one) for place, one in enumerate(asked)]


def lm_eval_name(_: int, task: str, wording: str) -> str:
    """The name of lm-eval's file of a task."""
    return f"samples_{task}.{wording}.jsonl"


def olmo_eval_name(place: int, task: str, wording: str) -> str:
    """The name of olmo-eval's file of the task that was asked in this place."""
    return f"task-{place:03}-{task}.{wording}-predictions.jsonl"


def write_own(results: Mapping[str, Any], path: Path) -> None:
    """The results as one file that stands alone."""
    keep(path)
    write_json(path, results)


def write_lm_eval(results: Mapping[str, Any], folder: Path) -> None:
    """The items as lm-eval's `--log_samples` writes them: `samples_TASK.WORDING.jsonl`."""
    for place, (name, wording, measure, items) in enumerate(_each(results)):
        rows: list[Row] = []
        for number, item in enumerate(items):
            answer = item.get("answer", item.get("log_likelihoods"))
            rows.append(
                {
                    "doc_id": number,
                    "doc": {"id": item["id"]},
                    "cluster": item["cluster"],
                    "target": item.get("target"),
                    "resps": [answer],
                    "filtered_resps": [answer],
                    "filter": "none",
                    "metrics": sorted(item["metrics"]),
                    "doc_hash": hashlib.sha256(item["id"].encode()).hexdigest(),
                    "prompt_hash": item["prompt"],
                    "target_hash": hashlib.sha256(json.dumps(item.get("target")).encode()).hexdigest(),
                    **item["metrics"],
                    measure: item["score"],
                }
            )
        _write(folder / lm_eval_name(place, name, wording), rows)


def write_olmo_eval(results: Mapping[str, Any], folder: Path) -> None:
    """The items as predictions of olmo-eval (`instance_metrics`) and of OLMES before it (`metrics`):
    `task-000-TASK.WORDING-predictions.jsonl`."""
    for place, (name, wording, measure, items) in enumerate(_each(results)):
        rows = [
            {
                "doc_id": number,
                "native_id": item["id"],
                "cluster": item["cluster"],
                "metrics": (figures := {**item["metrics"], measure: item["score"]}),
                "instance_metrics": {name: {name: figure} for name, figure in figures.items()},
                "model_output": [{"continuation": item["answer"]}] if "answer" in item else [
                    {"sum_logits": value} for value in item.get("log_likelihoods", [])
                ],
                "label": item.get("target"),
            }
            for number, item in enumerate(items)
        ]  # fmt: skip
        _write(folder / olmo_eval_name(place, name, wording), rows)


def _each(results: Mapping[str, Any]) -> Iterable[tuple[str, str, str, list[Row]]]:
    for name, task in results["tasks"].items():
        for form in task["forms"].values():
            for wording, found in form["wordings"].items():
                # Their files have no way to say that an item was not run.
                yield name, wording, form["measure"], [item for item in found["items"] if "score" in item]


def _write(path: Path, rows: Sequence[Row]) -> None:
    keep(path)
    if not rows:  # a file without items says nothing, and could not be told from anybody's
        return
    with atomic_file(path, "w") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def _results(paths: Iterable[Path]) -> dict[str, Any]:
    tasks: dict[str, Any] = {}
    for path in paths:
        match = _LM_EVAL.fullmatch(path.name) or _OLMO_EVAL.fullmatch(path.name)
        name = match["task"] if match else path.stem
        # Our own names hold the wording behind the last point.
        task, _, wording = name.rpartition(".") if re.fullmatch(r".+\.[a-z]+-[a-z0-9]+", name) else (name, "", "")
        form = wording.partition("-")[0] or AS_GIVEN
        entry = tasks.setdefault(task, {**_UNSAID, "forms": {}})
        kept = entry["forms"].setdefault(form, {"measure": "", "wordings": {}})
        items = [_item(row, number, path) for number, row in enumerate(_rows(path), 1)]
        kept["measure"] = items[0]["measure"]
        kept["wordings"][wording or AS_GIVEN] = {"items": items, "not_scored": 0, "metrics": {}}
        kept["estimate"] = form_estimate(kept["wordings"])
    return {"schema": SCHEMA, "tasks": tasks}


def _rows(path: Path) -> list[Row]:
    rows, number = [], 0
    try:
        with open_regular(path) as stream:
            while line := stream.readline(LONGEST_LINE):  # not splitlines(), which also cuts at U+2028 inside answers
                number += 1
                if not line.strip():
                    continue
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise UserError(f"{path}, line {number}: this is no object with the score of an item: remove it.")
                rows.append(row)
    except UserError:
        raise
    except (AuroraError, OSError) as error:
        raise UserError(f"{path} cannot be read ({error}): name a file of results.") from error
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{path}, line {number}: this cannot be read as lines of JSON ({error}): name a file of results."
        ) from error
    if not rows:
        raise UserError(f"{path} holds no items: name a file of results.")
    return rows


def _item(row: Row, number: int, path: Path) -> Row:
    """An item of lm-eval (figures beside it, named by `metrics`) or of olmo-eval (`metrics` or `instance_metrics`)."""
    given = row.get("instance_metrics") or row.get("metrics")
    figures = {}
    if isinstance(given, dict):
        for name, value in given.items():  # olmo-eval: {metric: {scorer: value}}
            figures[name] = next(iter(value.values()), None) if isinstance(value, dict) else value
    elif isinstance(given, list):
        figures = {name: row.get(name) for name in given if isinstance(name, str)}
    known = {name: float(value) for name, value in figures.items() if _is_figure(value)}
    measure = next((name for name in SCORES if name in known), next(iter(known), None))
    if measure is None:
        raise UserError(f"{path}, line {number}: this item has no score: give a file that lists `metrics` of items.")
    doc = row.get("doc")
    named = (row.get("native_id"), doc.get("id") if isinstance(doc, dict) else None, row.get("doc_hash"))
    name = next((one for one in named if one), row.get("doc_id", number))
    return {
        "id": str(name),
        "cluster": str(row.get("cluster") or name),
        "prompt": str(row.get("prompt_hash", "")),
        "score": known[measure],
        "metrics": known,
        "measure": measure,
    }


def _is_figure(value: object) -> TypeGuard[float]:
    """Whether a value is a finite number: `NaN` scores nothing."""
    return isinstance(value, (int, float)) and abs(value) < 1e300 and math.isfinite(value)
