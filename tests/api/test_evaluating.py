"""Checkpoints on tasks: the same items for all, files that stand alone, and what cannot be asked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from api.byte_checkpoint import write_checkpoint
from aurora.api import evaluating
from aurora.api.evaluating import FORMATS, comparison, evaluate, names, read_all
from aurora.commands.evaluating import FORMATS as OF_COMMAND
from aurora.errors import AuroraError, UserError
from aurora.evaluation.scorer import lm
from aurora.evaluation.scorer.tree import Row
from aurora.evaluation.tasks.planned import Wanted
from aurora.model.network import Network
from small_tasks import write_tasks


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Items of two tasks."""
    return write_tasks(tmp_path / "data")


def test_all_answer_the_same_items_and_are_compared_with_the_first(data: Path, tmp_path: Path) -> None:
    checkpoints = [write_checkpoint(tmp_path / name, seed) for seed, name in enumerate(("first", "second"))]
    wanted = Wanted(tasks=("xed_fi", "mmlu_hi"), data=(data,), forms=("cloze",))
    found = evaluate(checkpoints, wanted, tmp_path / "out")
    assert [one["name"] for one in found] == ["first", "second"]
    assert found[0]["model"]["weights_sha256"] != found[1]["model"]["weights_sha256"]
    assert list(found[0]["tasks"]) == ["xed_fi", "mmlu_hi"]
    assert list(found[0]["tasks"]["mmlu_hi"]["forms"]) == ["cloze"]
    rows = comparison(found)
    assert [(row["task"], row["model"]) for row in rows] == [
        (task, model) for task in ("xed_fi", "mmlu_hi") for model in ("first", "second")
    ]
    assert ["change" in row for row in rows] == [False, True] * 2
    files = sorted((tmp_path / "out").iterdir())
    assert [file.name for file in files] == ["first.json", "second.json"]
    assert comparison(read_all(files)) == rows
    (alone,) = evaluate(checkpoints[1:], Wanted(tasks=("mmlu_hi",), data=(data,), limit=3))
    whole = found[1]["tasks"]["mmlu_hi"]["forms"]["cloze"]["wordings"]["cloze-2"]["items"][:3]
    some = alone["tasks"]["mmlu_hi"]["forms"]["cloze"]["wordings"]["cloze-2"]["items"]
    assert len(some) == 3
    for one, other in zip(some, whole, strict=True):
        assert one["prompt"] == other["prompt"]
        assert one["log_likelihoods"] == pytest.approx(other["log_likelihoods"], abs=1e-4)


def test_a_checkpoint_is_not_compared_with_itself(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "model")
    with pytest.raises(UserError, match="is given twice: it would be compared with itself"):
        evaluate([folder, folder], Wanted())


