"""Aurora: turn an open base model into your languages and your safety policy, and prove what you did.

One decision: a name of `__all__` is imported when it is first used, so `import aurora` takes a moment and torch is
imported with the first model. `run_recipe` is not called `run` because that is the package for run folders.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from aurora.version import __version__

if TYPE_CHECKING:
    from aurora.api.checkpoints import Checkpoint, load_checkpoint
    from aurora.api.corpora import Corpus
    from aurora.api.judging import judge
    from aurora.api.runs import Run, open_run, run_recipe
    from aurora.api.tokens import Tokens
    from aurora.errors import AuroraError, UserError
    from aurora.recipe import LoadedRecipe, Recipe, load_recipe

__all__ = [
    "AuroraError",
    "Checkpoint",
    "Corpus",
    "LoadedRecipe",
    "Recipe",
    "Run",
    "Tokens",
    "UserError",
    "__version__",
    "judge",
    "load_checkpoint",
    "load_recipe",
    "open_run",
    "run_recipe",
]

_MODULES = {
    "aurora.api.checkpoints": ("Checkpoint", "load_checkpoint"),
    "aurora.api.corpora": ("Corpus",),
    "aurora.api.judging": ("judge",),
    "aurora.api.runs": ("Run", "open_run", "run_recipe"),
    "aurora.api.tokens": ("Tokens",),
    "aurora.errors": ("AuroraError", "UserError"),
    "aurora.recipe": ("LoadedRecipe", "Recipe", "load_recipe"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

# Read once, when torch loads OpenMP: threads that spin while they wait cut a shared machine's speed to a third.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'aurora' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_MODULE_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
