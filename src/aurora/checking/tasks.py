"""Checks of the tasks that checkpoints are asked, and stages while they are trained: names, items, lm-eval, a sandbox.

One decision: whatever would stop a question stops the run before anything is trained, since a stage is asked after
hours; items themselves are read when the stage begins, and the hub is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from aurora.checking.findings import Findings
from aurora.evaluation.tasks.planned import Wanted, examine, needs_lm_eval
from aurora.nearest import meant
from aurora.pipeline.benchmarks import wanted_during, wanted_of

MOST_NAMES = 6  # in one sentence


def check_tasks(findings: Findings) -> None:
    """Everything that is asked, and the folders of its items."""
    asked = list(_asked(findings))
    if not asked:
        return
    data = findings.loaded.recipe.evaluation.data
    missing = [number for number, folder in enumerate(data) if not (findings.loaded.base / folder).is_dir()]
    for number in missing:
        path = findings.loaded.base / data[number]
        findings.mistake(f"evaluation.data.{number}", f"{path} is no folder: check the path")
    for key, wanted in asked:
        known = _known(findings, key, wanted)
        ready = (known and not needs_lm_eval(wanted)) or findings.needs(key, "lm_eval", "evaluate")
        if known and ready and not missing:
            _examine(findings, key, wanted)


def _asked(findings: Findings) -> Iterator[tuple[str, Wanted]]:
    """What is asked, by the key that says so."""
    recipe, base = findings.loaded.recipe, findings.loaded.base
    if recipe.evaluation.asks:
        yield "evaluation", wanted_of(recipe, base)
    for name, stage in recipe.stages.items():
        if stage.ask is not None:
            yield f"stages.{name}.ask", wanted_during(recipe, base, stage.ask)


def _known(findings: Findings, key: str, wanted: Wanted) -> bool:
    """Whether all names are those of suites and tasks."""
    from aurora.evaluation.tasks.files import read_suite, task_names

    before = len(findings.mistakes)
    for number, name in enumerate(wanted.suites):
        with findings.asking(f"{key}.suites.{number}"):
            read_suite(name)
    for number, name in enumerate(wanted.tasks):
        if name not in task_names():
            what = f"there is no task {name} ({meant(name, task_names(), 'tasks')})"
            findings.mistake(f"{key}.tasks.{number}", what)
    return len(findings.mistakes) == before


def _examine(findings: Findings, key: str, wanted: Wanted) -> None:
    """Items and sandbox: a task that is named by itself must have them, and what a suite leaves out is a note."""
    with findings.asking(key):
        names, lacking = examine(wanted)
        advice = "give evaluation.data a folder that has its items, or leave it out"
        for name in [name for name in wanted.tasks if name in lacking]:
            findings.mistake(f"{key}.tasks.{wanted.tasks.index(name)}", f"{name}: {lacking.pop(name)}; {advice}")
        if len(lacking) == len(names):
            findings.mistake(key, f"no task can be asked here: {_listed(lacking)}")
        elif lacking:
            findings.note(key, f"not asked: {_listed(lacking)}")


def _listed(lacking: dict[str, str]) -> str:
    """Tasks by what they lack, the first few of them."""
    told = []
    for why in dict.fromkeys(lacking.values()):
        names = [name for name, of in lacking.items() if of == why]
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        told.append(f"{', '.join(names[:MOST_NAMES])}{more} ({why})")
    return "; ".join(told)
