"""What is asked without lm-eval is what lm-eval asks, and is scored as it scores."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aurora.evaluation.tasks import prepared
from aurora.evaluation.tasks.files import Task, read_task, task_names
from aurora.evaluation.tasks.flat import find_file, read_items
from aurora.evaluation.tasks.plain import is_plain
from aurora.evaluation.tasks.prepared import Asked, prepare
from aurora.evaluation.tasks.running import ask
from task_model import Model
from training.small_stage import child_environment

PLAIN = [name for name in task_names() if is_plain(read_task(name))]


def both_ways(task: Task, path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Asked]]:
    """A task prepared by lm-eval, and then without it."""
    for absent in (False, True):
        with monkeypatch.context() as patch:
            if absent:
                patch.setattr(prepared, "find_spec", lambda name: None)
            items = read_items(task, path)
            wordings = list(task.metadata.wordings)
            yield prepare(task, items, wordings, Model(), limit=5, shots=0, chat=False)  # type: ignore[arg-type]


def told(asked: list[Asked]) -> list[Any]:
    requests = [[[request.args for request in of_item] for of_item in one.requests] for one in asked]
    return [requests, [one.prompts for one in asked], ask(Model(), asked)]  # type: ignore[arg-type]


def test_the_task_that_comes_with_aurora_is_plain() -> None:
    assert "pronouns" in PLAIN
    assert not is_plain(read_task("humaneval"))
    assert not is_plain(read_task("gsm8k_en"))


@pytest.mark.parametrize("name", ["pronouns", *(name for name in PLAIN if name != "pronouns")])
def test_requests_and_scores_are_those_of_lm_eval(
    name: str, folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of every task of the library that has no examples: prompts, their hashes, scores and metrics."""
    task = read_task(name)
    kind = task.metadata.kind
    path = find_file(task.data_file, []) or find_file(
        task.data_file, [folder(task.data_file, kind, 5, **task.metadata.only)]
    )
    assert path is not None
    with_it, without = (told(asked) for asked in both_ways(task, path, monkeypatch))
    assert without == with_it


def test_a_choice_that_is_named_by_its_text(folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """And a template that writes a number, and a list of labels: other ways in which a file may say what is right."""
    data = folder("mine", "choice", 3)
    (data / "mine.yaml").write_text(
        "task: mine\noutput_type: multiple_choice\ndoc_to_text: '{{ question }}'\ndoc_to_choice: choices\n"
        "doc_to_target: '{{ choices[answer] }}'\nmetric_list: [{metric: acc}, {metric: acc_bytes}]\n"
        "metadata:\n  version: 1\n  kind: choice\n  language: en\n  measures: {cloze: acc_bytes}\n"
        "  wordings: {cloze-1: {}, cloze-2: {doc_to_target: '{{ answer }}'},\n"
        "    cloze-3: {doc_to_choice: [a, b, c], doc_to_target: answer, target_delimiter: ''}}\n",
        encoding="utf-8",
    )
    task = read_task(str(data / "mine.yaml"))
    assert is_plain(task)
    with_it, without = (told(asked) for asked in both_ways(task, data / "mine.jsonl", monkeypatch))
    assert without == with_it


@pytest.mark.parametrize(
    "key", ["description: Think.", "num_fewshot: 1", "fewshot_split: train", "doc_to_text: !function beside.made"]
)
def test_what_only_lm_eval_knows_is_not_plain(tmp_path: Path, key: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"include: gap_en.yaml\ntask: mine\n{key}\nmetadata: {{version: 1}}\n", encoding="utf-8")
    assert not is_plain(read_task(str(path)))


@pytest.mark.slow
def test_in_a_set_up_without_its_packages() -> None:
    """A process in which neither can be imported asks the pronouns."""
    script = (
        "import sys, torch\n"
        "for name in ('lm_eval', 'datasets', 'transformers'): sys.modules[name] = None\n"
        "import importlib.util as util\n"
        "real = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name in ('lm_eval', 'datasets') else real(name, *rest)\n"
        "from pathlib import Path\n"
        "from aurora.evaluation.comparing.asking import asked_model\n"
        "from aurora.evaluation.tasks.planned import Wanted, plan\n"
        "from aurora.model.network import Network\n"
        "from aurora.recipe.model import Architecture\n"
        "from byte_text import of_bytes\n"
        "text, wanted = of_bytes(), Wanted(limit=2)\n"
        "model = Network(Architecture(layers=1, width=16, heads=2, positions=256), text.vocabulary)\n"
        "model.initialise(torch.Generator().manual_seed(1))\n"
        "found = asked_model(Path('.'), model, text, plan(wanted)[0], wanted, {})\n"
        "print(found['tasks']['pronouns']['forms']['cloze']['estimate']['items'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=child_environment(), capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["6"], done.stderr[-2000:]
