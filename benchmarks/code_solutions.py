"""Benchmarks of code against their own solutions: what the sandbox and its programs get right, and how fast.

    python benchmarks/code_solutions.py --data DIR [--only NAME ...]

DIR/benchmarks/NAME.jsonl.gz are HumanEval, HumanEvalPack and translations of HumanEval. Every solution must pass and
every buggy one fail. The translations have no solutions: in their place stand functions that return, call by call, what
the test of the item expects, which passes where the test runs and compares, and functions that return nothing, which
must fail. Prints a line a set: how many passed, failed and were not run, with the reasons, and the seconds; at the end
all of it as JSON.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aurora.errors import UserError
from aurora.evaluation.code import judge, problem_of
from inputs import add_data, data_of

# Where a translation's test says what it expects, and a body that returns it, call by call.
EXPECTED = {
    "javascript": (r"^var v\d+ = (.*?);$", "globalThis.n = (globalThis.n ?? -1) + 1; return [%s][globalThis.n]; }\n"),
    "typescript": (
        r"^let expected_\d+ = (.*?);$",
        "const g = globalThis as any; g.n = (g.n ?? -1) + 1; return ([%s] as any)[g.n]; }\n",
    ),
    "perl": (r"^my \$v\d+ = (.*?);$", "our $n //= 0; return (%s)[$n++]; }\n"),
    "php": (r"^\$v\d+ = (.*?);$", "static $n = 0; return [%s][$n++]; }\n"),
    "ruby": (r"^v\d+ = (.*?)$", "\n$n = ($n || -1) + 1\n[%s][$n]\nend\n"),
}
NOTHING = {"ruby": "\nnil\nend\n", "perl": "return undef; }\n"}


def completions(rows: list[dict[str, Any]]) -> Iterator[tuple[str, bool, list[tuple[Any, str]]]]:
    """What is judged of a set: its name, whether all must pass, and problems with completions."""
    problems = [problem_of(row) for row in rows]
    if rows[0].get("canonical_solution"):
        yield "solutions", True, [(one, row["canonical_solution"]) for one, row in zip(problems, rows, strict=True)]
        if rows[0].get("buggy_solution"):
            buggy = [row["buggy_solution"] for row in rows]
            yield "buggy solutions", False, list(zip(problems, buggy, strict=True))
        return
    language = problems[0].language
    pattern, body = EXPECTED[language]
    told = []
    for one in problems:
        expected = re.findall(pattern, one.test, re.MULTILINE | re.DOTALL)
        told.append((one, body % ", ".join(expected)))
    yield "expected answers", True, told
    yield "no answers", False, [(one, NOTHING.get(language, "return null; }\n")) for one in problems]


def measure(path: Path) -> dict[str, Any]:
    """For each kind of completion of a set: passed, failed, not_run, of, seconds, odd {problem: why}."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    found = {}
    for what, right, pairs in completions(rows):
        began = time.perf_counter()
        judged = judge(pairs)
        seconds = time.perf_counter() - began
        passed = [one.passed for one in judged]
        odd = {one.name: told.why for (one, _), told in zip(pairs, judged, strict=True) if told.passed is not right}
        counts = {"passed": passed.count(True), "failed": passed.count(False), "not_run": passed.count(None)}
        found[what] = {**counts, "of": len(judged), "seconds": round(seconds, 1), "odd": odd}
    return found


def main() -> None:
    """Every set, or those that were named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    parser.add_argument("--only", nargs="*", default=[], help="names of sets")
    arguments = parser.parse_args()
    results: dict[str, Any] = {}
    with data_of(arguments) as data:
        if arguments.small:
            write_made(data / "benchmarks" / "humaneval_made.jsonl.gz")
        for path in sorted([*data.glob("benchmarks/humaneval*.jsonl.gz"), *data.glob("benchmarks/mxeval*.jsonl.gz")]):
            name = path.name.partition(".")[0]
            if arguments.only and name not in arguments.only:
                continue
            try:
                results[name] = measure(path)
            except UserError as error:  # a language whose tools are missing, or no jail
                results[name] = str(error)
                print(f"{name}: {error}", flush=True)
                continue
            for what, one in results[name].items():
                told = "{passed} passed, {failed} failed, {not_run} not run of {of}, {seconds} s".format(**one)
                print(f"{name}, {what}: {told}", flush=True)
                for problem, why in one["odd"].items():
                    print(f"    {problem}: {why[:200]}", flush=True)
    print(json.dumps(results))


def write_made(path: Path) -> None:
    """A set of one problem, to see that the script runs."""
    row = {"id": "made/0", "lang": "code:python", "prompt": "def up(x):\n", "entry_point": "up", "orig": "{}"}
    row |= {"canonical_solution": "    return x + 1\n", "buggy_solution": "    return x\n"}
    row |= {"test": "def check(up):\n    assert up(1) == 2\n"}
    path.write_bytes(gzip.compress(json.dumps(row).encode()))


if __name__ == "__main__":
    main()
