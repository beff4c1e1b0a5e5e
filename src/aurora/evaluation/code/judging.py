"""Whether completions of problems are right.

One decision: a completion is wrong only where a right one passes. What fails is tried again with the benchmark's own
solution; where that fails too, the machine or the benchmark is at fault, and the completion counts as *not run*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aurora.evaluation.code.problems import Problem, defines_it_itself, imports_of
from aurora.evaluation.code.programs import probe_of, program_of
from aurora.evaluation.sandbox.batch import ready, run_all
from aurora.evaluation.sandbox.outcome import Limits, Outcome, not_run
from aurora.evaluation.sandbox.toolchains.known import toolchain


@dataclass(frozen=True)
class Judged:
    """A completion's fate: `passed` is None where it was not run. `why` is empty for one that passed."""

    passed: bool | None
    why: str
    outcome: Outcome


def judge(
    completions: Sequence[tuple[Problem, str]],
    *,
    limits: Limits | None = None,
    unsafe: bool = False,
    workers: int | None = None,
) -> list[Judged]:
    """Run every completion of its problem, in parallel; `UserError` before the first where that is not possible."""
    ready([problem.language for problem, _ in completions], unsafe)
    lacking = _lacking({problem for problem, _ in completions}, limits, unsafe, workers)
    told = [(problem, completion) for problem, completion in completions if problem not in lacking]
    found = dict(zip(told, _judged(told, limits, unsafe, workers, "Programs"), strict=True))
    # A right completion was seen to fail where nothing is known of it, so doubt costs a run only for those that fail.
    doubted = {problem for problem, completion in told if found[problem, completion].passed is False}
    own = [(problem, problem.canonical) for problem in doubted if problem.canonical is not None]
    canonical = _judged(own, limits, unsafe, workers, "Their solutions")
    broken = {
        problem: f"the benchmark's own solution does not pass here ({one.why})"
        for (problem, _), one in zip(own, canonical, strict=True)
        if not one.passed
    }
    judged = []
    for problem, completion in completions:
        one = found.get((problem, completion))
        if one is None:
            judged.append(_untold(lacking[problem]))
        elif one.passed is False and problem in broken:
            judged.append(_untold(broken[problem]))
        else:
            judged.append(one)
    return judged


def _judged(
    completions: Sequence[tuple[Problem, str]], limits: Limits | None, unsafe: bool, workers: int | None, label: str
) -> list[Judged]:
    if not completions:
        return []
    programs, marks = zip(*(program_of(problem, completion) for problem, completion in completions), strict=True)
    languages = [problem.language for problem, _ in completions]
    outcomes = run_all(list(zip(programs, languages, strict=True)), limits, unsafe=unsafe, workers=workers, label=label)
    return [_read(outcome, mark) for outcome, mark in zip(outcomes, marks, strict=True)]


def _read(outcome: Outcome, mark: str) -> Judged:
    if outcome.status == "not run":
        return Judged(None, outcome.why, outcome)
    if outcome.status != "finished":
        lines = outcome.stderr.strip().splitlines()
        return Judged(False, f"{outcome.status}{': ' + lines[-1].strip() if lines else ''}", outcome)
    if mark not in outcome.stdout:
        return Judged(False, "it ended before its tests did", outcome)
    return Judged(True, "", outcome)


def _untold(why: str) -> Judged:
    return Judged(None, why, not_run(why))


def _lacking(problems: set[Problem], limits: Limits | None, unsafe: bool, workers: int | None) -> dict[Problem, str]:
    """The problems that nothing can pass here, with the reason: most import by themselves what is not here."""
    wanted: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        for imported in imports_of(problem):
            if probe := probe_of(problem.language, imported):
                wanted.setdefault((probe, problem.language), []).append(problem)
    own = "its test defines the function that it is to test"
    lacking = dict.fromkeys(filter(defines_it_itself, problems), own)
    probes = sorted(wanted)
    outcomes = run_all(probes, limits, unsafe=unsafe, workers=workers, label="Libraries")
    for (program, language), outcome in zip(probes, outcomes, strict=True):
        if outcome.status != "finished":
            what = outcome.why or f"`{program.splitlines()[0].strip()}` fails with {toolchain(language).version}"
            why = f"it needs a library that is not here: {what}"
            lacking |= dict.fromkeys(wanted[program, language], why)
    return lacking
