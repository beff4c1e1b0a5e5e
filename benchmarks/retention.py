"""What replay keeps and what it costs: none, fixed shares and adaptive replay, CAP then CAT, several seeds.

    aurora tokens build recipes/tiny.yaml
    python benchmarks/retention.py --tokens runs/tiny --work /tmp/retention [--seeds 1 2 3 4 5] [--scale 0.5]
    python benchmarks/retention.py --work /tmp/retention --plot docs/images/retention.svg    # of what is there

The stages `base`, `cap` and `cat` of recipes/tiny.yaml, with `--scale` of their tokens each, on one corpus; a seed
draws the network and orders the sequences. The base is trained once a seed. Fixed shares are held through both stages
and split evenly over English and code. Adaptive replay is that of recipes/tiny-adaptive.yaml, with as many decisions.
Every result is a line of results.jsonl in the work folder, and a run that was cut goes on behind the last. `seen` is
the text that adaptive replay measures on, `unseen`, which decides here, other held-out text of English and code, and
all there is of the target languages, which steer nothing. The best fixed share is the one with the lowest bits per byte
of the target languages among those that hold the budget on average over the seeds.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from aurora.corpus.artifact import read_documents
from aurora.evaluation.bits_per_byte import Windows, bits_per_byte, windows_of
from aurora.evaluation.held_out import EXCERPT_CHARACTERS
from aurora.evaluation.measurements import retention_monitor
from aurora.model.folder import load_model
from aurora.model.scorer import Scorer
from aurora.recipe import Recipe, load_recipe
from aurora.recipe.stages.stage import Stage
from aurora.reporting.charts.figures import drawing, mark, rule, words
from aurora.reporting.charts.scales import Scale, ticks
from aurora.run.folder import RunFolder
from aurora.tokens.replay_decisions import read_decisions
from aurora.tokens.stage_loader import stage_loader
from aurora.tokens.text.text_facts import FILE, read_text
from aurora.training.deciding.replay import Replay
from aurora.training.inputs import Places, Reading, Training
from aurora.training.stage import train_stage
from aurora.training.start import NewModel

RECIPE = Path(__file__).parents[1] / "recipes/tiny-adaptive.yaml"
KEPT = ("docstrings/en", "sources/code")
TARGETS = ("catalogues/fi", "catalogues/hi", "catalogues/ja", "catalogues/vi")
FIXED = {"none": 0.0, "fixed 10 %": 0.1, "fixed 30 %": 0.3, "fixed 50 %": 0.5}
ADAPTIVE = "adaptive"
BUDGET = 0.01
UNSEEN_KILOBYTES = 48
TOP, LANE = 34, 22
STYLE = """
svg { background: #fff; font: 13px system-ui, sans-serif; } .small { font-size: 11.5px; } .muted { fill: #5b6770; }
.grid { stroke: #dde2e6; } .reference { stroke: #1c2329; stroke-width: 1.25; stroke-dasharray: 2 3; }
.s1 { fill: #0067a5; } .s4 { fill: #c9500a; } .s5 { fill: #00875f; } .mark-circle, .mark-diamond, .mark-square
{ fill-opacity: .75; }
"""


class Bench:
    """One work folder: bases by seed, results, and the text to measure on."""

    def __init__(self, run: Path, work: Path, scale: float) -> None:
        self.recipe: Recipe = load_recipe(RECIPE, ["evaluation.held_out_kilobytes=12"]).recipe
        self.run, self.work, self.scale = RunFolder(run), work, scale
        self.text = read_text(self.run.tokenizer)
        self.unseen = {name: self._unseen(name) for name in (*KEPT, *TARGETS)}
        self.seen = self._monitor([*KEPT, *TARGETS])

    def _monitor(self, sources: Collection[str]) -> Callable[[Scorer], dict[str, float]]:
        kilobytes, window = self.recipe.evaluation.held_out_kilobytes, self.recipe.longest_sequence
        return retention_monitor(self.run.corpus, self.run.tokenizer, sources, kilobytes, window)

    def stage(self, name: str, replay: str) -> Stage:
        """A stage of the recipe with another length and mixture."""
        stage = self.recipe.stages[name]
        changed: dict[str, Any] = {"tokens": int(stage.tokens * self.scale), "control": None}
        if replay in FIXED and name != "base":
            share = FIXED[replay]
            others = {key: weight for key, weight in stage.mixture.items() if key not in KEPT}
            left = (1 - share) / sum(others.values())
            kept = {key: share / len(KEPT) for key in KEPT if share}
            changed |= {"retention": None}
            changed["mixture"] = kept | {key: round(weight * left, 6) for key, weight in others.items()}
        elif stage.retention is not None:  # as many decisions in a shorter stage
            every = max(1, round(stage.retention.every_steps * self.scale))
            changed["retention"] = stage.retention.model_copy(update={"every_steps": every})
        return stage.model_copy(update=changed)

    def train(self, name: str, replay: str, seed: int, start: Path | None, folder: Path) -> list[Any]:
        """Train one stage; returns what was decided in it."""
        stage = self.stage(name, replay)
        measured: Replay | None = None
        if stage.retention is not None:
            earlier = start / "retention.json" if start else None
            base = read_decisions(earlier).base if earlier and earlier.is_file() else {}
            measured = Replay(
                stage,
                lambda decided: stage_loader(stage, seed, self.run, decided),
                self._monitor(KEPT),
                base,
            )
        architecture = self.recipe.model.architecture
        assert architecture is not None
        training = Training(
            stage,
            start or NewModel(architecture, self.text.vocabulary, seed),
            self.recipe.execution.model_copy(update={"evaluate_steps": 0, "threads": 1}),
            made_with=lambda steps: {"replay": replay, "seed": seed, "scale": self.scale},
        )
        places = Places(folder, folder / "tensorboard", self.run.tokenizer / FILE)
        train_stage(training, Reading(stage_loader(stage, seed, self.run), measured), places)
        if stage.retention is None:
            return []
        return [[it.step, it.weights] for it in read_decisions(folder / "retention.json").made if it.weights]

    def measure(self, folder: Path) -> dict[str, dict[str, float]]:
        """Bits per byte by source, on both texts."""
        model, _ = load_model(folder)
        return {"seen": self.seen(model), "unseen": {key: bits_per_byte(model, it) for key, it in self.unseen.items()}}

    def seed(self, seed: int, replays: list[str]) -> None:
        """All that is not there yet of a seed."""
        base = self.work / f"base-{seed}"
        if not (base / "state.json").is_file():
            self.train("base", "base", seed, None, base)
        if ("base", seed) not in self.done():
            self.note({"replay": "base", "seed": seed, "scale": self.scale, "base": self.measure(base)})
        for replay in replays:
            if (replay, seed) in self.done():
                continue
            result: dict[str, Any] = {"replay": replay, "seed": seed, "scale": self.scale}
            start = base
            for name in ("cap", "cat"):
                folder = self.work / f"{name}-{seed}-{replay.replace(' ', '').replace('%', '')}"
                result[f"{name}_decisions"] = self.train(name, replay, seed, start, folder)
                result[name] = self.measure(folder)
                start = folder
            self.note(result)
            for name in ("cap", "cat"):
                shutil.rmtree(self.work / f"{name}-{seed}-{replay.replace(' ', '').replace('%', '')}")

    def done(self) -> set[tuple[str, int]]:
        return {(line["replay"], line["seed"]) for line in results(self.work)}

    def note(self, result: dict[str, Any]) -> None:
        with (self.work / "results.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(result) + "\n")
        print(json.dumps({key: result[key] for key in ("replay", "seed")}), flush=True)

    def _unseen(self, name: str) -> Windows:
        """Excerpts behind those that replay is steered by; of target languages, which steer nothing, all."""
        source, language = name.split("/")
        documents = read_documents(self.run.corpus, "held_out", source, language)
        texts = [text for _, text in sorted((it.id, it.text[:EXCERPT_CHARACTERS]) for it in documents)]
        skipped, chosen, size = 0, [], 0
        for text in texts:
            if name in KEPT and skipped < self.recipe.evaluation.held_out_kilobytes * 1000:
                skipped += len(text.encode())
            elif size < UNSEEN_KILOBYTES * 1000:
                chosen.append(text)
                size += len(text.encode())
        assert chosen, f"no held-out text of {name} is left"
        return windows_of(chosen, self.text, 256)


def results(work: Path) -> list[dict[str, Any]]:
    """Every line written so far."""
    path = work / "results.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def summary(lines: list[dict[str, Any]], text: str) -> dict[str, Any]:
    """{replay: {stage: {"rises": {source: [one a seed]}, "target": [mean bits per byte, one a seed]}}}."""
    bases = {line["seed"]: line["base"][text] for line in lines if line["replay"] == "base"}
    found: dict[str, Any] = {}
    for line in sorted(lines, key=lambda line: line["seed"]):
        if line["replay"] == "base":
            continue
        for name in ("cap", "cat"):
            bits = line[name][text]
            part = found.setdefault(line["replay"], {}).setdefault(
                name, {"rises": {key: [] for key in KEPT}, "target": []}
            )
            for key in KEPT:
                part["rises"][key].append(bits[key] / bases[line["seed"]][key] - 1)
            part["target"].append(sum(bits[key] for key in TARGETS) / len(TARGETS))
    return found


def holds(part: dict[str, Any]) -> bool:
    """Whether the budget holds on average over the seeds."""
    return max(sum(rises) / len(rises) for rises in part["rises"].values()) <= BUDGET


def table(found: dict[str, Any]) -> list[str]:
    """Markdown rows: mean and worst rise by source, target languages, beside the best fixed share that holds."""
    rows = [
        "| stage | replay | English | code | holds, seeds | target languages | beside best fixed |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in ("cap", "cat"):
        means = {replay: sum(it[name]["target"]) / len(it[name]["target"]) for replay, it in found.items()}
        holding = [replay for replay in FIXED if replay in found and holds(found[replay][name])]
        best = min(holding, key=lambda replay: means[replay], default=None)
        for replay in (*FIXED, ADAPTIVE):
            if replay not in found:
                continue
            part = found[replay][name]
            rises = [
                f"{sum(values) / len(values):+.1%} (worst {max(values):+.1%})" for values in part["rises"].values()
            ]
            seeds = len(part["target"])
            kept = sum(max(values) <= BUDGET for values in zip(*part["rises"].values(), strict=True))
            beside = "none holds"
            if best is not None:
                ratios = [
                    ours / theirs - 1 for ours, theirs in zip(part["target"], found[best][name]["target"], strict=False)
                ]
                beside = f"{means[replay] / means[best] - 1:+.1%} (worst {max(ratios):+.1%})"
            cells = [name, replay, *rises, f"{kept} of {seeds}", f"{means[replay]:.3f}", beside]
            rows.append(f"| {' | '.join(cells)} |")
    return rows


def plot(found: dict[str, Any]) -> str:
    """A lane for each stage and replay, a mark for each seed: rises at the left, target languages at the right."""
    lanes = [(name, replay) for name in ("cap", "cat") for replay in (*FIXED, ADAPTIVE) if replay in found]
    targets = [value for name, replay in lanes for value in found[replay][name]["target"]]
    rises, bits = Scale(-0.02, 0.10, 17, 59), Scale(min(targets) - 0.02, max(targets) + 0.02, 64, 97)
    bottom = TOP + LANE * len(lanes)
    shapes = [words(17, 16, "rise over the base: English ●, code ◆"), words(64, 16, "target languages, bits per byte")]
    for value in (-0.02, 0.0, 0.02, 0.04, 0.06, 0.08, 0.10):
        shapes += [rule(rises(value), TOP - 8, rises(value), bottom, "grid")]
        shapes += [
            words(rises(value), bottom + 16, f"{value:+.0%}{' +' if value == 0.1 else ''}", "middle", "muted small")
        ]
    shapes.append(rule(rises(BUDGET), TOP - 8, rises(BUDGET), bottom, "reference"))
    for value in ticks(min(targets), max(targets)):
        if bits.low <= value <= bits.high:
            shapes += [rule(bits(value), TOP - 8, bits(value), bottom, "grid")]
            shapes += [words(bits(value), bottom + 16, f"{value:.2f}", "middle", "muted small")]
    for place, (name, replay) in enumerate(lanes):
        y, part = TOP + LANE * (place + 0.5), found[replay][name]
        shapes.append(words(1, y + 4, f"{name}, {replay}"))
        for key, shape, series in zip(KEPT, ("circle", "diamond"), ("s1", "s4"), strict=True):
            shapes += [mark(rises(value), y, shape, series) for value in part["rises"][key]]
        shapes += [mark(bits(value), y, "square", "s5") for value in part["target"]]
    described = "A dotted line is the budget of +1 %; rises above 10 % stand at the edge. The same figures are a table."
    drawn = str(drawing("retention", "What replay keeps and what it costs", described, bottom + 24, *shapes))
    return drawn.replace(
        "<svg ", f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {bottom + 24}" ', 1
    ).replace("</desc>", f"</desc><style>{STYLE}</style>", 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3, 4, 5])
    parser.add_argument("--replays", nargs="*", default=[*FIXED, ADAPTIVE])
    parser.add_argument("--scale", type=float, default=0.5)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--small", action="store_true", help="one seed of two replays in a moment, to see that it runs")
    given = parser.parse_args()
    if given.tokens and not (given.tokens / "tokens").is_dir():
        parser.error(f"--tokens {given.tokens} is no run with tokens: aurora tokens build recipes/tiny.yaml")
    if given.small:
        given.seeds, given.replays, given.scale = [1], ["fixed 30 %", ADAPTIVE], 0.02
    if given.tokens:
        given.work.mkdir(parents=True, exist_ok=True)
        bench = Bench(given.tokens, given.work, given.scale)
        for seed in given.seeds:
            bench.seed(seed, given.replays)
    for text in ("unseen", "seen"):
        print(f"\nOn {text} held-out text:\n", *table(summary(results(given.work), text)), sep="\n")
    if given.plot:
        given.plot.write_text(plot(summary(results(given.work), "unseen")), encoding="utf-8")


if __name__ == "__main__":
    main()
