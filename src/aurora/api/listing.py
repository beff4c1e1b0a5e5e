"""What comes with Aurora, by kind: whatever a recipe or a command may name.

One decision: every list comes from the table in which the code looks names up, so it lists exactly what exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import get_args

from aurora.shipped import places


@dataclass(frozen=True)
class Listed:
    """One thing with the name that a recipe or a command knows it by, what it is, and its file where it is one."""

    name: str
    says: str
    path: Path | None = None


def _recipes() -> Iterator[Listed]:
    from aurora.written.yaml_nodes import read_table

    for name in places.names("recipes"):
        path = places.folder("recipes") / f"{name}.yaml"
        yield Listed(name, str(read_table(path, "a recipe")[0].get("description", "")), path)


def _policies() -> Iterator[Listed]:
    from aurora.written.yaml_nodes import read_table

    for name in places.names("policies"):
        path = places.folder("policies") / f"{name}.yaml"
        words = sorted(file.stem for file in path.with_suffix("").glob("*.yaml"))
        title = read_table(path, "a policy file")[0].get("title", "")
        yield Listed(name, f"{title} ({', '.join(words) or 'no words'})", path)


def _languages() -> Iterator[Listed]:
    from aurora.languages import lookup

    for entry in lookup.entries():
        language = entry.language
        refusals = "" if language.refusals else "; how it refuses is not known"
        yield Listed(language.language, f"{language.name}, {language.own_name}{refusals}", entry.path)


def _rules() -> Iterator[Listed]:
    from aurora.corpus.rules.rule_sets import NEED_FILES, SETS

    for name, (prose, code) in SETS.items():
        judged = ", ".join(dict.fromkeys(rule.name for rule in (*prose, *code)))
        of = "code: " if not prose else ""
        yield Listed(name, f"{of}{judged}{' (needs a file of yours)' if name in NEED_FILES else ''}")


def _tasks() -> Iterator[Listed]:
    from aurora.evaluation.tasks import files

    for name, path in files.task_files().items():
        yield Listed(name, files.description(path), path)


def _suites() -> Iterator[Listed]:
    from aurora.evaluation.tasks import files

    for name, path in files.suite_files().items():
        yield Listed(name, f"{files.description(path)} ({len(files.read_suite(name).tasks)} tasks)", path)


def _models() -> Iterator[Listed]:
    from aurora.model import families

    modules = {it.FAMILY.name: it for it in vars(families).values() if isinstance(it, ModuleType) and _is_family(it)}
    for name, family in families.FAMILIES.items():
        yield Listed(name, f"{_first_sentence(modules[name].__doc__)} ({family.network})")


def _is_family(module: ModuleType) -> bool:
    from aurora.model.families.family import Family

    return isinstance(getattr(module, "FAMILY", None), Family)


def _sources() -> Iterator[Listed]:
    from aurora.recipe.sources import Source

    for source in get_args(get_args(Source)[0]):
        (kind,) = get_args(source.model_fields["kind"].annotation)
        yield Listed(kind, _first_sentence(source.__doc__))


def _first_sentence(text: str | None) -> str:
    return " ".join((text or "").split()).partition(". ")[0].rstrip(".")


# In the order in which a run needs them.
KINDS: dict[str, Callable[[], Iterator[Listed]]] = {
    "recipes": _recipes,
    "policies": _policies,
    "languages": _languages,
    "rules": _rules,
    "models": _models,
    "sources": _sources,
    "tasks": _tasks,
    "suites": _suites,
}


def listing(kind: str) -> list[Listed]:
    """All of one of the `KINDS`, sorted where they have no order of their own."""
    return list(KINDS[kind]())
