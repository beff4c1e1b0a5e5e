"""Programs in every language: right ones pass, and neither wrong ones nor those that leave early do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aurora.evaluation.code.judging import judge
from aurora.evaluation.code.problems import Problem, imports_of
from aurora.evaluation.code.programs import probe_of, program_of
from aurora.evaluation.sandbox.toolchains.found import ToolMissing
from aurora.evaluation.sandbox.toolchains.known import LANGUAGES, toolchain
from evaluation.code.made import GO_SETUP, GO_TEST, MULTIPLE, PROBLEMS


def judged(language: str, problems: dict[str, tuple[Problem, tuple[str, str, str]]] = PROBLEMS) -> None:
    try:
        toolchain(language)
    except ToolMissing as missing:
        pytest.skip(str(missing))
    problem, completions = problems[language]
    right, wrong, early = judge([(problem, completion) for completion in completions])
    assert right.passed is True, right
    assert wrong.passed is False, wrong
    assert early.passed is False, early


@pytest.mark.parametrize("language", sorted(LANGUAGES.keys() - {"rust"}))
def test_right_and_wrong_completions(bubblewrap: None, language: str) -> None:
    judged(language)


@pytest.mark.slow
def test_right_and_wrong_completions_in_rust(bubblewrap: None) -> None:
    judged("rust")


@pytest.mark.slow
@pytest.mark.parametrize("language", sorted(MULTIPLE))
def test_right_and_wrong_completions_in_the_form_of_multiple(bubblewrap: None, language: str) -> None:
    judged(language, MULTIPLE)


def test_a_class_of_tests_is_run_before_a_ruby_program_says_that_they_passed() -> None:
    problem, (right, *_) = MULTIPLE["ruby"]
    program, mark = program_of(problem, right)
    assert program.endswith(f"abort 'false' unless Test::Unit::AutoRunner.run\nputs '{mark}'\n")


def test_tests_that_are_a_program_are_a_test_of_rust() -> None:
    program, _ = program_of(MULTIPLE["rust"][0], "    x + 1\n")
    assert "#[test] fn all_of_them() {" in program
    assert "fn main" not in program


def test_a_library_that_java_programs_import_and_do_not_use_is_not_imported() -> None:
    problem, (right, *_) = MULTIPLE["java"]
    assert "javatuples" not in program_of(problem, right)[0]
    assert imports_of(problem) == ["java.util.*"]
    used = replace(problem, prompt=problem.prompt.replace("long up", "Pair<Long, Long> up"))
    assert "import org.javatuples.*;" in program_of(used, right)[0]
    assert imports_of(used) == ["java.util.*", "org.javatuples.*"]
    assert probe_of("java", "org.javatuples.*").startswith("import org.javatuples.*;\nclass Main")


def test_what_says_that_tests_passed_is_known_to_nobody() -> None:
    problem, (right, wrong, _) = PROBLEMS["python"]
    program, mark = program_of(problem, right)
    assert mark in program
    assert (program, mark) == program_of(problem, right)
    assert mark != program_of(problem, wrong)[1]


def test_go_imports_what_is_used_once() -> None:
    problem = Problem("go", "go", 'import (\n    "math"\n    "crypto/md5"\n)\n\n', GO_TEST, "Up", GO_SETUP)
    body = 'import "fmt"\nfunc Up(x int) int { fmt.Println(md5.Sum(nil), sort.Ints); return rand.Intn(x) }\n'
    program, _ = program_of(problem, body)
    imports = program.partition("(\n")[2].partition(")\n")[0].split()
    standard = ['"crypto/md5"', '"fmt"', '"math/rand"', '"os"', '"sort"', '"testing"', "aurora"]
    assert sorted(imports) == sorted([*standard, '"github.com/stretchr/testify/assert"'])
    assert program.count("package main") == 1


def test_probes_only_import() -> None:
    assert probe_of("cpp", "boost/any.hpp") == "#include <boost/any.hpp>\nint main() {}\n"
    assert probe_of("rust", "rand") == ""
    assert probe_of("java", "java.util.*") == ""
