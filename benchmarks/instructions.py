"""What instructions do in `cat`: the demo's recipe with its conversations and without, from the same `cap`.

    python benchmarks/instructions.py [--small] [--recipe recipes/tiny.yaml] [--work FOLDER] [--json] [key=value ...]

Runs the recipe as far as `cat`, and `cat` a second time with all else of its mixture, in a copy of the run; both are
measured on the same held-out answers and text. Prints bits per byte without and with, and the change. The bounds:
answers fall by at least 10 % in each language, text changes by at most +1 %. With --small the stages are so short
that the figures say nothing. Further arguments are settings of the recipe, as `aurora run` takes them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from aurora.evaluation.measurements import measure_checkpoint, read_measuring_text
from aurora.evaluation.results import RESULTS
from aurora.recipe.recipe import Recipe
from aurora.recipe.sources import ConversationsSource
from aurora.run.folder import RunFolder
from demo import small_settings

STAGE = "cat"
PARTS = ("answers", "held_out", "other_domain")
Figures = dict[str, dict[str, float]]


def main() -> None:
    """Run twice, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="stages of a tenth of their tokens")
    parser.add_argument("--recipe", type=Path, default=Path(__file__).parents[1] / "recipes/tiny.yaml")
    parser.add_argument("--work", type=Path, help="folder of the two runs, which are gone on with where they are there")
    parser.add_argument("--json", action="store_true", help="the figures as one object")
    parser.add_argument("settings", nargs="*", metavar="key=value")
    given = parser.parse_args()
    settings = [*(small_settings() if given.small else []), *given.settings]
    with tempfile.TemporaryDirectory() as name:
        found = compare(given.recipe, given.work or Path(name), settings)
    if given.json:
        print(json.dumps(found))
        return
    for part in PARTS:
        for language, without in found["without"][part].items():
            with_them = found["with"][part][language]
            print(f"{part:12} {language:5} {without:.3f} -> {with_them:.3f} ({with_them / without - 1:+.1%})")


def compare(recipe: Path, work: Path, settings: list[str]) -> dict[str, Figures]:
    """Bits per byte without conversations and with them, by part and language."""
    whole, without = work / "with", work / "without"
    run(recipe, whole, settings)
    mixture = json.loads((whole / "recipe.json").read_text(encoding="utf-8"))["stages"][STAGE]["mixture"]
    text = {name: weight for name, weight in mixture.items() if name not in conversations(whole)}
    if not without.exists():
        left_out = shutil.ignore_patterns(STAGE, f"{STAGE}.partial", ".lock")
        shutil.copytree(whole, without, ignore=left_out)
    run(recipe, without, [*settings, f"stages.{STAGE}.mixture={json.dumps(text)}"])
    return {"without": measured(without), "with": measured(whole)}


def run(recipe: Path, folder: Path, settings: list[str]) -> None:
    """Carry the recipe out as far as the stage."""
    until = ["--until", f"train:{STAGE}"]
    command = [sys.executable, "-m", "aurora", "run", str(recipe), "--output", str(folder), *until, *settings]
    subprocess.run(command, check=True, stdout=sys.stderr)


def conversations(folder: Path) -> set[str]:
    """The names of a run's stores that hold conversations of its sources."""
    recipe = effective(folder)
    talks = {name for name, source in recipe.corpus.sources.items() if isinstance(source, ConversationsSource)}
    return {name for name in recipe.stages[STAGE].mixture if name.split("/")[0] in talks}


def effective(folder: Path) -> Recipe:
    """The recipe of a run."""
    return Recipe.model_validate(json.loads((folder / "recipe.json").read_text(encoding="utf-8")))


def measured(folder: Path) -> Figures:
    """Bits per byte of the stage's checkpoint."""
    recipe, place = effective(folder), RunFolder(folder)
    kilobytes, window = recipe.evaluation.held_out_kilobytes, recipe.longest_sequence
    text = read_measuring_text(
        place.corpus, place.tokenizer, kilobytes, window, other_domain=bool(recipe.corpus.other_domain)
    )
    with tempfile.TemporaryDirectory() as name:
        measure_checkpoint(place.checkpoint(STAGE), text, recipe.execution, 1, Path(name))
        results: dict[str, Any] = json.loads((Path(name) / RESULTS).read_text(encoding="utf-8"))
    return {
        part: {language: found["bits_per_byte"] for language, found in results[part].items()}
        for part in PARTS
        if part in results
    }


if __name__ == "__main__":
    main()
