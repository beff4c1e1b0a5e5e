"""Every task that comes with Aurora, as it is asked: `prompts.txt` is read by a person whenever it changes.

The placeholders stand for an item, so no benchmark's text is kept here; `hashes.json` holds the hashes of what is asked
of the first item of each set, in every wording, with its examples. `python tests/evaluation/tasks/test_library.py`
writes both.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from lm_eval.tasks import TaskManager
from lm_eval.tasks._yaml_loader import load_yaml

from aurora.evaluation.tasks import hub
from aurora.evaluation.tasks.files import LIBRARY, Task, description, read_task, suite_names, task_files, task_names
from aurora.evaluation.tasks.flat import Items, completed, find_file, read_items
from aurora.evaluation.tasks.prepared import Asked, prepare
from task_model import ITEMS, Model

HERE = Path(__file__).parent
PROMPTS, HASHES = HERE / "prompts.txt", HERE / "hashes.json"
# Words that would be English in a prompt of another language: labels that a translator forgot.
ENGLISH = ("Question", "Answer", "Text:", "Options", "correct", "Choose", "Sentence")


def prepared(task: Task, items: Items, shots: int | None = None) -> list[Asked]:
    return prepare(task, items, list(task.metadata.wordings), Model(max_length=10**6), limit=1, shots=shots, chat=False)  # type: ignore[arg-type]


@cache
def of_placeholders(name: str) -> list[Asked]:
    task = read_task(name)
    row = {"id": "0", "lang": task.metadata.language, **ITEMS[task.metadata.kind]}
    translations = {language: f"‹request in {language}›" for language in task.metadata.translations}
    item = {**completed(row, task.metadata.kind), **({"translations": translations} if translations else {})}
    return prepared(task, Items([item], [], "here"), shots=0)


def sections() -> Iterator[str]:
    """What is asked, and of which tasks: each prompt once."""
    tasks: dict[str, list[str]] = {}
    for name in task_names():
        for one in of_placeholders(name):
            (requests,) = one.requests
            said = []
            for request in requests:
                behind = request.args[1]
                shown = (
                    f"stops at {json.dumps(behind['until'], ensure_ascii=False)}"
                    if isinstance(behind, dict)
                    else behind
                )
                said.append((request.args[0], shown))
            contexts = list(dict.fromkeys(context for context, _ in said))
            lines = [f"{contexts[0]}⟨{'⟩ ⟨'.join(behind for _, behind in said)}⟩"] if len(contexts) == 1 else [
                f"{context}⟨{behind}⟩" for context, behind in said
            ]  # fmt: skip
            tasks.setdefault("\n--\n".join(lines), []).append(f"{name}.{one.wording}")
    for text, names in tasks.items():
        yield f"#### {' '.join(names)}\n{text}\n"


def hashes(data: Path) -> dict[str, dict[str, str]]:
    """By task and wording the hash of what is asked of the first item."""
    found, folders = {}, [data / "benchmarks", data / "safety"]
    for name in task_names():
        task = read_task(name)
        path = find_file(task.data_file, folders)
        if path is not None:
            others = {language: find_file(file, folders) for language, file in task.metadata.translations.items()}
            items = read_items(task, path, {language: place for language, place in others.items() if place})
            found[name] = {one.wording: one.prompts[0] for one in prepared(task, items)}
    return found


def test_prompts_are_those_that_were_read() -> None:
    assert "\n".join(sections()) == PROMPTS.read_text(encoding="utf-8"), (
        f"run {Path(__file__).name}, and read the changes"
    )


@pytest.mark.slow
@pytest.mark.shared
def test_what_is_asked_of_the_first_items_is_what_it_was(shared_data: Path) -> None:
    found, kept = hashes(shared_data), json.loads(HASHES.read_text(encoding="utf-8"))
    assert found == kept
    assert len(found) >= 36


@pytest.mark.parametrize("name", task_names())
def test_a_choice_is_asked_in_three_wordings_as_a_cloze_and_as_letters(name: str) -> None:
    task = read_task(name)
    forms = task.forms()
    if task.metadata.kind in ("choice", "gap"):
        assert {form: len(wordings) >= 3 for form, wordings in forms.items()} == {"cloze": True, "choice": True}
        for one in of_placeholders(name):
            prompts = {request.args for request in one.requests[0]}
            assert len(prompts) == len(ITEMS[task.metadata.kind]["choices"])
    assert len({one.prompts[0] for one in of_placeholders(name)}) == len(task.metadata.wordings)
    assert description(task_files()[name]).endswith(".")


@pytest.mark.parametrize("language", ["fi", "hi", "ja", "vi"])
def test_labels_are_in_the_tasks_language(language: str) -> None:
    for name in task_names():
        task = read_task(name)
        if task.metadata.language == language:
            for one in of_placeholders(name):
                for request in one.requests[0]:
                    asked = "".join(part for part in request.args if isinstance(part, str))
                    assert not [word for word in ENGLISH if word in asked], (name, one.wording)


def test_lm_evals_own_command_knows_every_task_and_suite() -> None:
    found = TaskManager(include_path=str(LIBRARY), include_defaults=False)
    assert set(found.all_tasks) == {*task_names(), *suite_names()}
    own = load_yaml(task_files()["openbookqa_en"])
    assert own["process_docs"] is hub.labelled_choices
    assert own["doc_to_text"] == read_task("openbookqa_en").keys["doc_to_text"]


if __name__ == "__main__":
    PROMPTS.write_text("\n".join(sections()), encoding="utf-8")
    HASHES.write_text(json.dumps(hashes(Path(sys.argv[1])), indent=1, sort_keys=True) + "\n", encoding="utf-8")