def test_a_checkpoint_has_one_name_however_it_is_written(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "model")
    (tmp_path / "link").symlink_to(folder)
    for other in (tmp_path / "x/../model", tmp_path / "link"):
        with pytest.raises(UserError, match="is given twice"):
            evaluate([folder, other], Wanted(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_of_the_users_is_kept_and_told_before_any_work(
    data: Path, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = Wanted(tasks=("xed_fi",), data=(data,), forms=("cloze",))
    checkpoint = write_checkpoint(tmp_path / "model")
    for _ in range(2):
        evaluate([checkpoint], wanted, tmp_path / "out", form)
    monkeypatch.setattr(evaluating, "_evaluated", None)  # whoever gets there fails
    (*_, last) = sorted(path for path in (tmp_path / "out").rglob("*") if path.is_file())
    last.write_text("notes", encoding="utf-8")
    with pytest.raises(UserError, match="was not written by this command and would be lost"):
        evaluate([checkpoint], wanted, tmp_path / "out", form)
    with pytest.raises(UserError, match="is a file: give --output a folder"):
        evaluate([checkpoint], wanted, last, form)
    assert last.read_text(encoding="utf-8") == "notes"


@pytest.mark.parametrize("tasks", ["[]", '{"x": {"forms": {"cloze": {"wordings": {"cloze-1": {}}}}}}', '{"x": 5}'])
def test_results_of_another_form_are_one_sentence(tmp_path: Path, tasks: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(f'{{"schema": "aurora results 1", "tasks": {tasks}}}', encoding="utf-8")
    with pytest.raises(AuroraError, match=r"r\.json does not have the expected content"):
        read_all([path])


def test_a_page_of_results_of_another_form_is_one_sentence(tmp_path: Path) -> None:
    item = {"id": "1", "cluster": "1", "prompt": "p", "score": 1.0, "metrics": {"acc": 1.0}}
    form = {"measure": "acc", "wordings": {"cloze-1": {"items": [item], "not_scored": 0, "metrics": {}}}}
    task = {"kind": "choice", "chance": None, "shots": 0, "shots_wanted": 0, "forms": {"cloze": form}}
    for name in "ab":
        results = {"schema": "aurora results 1", "tasks": {"x": task}}  # without the language
        (tmp_path / f"{name}.json").write_text(json.dumps(results), encoding="utf-8")
    found = read_all([tmp_path / "a.json", tmp_path / "b.json"])
    with pytest.raises(AuroraError, match=r"p\.html cannot be made: one of the results is not as it was written"):
        evaluating.write_page(found, comparison(found), tmp_path / "p.html")
    assert not (tmp_path / "p.html").exists()


def test_results_are_not_compared_with_themselves(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(tmp_path / "r.json")
    with pytest.raises(UserError, match="A file of results is given twice: it would be compared with itself"):
        read_all([tmp_path / "r.json", tmp_path / "link.json"])


def test_what_is_not_there_is_named_before_any_model_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no task trio"):
        evaluate([tmp_path / "nowhere"], Wanted(tasks=("trio",)))
    with pytest.raises(UserError, match="is neither a run nor a checkpoint folder"):
        evaluate([write_checkpoint(tmp_path / "model"), tmp_path / "nowhere"], Wanted(limit=1))


def test_paths_are_named_by_their_shortest_ends_that_differ() -> None:
    assert names([Path("runs/a/checkpoints/cap"), Path("runs/a/checkpoints/cat")]) == ["cap", "cat"]
    assert names([Path("runs/a/cap"), Path("runs/b/cap")]) == ["a-cap", "b-cap"]
    assert names([Path("x/a.json"), Path("x/b.v2")]) == ["a", "b.v2"]


def test_a_command_that_was_stopped_goes_on_where_it_was(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    checkpoints = [write_checkpoint(tmp_path / name, seed) for seed, name in enumerate(("first", "second"))]
    wanted = Wanted(tasks=("xed_fi", "mmlu_hi"), data=(data,), forms=("cloze",))
    plain = evaluate(checkpoints, wanted)
    computed: list[int] = []
    compute, asked = lm.likelihoods, evaluating._evaluated

    def counted(network: Network, rows: Sequence[Row], *more: Any) -> Any:
        computed.append(len(rows))
        return compute(network, rows, *more)

    def stopped(path: Path, *more: Any) -> Any:
        found = asked(path, *more)
        if path == checkpoints[1]:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(lm, "likelihoods", counted)
    monkeypatch.setattr(evaluating, "_evaluated", stopped)
    with pytest.raises(KeyboardInterrupt):
        evaluate(checkpoints, wanted)
    assert sum(computed) > 0
    computed.clear()
    monkeypatch.setattr(evaluating, "_evaluated", asked)
    assert evaluate(checkpoints, wanted) == plain
    assert sum(computed) == 0
    assert list((tmp_path / "cache/aurora/answers").iterdir()) == []
    assert evaluate(checkpoints, wanted) == plain
    assert sum(computed) > 0  # nothing is left of a command that is done


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on_and_says_the_same(data: Path, tmp_path: Path) -> None:
    rows = [{"id": f"{n}", "question": f"No. {n} " * 8, "choices": ["a", "bc", "d"], "answer": 1} for n in range(400)]
    (data / "xed_fi.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    checkpoint = write_checkpoint(tmp_path / "model")
    command = [
        sys.executable,
        "-m",
        "aurora",
        "evaluate",
        str(checkpoint),
        "--task",
        "xed_fi",
        "--data",
        str(data),
        "--json",
    ]
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    plain = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    answers = tmp_path / "cache/aurora/answers"
    killed = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while killed.poll() is None and not any(file.stat().st_size > 8192 for file in answers.iterdir()):
        time.sleep(0.02)
    killed.kill()
    assert killed.wait() == -signal.SIGKILL
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "goes on where the same command was stopped" in again.stderr
    found, expected = (json.loads(one.stdout)["compared"] for one in (again, plain))
    assert found == expected
    assert list(answers.iterdir()) == []


def test_the_command_offers_the_formats_that_there_are() -> None:
    assert FORMATS == OF_COMMAND


@pytest.mark.distributed
def test_two_processes_share_the_items_and_write_what_one_would(data: Path, tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tmp_path / "model")
    asked = ["-m", "aurora", "evaluate", str(checkpoint), "--task", "xed_fi", "--data", str(data), "--json"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    shared = subprocess.run([*torchrun, *asked], capture_output=True, text=True, timeout=110, check=True)
    found = json.loads(shared.stdout)["results"][0]["tasks"]
    (alone,) = evaluate([checkpoint], Wanted(tasks=("xed_fi",), data=(data,)))
    for form, expected in alone["tasks"]["xed_fi"]["forms"].items():
        for wording, one in expected["wordings"].items():
            items = found["xed_fi"]["forms"][form]["wordings"][wording]["items"]
            assert [item["id"] for item in items] == [item["id"] for item in one["items"]]
            for item, other in zip(items, one["items"], strict=True):
                assert item["log_likelihoods"] == pytest.approx(other["log_likelihoods"], abs=1e-4)


@pytest.mark.distributed
def test_two_processes_decide_what_one_does(data: Path, tmp_path: Path) -> None:
    checkpoints = [str(write_checkpoint(tmp_path / name, seed)) for seed, name in enumerate(("first", "second"))]
    asked = ["-m", "aurora", "evaluate", *checkpoints, "--task", "xed_fi", "--data", str(data), "--budget", "20%"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    found = [
        json.loads(
            subprocess.run([*how, *asked, "--json"], capture_output=True, text=True, timeout=110, check=True).stdout
        )
        for how in (torchrun, [sys.executable])
    ]
    (two, one) = ([row["change"] for row in part["compared"] if "change" in row] for part in found)
    assert two == one
