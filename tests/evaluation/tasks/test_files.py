"""Files of tasks, as a user writes them, and the sentences about what is wrong with one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.evaluation.tasks.files import form_of, languages, read_suite, read_task, suite_names, task_names

MINE = """\
include: choice_fi.yaml
task: mine
metadata:
  version: 2.0
  file: things
  wordings:
    cloze-2: {doc_to_text: "{{ question }} Siis:"}
    cloze-4: {doc_to_text: "{{ question }} =>"}
"""


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_task_of_ones_own_is_one_file_that_includes_a_family(tmp_path: Path) -> None:
    task = read_task(written(tmp_path, MINE))
    assert (task.name, task.metadata.language, task.data_file, task.shots) == ("mine", "fi", "things", 0)
    assert list(task.forms()) == ["cloze", "choice"]
    assert task.forms()["cloze"] == ["cloze-1", "cloze-2", "cloze-3", "cloze-4"]
    config = task.config("cloze-4")
    assert config["task"] == "mine.cloze-4"
    assert config["doc_to_text"] == "{{ question }} =>"
    assert task.config("cloze-2")["doc_to_text"] == "{{ question }} Siis:"
    assert "Kysymys" in task.config("cloze-1")["doc_to_text"]
    assert "metadata" not in config


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("task: mine", "task: My Task", "`task` is 'My Task': give a name"),
        ("version: 2.0", "versoin: 2.0", "metadata.version"),
        ("cloze-4:", "four:", "'four' is not FORM-NAME"),
        ("cloze-4: {doc_to_text", "cloze-4: {doc_to_tekst", "cannot change doc_to_tekst (did you mean doc_to_text?)"),
        ("cloze-4:", "essay-1:", "the form essay has no metric"),
        ("  file: things", "  measures: {cloze: bleu, choice: acc}", "bleu is not in metric_list"),
        ("task: mine", "task: mine\nnum_fewshot: 2\ntest_split: test\nfewshot_split: test", "would come from scored"),
        ("choice_fi.yaml", "choice_xx.yaml", "cannot be read"),
        ("include: choice_fi.yaml", "include: mine.yaml", "include one another"),
        ("task: mine", "task: [", "this is not valid YAML"),
        (MINE, "- a\n", "a task is a table of keys, and this file holds none"),
        ("include: choice_fi.yaml", "include: 5", "include is 5: give the name of a file"),
        ("include: choice_fi.yaml", "include: ['']", "include is ['']: give the name of a file"),
        ("include: choice_fi.yaml", "include: '*.yaml'", "cannot be read"),
        ("task: mine", "task: mine\nnum_fewshot: three", "num_fewshot is 'three': give a whole number"),
        ("task: mine", "task: mine\nmetric_list: acc", "metric_list is no list of tables"),
        ("metadata:", "metadata: 5\nother:", "metadata is no table of keys"),
        ("    cloze-4: {doc_to_text", "    cloze-4: []\n    cloze-5: [doc_to_text", "is not valid YAML"),
        ('{doc_to_text: "{{ question }} Siis:"}', "[doc_to_text]", "metadata is no table of keys with wordings"),
        ("file: things", "file: ../../elsewhere/things", "metadata.file: string should match"),
        ("file: things", "file: /elsewhere/things", "metadata.file: string should match"),
        ("task: mine", "task: mine\nseen: 2026-13-45\nwhen: !!int abc", "'abc' is not of its tag, int"),
        ("task: mine", "task: mine\nrun: !!python/name:os.system", "cannot have the tag"),
    ],
    ids=[
        "name",
        "key",
        "wording",
        "changed",
        "form",
        "measure",
        "examples",
        "include",
        "circle",
        "yaml",
        "list",
        "include of a number",
        "include of nothing",
        "include of a pattern",
        "examples in words",
        "metrics",
        "metadata",
        "wording",
        "wording as a list",
        "out of the data",
        "anywhere",
        "not of its tag",
        "a program",
    ],
)
def test_a_mistake_is_one_sentence_with_the_file(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in MINE
    with pytest.raises(UserError, match="yaml") as told:
        read_task(written(tmp_path, MINE.replace(old, new)))
    assert said in str(told.value)


def test_files_of_tasks_have_limits(tmp_path: Path) -> None:
    (tmp_path / "again.yaml").write_text("include: [again.yaml, again.yaml, again.yaml]\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"again\.yaml: include: more than 8 files .*, or 50 in all"):
        read_task(written(tmp_path, "include: again.yaml\ntask: mine\n"))
    wide = "".join(f"i{number}.yaml, " for number in range(60))
    for number in range(60):
        (tmp_path / f"i{number}.yaml").write_text("num_fewshot: 0\n", encoding="utf-8")
    with pytest.raises(UserError, match="50 in all"):
        read_task(written(tmp_path, f"include: [{wide}]\ntask: mine\n"))
    aliases = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
    with pytest.raises(UserError, match="with its aliases written out this file has more than"):
        read_task(written(tmp_path, f"a0: &a0 [x]\n{aliases}task: mine\n"))
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(UserError, match="a pipe or a device"):
        read_task(str(tmp_path / "pipe.yaml"))


def test_a_function_that_is_not_there_is_named_when_the_task_is_made(tmp_path: Path) -> None:
    task = read_task(
        written(tmp_path, MINE.replace("task: mine", "task: mine\nprocess_docs: !function nowhere.at_all"))
    )
    with pytest.raises(UserError, match=r"!function nowhere\.at_all: it cannot be imported"):
        task.config("cloze-1")


def test_a_function_in_a_file_beside_the_task_is_found_as_lm_eval_finds_it(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("def rows(found):\n    return found\n", encoding="utf-8")
    task = read_task(written(tmp_path, MINE.replace("task: mine", "task: mine\nprocess_docs: !function beside.rows")))
    assert task.config("cloze-1")["process_docs"]([1]) == [1]


def test_names_that_are_not_there_are_answered_with_the_nearest() -> None:
    with pytest.raises(UserError, match=r"did you mean xquad_\w\w\?"):
        read_task("xquad_fi")
    with pytest.raises(UserError, match=r"no suite finish \(did you mean finnish\?\)"):
        read_suite("finish")


def test_every_suite_names_tasks_that_exist() -> None:
    for name in suite_names():
        assert set(read_suite(name).tasks) <= set(task_names()), name
    assert read_suite("quick").limit == 100
    assert {"hi", "ja", "vi", "fi", "en"} <= set(languages(map(read_task, read_suite("aurora-m").tasks)))
    assert form_of("attack-base64") == "attack"
