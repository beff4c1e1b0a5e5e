"""Judges beside people: what the rules are worth, and a judge learnt from labels, on published answers with labels.

    python benchmarks/judges.py [--data ../shared/data/safety] [--write] [--small]

The rules were written beside answers of the models in `READ`, of other makers than those they are measured on.
`learned` is the small judge of `aurora redteam judge --train`, each model's answers judged by what those of all others
taught (the prompts are the same); `apart` also leaves out the prompts that it judges. Prints kappa with a 95 % interval
by prompts; `--write` keeps the rules' figures on the models that were not read as `rules.json`, which reports carry.
`--small` judges a few made-up answers, to see that the script runs.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
from collections.abc import Sequence
from pathlib import Path

from aurora.files import json_lines, write_json
from aurora.redteam.judge import Answered, Judge, Outcome
from aurora.redteam.judging.calibration import Calibration, calibrated, hashes
from aurora.redteam.judging.labelled import Labelled, read_labelled
from aurora.redteam.judging.learned import left_out, train
from aurora.redteam.judging.named import MEASURED, rules_sha256
from aurora.redteam.judging.shown import lines

SETS = {"XSTest": ("xstest", "completions_*.jsonl.gz"), "Do-Not-Answer": ("do_not_answer", "human_*.jsonl.gz")}
READ = {
    "XSTest": ("completions_llama2new", "completions_llama2orig"),
    "Do-Not-Answer": ("human_ChatGLM2", "human_llama2-7b-chat", "human_vicuna-7b"),
}
NOTE = "of models whose answers were not read when the rules were written"
FOLDS = 3


def main() -> None:
    """Measure all judges on both sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/safety"))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--rules-only", action="store_true")
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    if options.small:
        with tempfile.TemporaryDirectory() as folder:
            make_up(Path(folder))
            measure(Path(folder), write=False, rules_only=False)
    else:
        measure(options.data, write=options.write, rules_only=options.rules_only)


def measure(data: Path, *, write: bool, rules_only: bool) -> None:
    """Measure the judges on the sets below `data`."""
    for name, (folder, pattern) in SETS.items():
        files = sorted((data / folder).glob(pattern))
        answers = read_labelled(files)
        show(f"rules, all models of {name}", of_rules(name, files, answers))
        unread = rules_on_unread(name, files)
        show(f"rules, models of {name} that were not read", unread)
        if write and name == "XSTest":
            write_json(MEASURED, unread.table())
        if not rules_only:
            show(f"learned, {name}, leaving out a model", left_out(answers, data=name, files={}))
            show(f"learned, {name}, leaving out a model and its prompts", apart(name, answers))


def make_up(data: Path) -> None:
    """Sets of two models each, which refuse every other prompt in so many words."""
    for folder, pattern in SETS.values():
        (data / folder).mkdir()
        for model in ("one", "two"):
            rows = [
                {
                    "prompt": f"What is {number} times {number}?",
                    "answer": f"It is {number * number}." if number % 2 else "I'm sorry, but I can't help with that.",
                    "label": "compliance" if number % 2 else "refusal",
                    "language": "en",
                    "model": model,
                }
                for number in range(80)
            ]
            (data / folder / pattern.replace("*", model)).write_bytes(gzip.compress(json_lines(rows).encode()))


def rules_on_unread(name: str, files: Sequence[Path]) -> Calibration:
    """What the rules are worth on the models whose answers were not read."""
    unread = [path for path in files if path.name.split(".")[0] not in READ[name]]
    return of_rules(name, unread, read_labelled(unread))


def of_rules(name: str, files: Sequence[Path], answers: Sequence[Labelled]) -> Calibration:
    """What the rules are worth on some answers."""
    judge = Judge()
    verdicts = judge.outcomes([Answered(one.answer, one.language, one.prompt) for one in answers])
    return calibrated(
        judge.name, rules_sha256(), answers, verdicts, data=name, files=hashes(files), by=["model"], note=NOTE
    )


def apart(name: str, answers: Sequence[Labelled]) -> Calibration:
    """The learnt judge on models and prompts that it has not learnt from."""
    folds = {prompt: number % FOLDS for number, prompt in enumerate(sorted({one.prompt for one in answers}))}
    verdicts: list[Outcome] = ["answer"] * len(answers)
    for model in sorted({one.model for one in answers}):
        for fold in range(FOLDS):
            judge = train([one for one in answers if one.model != model and folds[one.prompt] != fold])
            for number, one in enumerate(answers):
                if one.model == model and folds[one.prompt] == fold:
                    verdicts[number] = judge.outcome(one.answer, one.language)
    return calibrated("learned", "", answers, verdicts, data=name, files={}, by=["model"])


def show(title: str, found: Calibration) -> None:
    """Print agreement, of all and by model."""
    print("\n".join([f"## {title}", *lines(found, ["model"]), ""]), flush=True)


if __name__ == "__main__":
    main()
