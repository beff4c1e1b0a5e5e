"""Checking a recipe: everything that can be known before it runs, in one list.

One decision: the checks depend on the step to stop at, so a machine without an accelerator can build the corpus of a
run that trains on another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aurora.checking.amounts import check_amounts, check_disk
from aurora.checking.findings import Findings
from aurora.checking.models import check_model, check_tokenizer
from aurora.checking.sources import check_sources
from aurora.checking.surroundings import check_curation, check_device, check_policy
from aurora.checking.tasks import check_tasks
from aurora.errors import Mistakes
from aurora.files import default_cache
from aurora.recipe import LoadedRecipe, load_recipe
from aurora.recipe.stated.layers import order
from aurora.recipe.stated.loading import examined

# The steps that end before those after them are asked about.
CORPUS, REDTEAM, TOKENIZER, TOKENS = EARLY = ("corpus", "redteam", "tokenizer", "tokens")


@dataclass(frozen=True)
class Checked:
    """The mistakes in a recipe and the notes about it, one sentence each."""

    recipe: Path
    mistakes: list[str]
    notes: list[str]

    def refuse(self) -> None:
        """Raise `Mistakes` where there is one."""
        if self.mistakes:
            raise Mistakes(str(self.recipe), self.mistakes)


def check_recipe(path: Path | str, overrides: Sequence[str] = (), output: Path | None = None) -> Checked:
    """Everything that is wrong with a recipe and its surroundings; raises `UserError` where it cannot be read."""
    try:
        loaded, told = examined(path, overrides)
    except Mistakes as error:
        return Checked(Path(error.what), error.sentences, [])
    found = check_loaded(loaded, output)
    # Of a recipe that had to be mended nobody knows what its mixtures would read.
    return Checked(loaded.path, ordered([*told, *found.mistakes]), [] if told else found.notes)


def sound_recipe(path: Path | str, overrides: Sequence[str] = ()) -> LoadedRecipe:
    """A recipe to carry out; raises `Mistakes` of all that is wrong where something is wrong in itself."""
    try:
        return load_recipe(path, overrides)
    except Mistakes as error:
        raise Mistakes(error.what, check_recipe(path, overrides).mistakes) from error


def ordered(sentences: Sequence[str]) -> list[str]:
    """Each sentence once, by the file and line that it begins with."""
    return sorted(dict.fromkeys(sentences), key=lambda one: order(one.partition(": ")[0]))


def check_loaded(
    loaded: LoadedRecipe, output: Path | None = None, until: str | None = None, *, here: bool = True
) -> Checked:
    """The same of a recipe that is sound in itself, as far as the step `until` needs it.

    Unless it is to run `here`, this machine's device and disk say nothing.
    """
    findings = Findings(loaded)
    with findings.asking("languages"):
        loaded.take_languages()
    cache = Path(loaded.recipe.corpus.cache) if loaded.recipe.corpus.cache else default_cache()
    run = output if output is not None else Path("runs") / loaded.recipe.name
    asked: list[tuple[str, Callable[[], None]]] = [
        (CORPUS, lambda: check_sources(findings, cache, mixtures=until not in EARLY)),
        (CORPUS, lambda: check_curation(findings)),
        (REDTEAM, lambda: check_policy(findings)),
        (TOKENIZER, lambda: check_tokenizer(findings)),
        ("", lambda: check_model(findings)),
        ("", lambda: check_amounts(findings)),
        ("", lambda: check_tasks(findings)),
    ]
    if here:
        asked += [("", lambda: check_device(findings)), ("", lambda: check_disk(findings, run))]
    last = EARLY.index(until) if until in EARLY else len(EARLY)
    for step, ask in asked:
        if (EARLY.index(step) if step else len(EARLY)) <= last:
            ask()
    if findings.elsewhere:
        names = ", ".join(dict.fromkeys(findings.elsewhere))
        findings.note("corpus", f"not here, and so looked at only when the hub is asked for it: {names}")
    mistakes = ordered([*findings.sentences(findings.mistakes), *findings.of_files])
    return Checked(loaded.path, mistakes, findings.sentences(findings.notes))
