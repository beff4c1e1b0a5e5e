"""A small model continued in four languages with and without new entries in its tokenizer, on the same bytes of text.

    python benchmarks/extension.py [--output DIR] [--json] [--small]

The corpus is the demo's. A network with a tokenizer of English and code alone learns English and code and is exported.
It is then continued twice on the same bytes of each language: with its own tokenizer, and with one taught the four
languages. The last line of --json is one object: held-out bits per byte of both by language, and their tokens and
seconds. Takes five minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import yaml

from aurora.api.tokens import Tokens
from aurora.model.huggingface import export_model
from aurora.pipeline.running import run_recipe
from aurora.recipe import load_recipe
from aurora.run.folder import RunFolder

RECIPES = Path(__file__).resolve().parents[1] / "recipes"
NEW = ("fi", "hi", "ja", "vi")
ENTRIES = 4000
# Bytes of text of each source that the continuation trains on.
KILOBYTES = {**{f"catalogues/{language}": 400 for language in NEW}, "docstrings/en": 800, "sources/code": 800}
BASE_TOKENS = 2_000_000


def main() -> None:
    """Make the base, continue it both ways, compare."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--output", type=Path, default=Path("runs/extension"))
    arguments.add_argument("--json", action="store_true", help="print only the one object")
    arguments.add_argument("--small", action="store_true", help="a twentieth of all text, to see that it runs")
    chosen = arguments.parse_args()
    output = chosen.output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    share = 0.05 if chosen.small else 1.0
    make_base(output, share)
    extend = {"entries": ENTRIES, "languages": list(NEW)}
    compared = {
        "own tokenizer": continued(output, "own", None, share),
        "extended tokenizer": continued(output, "extended", extend, share),
    }
    if not chosen.json:
        for name, facts in compared.items():
            print(name, facts)
    print(json.dumps(compared))


def make_base(output: Path, share: float) -> None:
    """A model of English and code, exported to `output/published`."""
    recipe = demo()
    recipe["name"] = "base"
    del recipe["corpus"]["sources"]["catalogues"]
    recipe["corpus"]["other_domain"] = {}
    recipe["tokens"] = {"train": {"vocabulary": 4096}}
    recipe["stages"]["base"]["tokens"] = round(BASE_TOKENS * share)
    recipe["stages"] = {"base": recipe["stages"]["base"]}
    carry_out(output, "base", recipe, "train:base")
    export_model(output / "base/checkpoints/base", output / "published")


def continued(output: Path, name: str, extend: dict[str, Any] | None, share: float) -> dict[str, Any]:
    """The base continued on KILOBYTES of each source: tokens, seconds and held-out bits per byte."""
    recipe = demo()
    recipe["name"] = name
    recipe["tokens"] = {"path": str(output / "published"), **({"extend": extend} if extend else {})}
    recipe["model"] = {"path": str(output / "published")}
    stage = recipe["stages"]["cap"] | {"start": "model"}
    stage.pop("control")
    recipe["stages"] = {"cap": stage}
    recipe["execution"] = {**recipe.get("execution", {}), "evaluate_steps": 0}
    loaded = carry_out(output, name, recipe, "tokens")
    stores = Tokens(loaded, RunFolder(output / name)).facts()["stores"]
    each = {source: 1000 * size * share for source, size in KILOBYTES.items()}
    tokens = {source: round(size / stores[source]["bytes_per_token"]) for source, size in each.items()}
    stage |= {"mixture": tokens, "tokens": sum(tokens.values())}
    carry_out(output, name, recipe, "evaluate:cap")
    state = json.loads((output / name / "checkpoints/cap/state.json").read_text())
    results = json.loads((output / name / "evaluation/cap/results.json").read_text())
    return {
        "tokens": state["tokens"],
        "seconds": state["seconds"],
        "bytes_per_token": {source: stores[source]["bytes_per_token"] for source in KILOBYTES},
        **{
            part: {lang: found["bits_per_byte"] for lang, found in results[part].items()}
            for part in results
            if part != "samples"
        },
    }


def demo() -> dict[str, Any]:
    """The demo's recipe without its safety half."""
    recipe: dict[str, Any] = yaml.safe_load((RECIPES / "tiny.yaml").read_text(encoding="utf-8"))
    del recipe["redteam"]
    for stage in recipe["stages"].values():
        stage["mixture"] = {
            name: weight for name, weight in stage["mixture"].items() if not name.startswith("redteam/")
        }
    return recipe


def carry_out(output: Path, name: str, recipe: dict[str, Any], until: str) -> Any:
    """Run a recipe up to a step; returns it."""
    path = output / f"{name}.yaml"
    path.write_text(yaml.safe_dump(recipe, allow_unicode=True), encoding="utf-8")
    loaded = load_recipe(path)
    run_recipe(loaded, output / name, until=until)
    return loaded.recipe


if __name__ == "__main__":
    main()
