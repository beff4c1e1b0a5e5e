"""Safety across languages: one model tuned in each language alone, in none and in all, and measured in every one.

    python benchmarks/cross_lingual.py --work /tmp/cross [--run runs/tiny] [--prefer] [--small] [--json] [key=value ...]

The safety stage of recipes/tiny.yaml begins from the checkpoint `cat` of `--run`, exported; without one its earlier
stages are trained first. Each tuning is a run of its own recipe (`redteam.train_languages`) below the work folder, with
a report, and goes on where it was stopped. A language alone has its share of the tokens. The tables have the rates of
held-out prompts by language, and the largest rise of bits per byte. With --prefer a stage of preference pairs
(`objective: dpo`) comes after each tuning. Further arguments are settings of the tuning recipe.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
RECIPE = ROOT / "recipes/tiny.yaml"
ALL = "all"
DOMAINS = ("bits_per_byte", "bits_per_byte_other_domain")
SMALL = {"base": 8192, "cap": 8192, "cat": 8192, "safety": 5120, "prefer": 5120}
PREFER: dict[str, Any] = {
    "start": "safety",
    "objective": "dpo",
    "tokens": 200_000,
    "mixture": {"redteam/preferences": 60, "docstrings/en": 20, "sources/code": 20},
    "schedule": {"peak": 2e-4, "end": 0, "warmup": 0.05},
}


def main() -> None:
    """Tune, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--run", type=Path, help="a run of the recipe, whose corpus and checkpoint `cat` are taken")
    parser.add_argument("--prefer", action="store_true", help="preference pairs after each tuning")
    parser.add_argument("--small", action="store_true", help="a moment of training, with two languages")
    parser.add_argument("--json", action="store_true", help="the figures as one object")
    parser.add_argument("settings", nargs="*", metavar="key=value")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    recipe = yaml.safe_load(RECIPE.read_text(encoding="utf-8"))
    languages = recipe["redteam"]["languages"]
    if given.small:
        del languages[2:]
    model = exported(given.work, given.run, given.small)
    path = given.work / "tuning.yaml"
    path.write_text(yaml.safe_dump(tuning(recipe, model, given.prefer, given.small), sort_keys=False), encoding="utf-8")
    figures: dict[str, Any] = {}
    for tuned in (ALL, *languages[: 1 if given.small else None]):
        folder = given.work / tuned
        taken(given.run or given.work / "base", folder)
        only = [] if tuned == ALL else alone(path, tuned, len(languages))
        aurora("run", str(path), "--output", str(folder), *only, *given.settings)
        figures[tuned] = figures_of(json.loads((folder / "report.json").read_text(encoding="utf-8")))
    print(json.dumps(figures) if given.json else written(figures))


def exported(work: Path, run: Path | None, small: bool) -> Path:
    """The checkpoint that is tuned, as a folder of the hub's form."""
    model = work / "cat"
    if not model.exists():
        if run is None or not (run / "checkpoints/cat").is_dir():
            taken(run, work / "base")
            run = work / "base"
            shorter = [f"stages.{name}.tokens={SMALL[name]}" for name in ("base", "cap", "cat")] if small else []
            aurora("run", str(RECIPE), "--output", str(run), "--until", "train:cat", *shorter)
        aurora("export", str(run), "--stage", "cat", str(model))
    return model.resolve()


def tuning(recipe: dict[str, Any], model: Path, prefer: bool, small: bool) -> dict[str, Any]:
    """The recipe of the tuning alone."""
    values = {**recipe, "name": "tuning", "model": {"path": str(model)}, "tokens": {"path": str(model)}}
    values["redteam"] = {**recipe["redteam"], "policy": str((RECIPE.parent / recipe["redteam"]["policy"]).resolve())}
    values["evaluation"] = {key: value for key, value in recipe["evaluation"].items() if key != "suites"}
    stages = {"safety": {**recipe["stages"]["safety"], "start": "model"}}
    if prefer:
        values["redteam"]["preferences"] = True
        kept = ("batch_tokens", "sequence_length", "packing", "document_masks", "position_resets")
        stages["prefer"] = {**{key: stages["safety"][key] for key in kept}, **PREFER}
    if small:
        values["evaluation"] = {"held_out_kilobytes": 2, "safety_prompts": 1, "answer_tokens": 4, "sample_tokens": 1}
        for name, stage in stages.items():
            stage["tokens"] = SMALL[name]
    return {**values, "stages": stages}


def alone(path: Path, language: str, languages: int) -> list[str]:
    """The settings by which one of the languages is tuned on as much as among all."""
    stages = yaml.safe_load(path.read_text(encoding="utf-8"))["stages"]
    shares = {name: stage["tokens"] // languages for name, stage in stages.items()}
    return [f"redteam.train_languages=[{language}]", *(f"stages.{name}.tokens={n}" for name, n in shares.items())]


def taken(run: Path | None, folder: Path) -> None:
    """Give a new run the corpus of another one; a step whose inputs agree does not run again."""
    if run is not None and run.resolve() != folder.resolve() and not folder.exists():
        folder.mkdir(parents=True)
        shutil.copytree(run / "corpus", folder / "corpus")


def aurora(*arguments: str) -> None:
    """One command, whose messages go where ours do."""
    subprocess.run([sys.executable, "-m", "aurora", *arguments], check=True, stdout=sys.stderr)


def figures_of(report: Mapping[str, Any]) -> dict[str, Any]:
    """Rates by language, and the largest rise of bits per byte in each domain with where it is."""
    stages, rises = report["stages"], {}
    before, rates = (
        {
            language: (at["refusal_rate"], at["over_refusal_rate"])
            for language, at in report["safety"][when]["by_language"].items()
        }
        for when in ("before", "after")
    )
    for domain in DOMAINS:
        start, now = report["base"].get(domain) or {}, stages[-1].get(domain) or {}
        changes = {language: now[language] / start[language] - 1 for language in start if language in now}
        if changes:
            rises[domain] = max((change, language) for language, change in changes.items())
    return {"rates": rates, "before": before, "rises": rises}


def written(figures: Mapping[str, Any]) -> str:
    """The tables."""
    languages = list(figures[ALL]["rates"])
    tuned_in = {"none": figures[ALL]["before"], **{tuned: found["rates"] for tuned, found in figures.items()}}
    lines = []
    for place, what in enumerate(("harmful prompts refused", "harmless look-alikes refused")):
        lines += [f"\n{what}\n", f"| tuned in | {' | '.join(languages)} |", "|---" * (len(languages) + 1) + "|"]
        for tuned, rates in tuned_in.items():
            lines.append(f"| {tuned} | {' | '.join(f'{rates[language][place]:.1%}' for language in languages)} |")
    lines += ["\nlargest rise of bits per byte\n", "| tuned in | held-out text | another domain |", "|---|---|---|"]
    for tuned, found in figures.items():
        rises = (found["rises"].get(domain) for domain in DOMAINS)
        cells = (f"{rise[0]:+.1%} ({rise[1]})" if rise else "" for rise in rises)
        lines.append(f"| {tuned} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
