"""Programs to be written: HumanEval, HumanEvalPack, MBPP and MultiPL-E.

One decision: a prompt is what the paper's harness for code shows a base model, letter for letter, and tests stand
behind the completion as they are published.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from aurora.evaluation.tasks.flat import Row
from aurora.evaluation.tasks.hub.rows import each, kept

_FUNCTION = ("prompt", "test", "canonical_solution", "entry_point")


def humaneval(rows: Iterable[Row]) -> Any:
    """HumanEval."""
    return each("program", "code:python", rows, lambda row: {"id": row["task_id"], **kept(row, *_FUNCTION)})


def _pack(language: str) -> Callable[[Iterable[Row]], Any]:
    def made(row: Row) -> Row:
        function = kept(row, *_FUNCTION, "buggy_solution")
        return {"id": row["task_id"], **function, "orig": json.dumps({"test_setup": row.get("test_setup")})}

    return lambda rows: each("program", f"code:{language}", rows, made)


humanevalpack_python, humanevalpack_js, humanevalpack_java = _pack("python"), _pack("js"), _pack("java")
humanevalpack_cpp, humanevalpack_go, humanevalpack_rust = _pack("cpp"), _pack("go"), _pack("rust")


def mbpp(rows: Iterable[Row]) -> Any:
    """MBPP: what a function does and one of its tests, in a comment behind which the function is to be written."""

    def made(row: Row) -> Row:
        tests = [test.replace("\r\n", "\n") for test in row["test_list"]]
        return {
            "id": row["task_id"],
            "prompt": f'"""\n{row["text"]}\n{tests[0]}\n"""\n',
            "test": "\n".join([row.get("test_setup_code") or "", *tests]).lstrip("\n"),
            "canonical_solution": row["code"].replace("\r\n", "\n"),
        }

    return each("program", "code:python", rows, made)


def _multiple(language: str) -> Callable[[Iterable[Row]], Any]:
    def made(row: Row) -> Row:
        return {"id": row["name"], "prompt": row["prompt"], "test": row["tests"]}

    return lambda rows: each("program", f"code:{language}", rows, made)


# MultiPL-E; it publishes no solutions.
multiple_cpp, multiple_go, multiple_java = _multiple("cpp"), _multiple("go"), _multiple("java")
multiple_js, multiple_perl, multiple_php = _multiple("js"), _multiple("perl"), _multiple("php")
multiple_ruby, multiple_rust, multiple_ts = _multiple("ruby"), _multiple("rust"), _multiple("ts")
