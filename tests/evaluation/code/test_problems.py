"""Rows of benchmarks as problems."""

from __future__ import annotations

import json

import pytest

from aurora.errors import UserError
from aurora.evaluation.code.problems import imports_of, problem_of
from aurora.evaluation.code.programs import program_of

ROW = {
    "id": "made/0",
    "lang": "code:python",
    "prompt": "from typing import List\nimport math\n\n\ndef up(x):\n",
    "test": "import random\n\ndef check(up):\n    assert up(1) == 2\n",
    "entry_point": "up",
    "canonical_solution": "    return x + 1\n",
    "orig": json.dumps({"test_setup": ""}),
}


def test_a_row_is_a_problem() -> None:
    problem = problem_of(ROW)
    assert (problem.name, problem.language, problem.entry_point) == ("made/0", "python", "up")
    assert problem.canonical == "    return x + 1\n"
    assert imports_of(problem) == ["typing", "math", "random"]
    assert problem_of(ROW | {"canonical_solution": None, "orig": None}).canonical is None
    assert problem_of(ROW | {"orig": {"test_setup": "X = 1\n"}}).setup == "X = 1\n"


def test_a_whole_function_stands_behind_the_imports_alone() -> None:
    problem = problem_of(ROW, whole=True)
    assert problem.prompt == "from typing import List\nimport math\n"
    assert problem.canonical == ROW["prompt"] + "    return x + 1\n"
    forgot, _ = program_of(problem, "def up(x):\n    return math.ceil(x) + 1\n")
    assert forgot.startswith("from typing import List\nimport math\ndef up(x):\n")
    repeated, _ = program_of(problem, problem.canonical)
    assert repeated.count("import math\n") == 1


@pytest.mark.parametrize(
    ("language", "text", "imports"),
    [
        ("cpp", '#include<map>\n# include "a/b.h"\n// include <no>', ["map", "a/b.h"]),
        ("javascript", "const _ = require(\"lodash\")\nlet x = require('a/b')", ["lodash", "a/b"]),
        ("typescript", "import * as m from 'mathjs'\nimport {x} from \"y\"", ["mathjs", "y"]),
        ("perl", "use Data::Compare;\nuse strict;\nmy $use = 1;", ["Data::Compare"]),
        ("ruby", "require 'set'\n# require nothing", ["set"]),
    ],
    ids=["cpp", "javascript", "typescript", "perl", "ruby"],
)
def test_what_a_problem_imports(language: str, text: str, imports: list[str]) -> None:
    assert imports_of(problem_of({"lang": f"code:{language}", "prompt": "", "test": text})) == imports


def test_what_a_row_lacks_is_named() -> None:
    with pytest.raises(UserError, match="made/0 has no text under test, lang"):
        problem_of({"id": "made/0", "prompt": ""})
    with pytest.raises(UserError, match="'cobol' cannot be run"):
        problem_of(ROW | {"lang": "code:cobol"})
