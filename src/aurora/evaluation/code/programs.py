"""The program that a problem and a completion make, in each language.

One decision: a program passes when it says so at its very end. Exit code 0 alone would let one pass that leaves before
its tests begin; what it must say follows from its own text, so that nobody knows it while writing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from aurora.evaluation.code.problems import IMPORTS, TUPLES, Problem
from aurora.evaluation.sandbox.toolchains.go import ASSERT, PACKAGES

_RUST_MAIN = re.compile(r"^fn main\(\)", re.MULTILINE)
_RUBY_CLASS = re.compile(r"<\s*Test::Unit::TestCase\b")
_RUN_TESTS = "Test::Unit::AutoRunner.need_auto_run = false\nabort 'false' unless Test::Unit::AutoRunner.run\n"
# MultiPL-E's class with the tests is called Problem.
_JAVA_MAIN = "class Main { public static void main(String[] told) throws Exception { Problem.main(told); } }\n"
_JAVA_NOTHING = "class Main { public static void main(String[] told) {} }\n"
# A false assertion of Node's console only prints, and the program goes on.
_ASSERTING = "console.assert = (holds, ...said) => { if (!holds) throw new Error('false: ' + said.join(' ')); };"


def program_of(problem: Problem, completion: str) -> tuple[str, str]:
    """The text of the program, and what it prints when all of its tests have passed."""
    code = problem.prompt + completion
    if problem.whole:
        given = {line.strip() for line in completion.splitlines()}
        code = "".join(line for line in problem.prompt.splitlines(True) if line.strip() not in given) + completion
    if problem.language == "rust":  # its test harness ends with this, and nothing else can come after
        # Without a test it would end so, too: tests that are a program (MultiPL-E's) are one test.
        return f"{code}\n{_RUST_MAIN.sub('#[test] fn all_of_them()', problem.test)}", "test result: ok."
    mark = "passed-" + hashlib.sha256(f"{code}\0{problem.test}".encode(errors="replace")).hexdigest()[:16]
    return _ASSEMBLED[problem.language](problem, code, mark), mark


def _python(problem: Problem, code: str, mark: str) -> str:
    call = f"check({problem.entry_point})"
    tests = problem.test if f"\n{call}" in problem.test or not problem.entry_point else f"{problem.test}\n{call}"
    seeded = "__import__('random').seed(0)"  # tests that draw numbers draw the same ones every time
    return f"{problem.setup}{code}\n\n{seeded}\n{tests}\n\n__import__('os').write(1, b'\\n{mark}\\n')\n"


def _javascript(problem: Problem, code: str, mark: str) -> str:
    return f"{problem.setup}{code}\n{_ASSERTING}\n{problem.test}\n;console.log('{mark}');\n"


def _typescript(problem: Problem, code: str, mark: str) -> str:
    return f"{problem.setup}{code}\n{problem.test}\n;console.log('{mark}');\n"


def _perl(problem: Problem, code: str, mark: str) -> str:
    return f"{problem.setup}{code}\n{problem.test}\nprint '{mark}';\n"


def _php(problem: Problem, code: str, mark: str) -> str:
    return f"{problem.setup}{code}\n{problem.test}\necho '{mark}';\n"


def _ruby(problem: Problem, code: str, mark: str) -> str:
    # MultiPL-E's tests are a class that would run when the program ends, behind everything else.
    run = _RUN_TESTS if _RUBY_CLASS.search(problem.test) else ""
    return f"{problem.setup}{code}\n{problem.test}\n{run}puts '{mark}'\n"


def _java(problem: Problem, code: str, mark: str) -> str:
    # The end of `main`, which is the last method of the last class.
    tests = re.sub(r"\}\s*\}\s*$", f'System.out.println("{mark}");\n}}\n}}\n', problem.test)
    if not TUPLES.search(code + tests):  # all of MultiPL-E's prompts import a library that few need
        code = code.replace("import org.javatuples.*;", "")
    main = "" if "class Main" in problem.test else _JAVA_MAIN
    return f"{problem.setup}{code}\n{tests}{main}"


def _cpp(problem: Problem, code: str, mark: str) -> str:
    tests = re.sub(r"\}\s*$", f'puts("{mark}");\n}}\n', problem.test)  # the end of `main`
    return f"#include <bits/stdc++.h>\n{problem.setup}{code}\n{tests}"


def _go(problem: Problem, code: str, mark: str) -> str:
    """Go refuses an import that is not used and one that is made twice, so what is used is imported once."""
    whole = f"{problem.setup}\n{code}\n{problem.test}"
    blocks = [one[0] for one in re.finditer(IMPORTS["go"], whole, re.MULTILINE)]
    body = re.sub(IMPORTS["go"], "", whole, flags=re.MULTILINE)
    body = re.sub(r"^\s*package\s+\w+\s*$", "", body, flags=re.MULTILINE)
    asked = dict.fromkeys(re.findall(r"\"([^\"]+)\"", "\n".join(blocks)))
    names: dict[str, str] = {}  # the first package of a name is meant: crypto/md5 was asked for, math/rand is usual
    for package in (*asked, "math/rand", *PACKAGES, ASSERT):
        name = package.rpartition("/")[2]
        if name not in names and re.search(rf"\b{re.escape(name)}\.[A-Z]", body):
            names[name] = package
    names["testing"] = "testing"
    imports = "\n".join(f'"{package}"' for package in names.values())
    tests = re.findall(r"^func (Test\w*)\(", problem.test, re.MULTILINE)
    calls = "\n".join(f"{test}(t)" for test in tests)
    return (
        f'package main\n\nimport (\n{imports}\naurora "os"\n)\n{body}\n'
        "func main() {\n"
        "testing.Main(func(_, _ string) (bool, error) { return true, nil }, []testing.InternalTest{\n"
        f'{{Name: "all", F: func(t *testing.T) {{\n{calls}\n'
        f'if !t.Failed() {{ aurora.Stdout.WriteString("{mark}\\n") }}\n}}}}}}, nil, nil)\n}}\n'
    )


_ASSEMBLED: dict[str, Callable[[Problem, str, str], str]] = {
    "cpp": _cpp,
    "go": _go,
    "java": _java,
    "javascript": _javascript,
    "perl": _perl,
    "php": _php,
    "python": _python,
    "ruby": _ruby,
    "typescript": _typescript,
}


def probe_of(language: str, imported: str) -> str:
    """A program that only imports something; empty for languages whose imports need no look."""
    if language == "java":
        return "" if imported.startswith(("java.", "javax.")) else f"import {imported};\n{_JAVA_NOTHING}"
    return {
        "cpp": f"#include <{imported}>\nint main() {{}}\n",
        "javascript": f"require('{imported}')",
        "perl": f"use {imported};\n",
        "python": f"import {imported}\n",
        "ruby": f"require '{imported}'\n",
        "typescript": f"require('{imported}')",
    }.get(language, "")
