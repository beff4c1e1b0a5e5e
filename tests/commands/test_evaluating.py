"""`aurora evaluate` as a user calls it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from aurora.cli import aurora, main
from aurora.model.folder import save_model
from aurora.model.network import Network
from aurora.recipe.model import Architecture


@pytest.fixture
def checkpoints(tmp_path: Path) -> list[str]:
    """Two networks with random weights that read bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([], trainer)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    found = []
    for seed in (1, 2):
        model = Network(Architecture(layers=1, width=32, heads=4, positions=200, initializer_range=0.3), 257)
        model.initialise(torch.Generator().manual_seed(seed))
        save_model(model, tmp_path / f"m{seed}", tmp_path / "tokenizer.json")
        found.append(str(tmp_path / f"m{seed}"))
    return found


def test_two_checkpoints_are_compared_on_our_own_items(checkpoints: list[str], tmp_path: Path) -> None:
    asked = ["evaluate", *checkpoints, "--limit", "6", "--form", "cloze", "--output", str(tmp_path / "out")]
    done = CliRunner().invoke(aurora, [*asked, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert [row["model"] for row in found["compared"]] == ["m1", "m2"]
    assert found["compared"][1]["change"]["items"] == 6
    assert found["results"][0]["tasks"]["pronouns"]["chance"] == 0.5
    again = CliRunner().invoke(aurora, ["compare", *(str(tmp_path / f"out/{name}.json") for name in ("m1", "m2"))])
    assert again.exit_code == 0, again.output
    lines = again.stdout.splitlines()
    assert lines[0].split()[:4] == ["task", "form", "model", "items"]
    assert [line.split()[:4] for line in lines[1:3]] == [["pronouns", "cloze", name, "6"] for name in ("m1", "m2")]


def test_items_are_written_as_lm_eval_writes_them(checkpoints: list[str], tmp_path: Path) -> None:
    asked = ["evaluate", checkpoints[0], "--limit", "2", "--form", "cloze", "--format", "lm-eval"]
    done = CliRunner().invoke(aurora, [*asked, "--output", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    (first, *_) = sorted((tmp_path / "out/m1").iterdir())
    assert first.name == "samples_pronouns.cloze-1.jsonl"
    assert {"doc_id", "target", "metrics", "acc", "prompt_hash"} <= set(json.loads(first.read_text().splitlines()[0]))


def test_a_budget_asks_until_it_is_decided_and_files_say_the_same(checkpoints: list[str], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    asked = ["evaluate", *checkpoints, "--limit", "12", "--budget", "30%", "--output", str(tmp_path / "out")]
    asked += ["--html", str(page)]
    done = CliRunner().invoke(aurora, [*asked, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    changes = [row["change"] for row in found["compared"] if "change" in row]
    assert [change["tasks"] for change in changes] == [2, 2]  # cloze and choice
    assert {change["verdict"] for change in changes} <= {"forgot", "kept", "cannot tell"}
    assert all(change["items"] <= change["offered"] == 12 and change["e_kept"] >= 1 for change in changes)
    assert found["results"][0]["settings"]["budget"] == 0.3
    results = [str(tmp_path / f"out/{name}.json") for name in ("m1", "m2")]
    again = CliRunner().invoke(aurora, ["compare", *results, "--json"])
    assert json.loads(again.stdout)["compared"] == found["compared"]
    lines = CliRunner().invoke(aurora, ["compare", *results]).stdout.splitlines()
    assert lines[0].split()[-3:] == ["change", "e-value", "verdict"]
    assert lines[2].split()[4:6] == ["of", "12"]
    assert lines[-1].startswith("Asked until it was decided whether more than 0.3 of the score is lost")
    assert "asked item by item until it was decided whether more than 30" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--budget", "2"], "'2' is no share of a score from 0% to below 100% (did you mean 2%?)"),
        (["--budget", "much"], "'much' is no share of a score"),
        (["--budget", "2%"], "give two checkpoints or more"),
        (["m2", "--budget", "2%", "--format", "lm-eval", "--output", "out"], "cannot say that a budget decided"),
        (["--task", "chess"], "There is no task chess"),
        (["--suite", "chess"], "There is no suite chess"),
        (["m1"], "is given twice"),
        (["--task", "xed_fi", "--data", "."], "has no xed_fi.jsonl"),
        (["--shots", "3"], "has 0 examples"),
    ],
    ids=["percent", "word", "alone", "format", "task", "suite", "twice", "data", "shots"],
)
def test_mistakes_are_one_sentence(
    checkpoints: list[str], more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    named = dict(zip(("m1", "m2"), checkpoints, strict=True))
    arguments = [named.get(argument, argument) for argument in more]
    with pytest.raises(SystemExit) as left:
        main(["evaluate", checkpoints[0], *arguments])
    assert left.value.code == 2
    assert said in capsys.readouterr().err


def test_a_file_that_holds_no_results_is_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "report.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        main(["compare", str(tmp_path / "report.json")])
    assert left.value.code == 2
    assert "holds no scores of items" in capsys.readouterr().err


def test_the_scorer_is_tested_on_a_users_checkpoint(
    checkpoints: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["evaluate", checkpoints[0], "--self-test"])
    assert "27 of 27 bugs found, 0 false alarms" in capsys.readouterr().out
    monkeypatch.setattr("aurora.evaluation.self_test.running.INVARIANTS", ())
    with pytest.raises(SystemExit, match="1"):
        main(["evaluate", checkpoints[0], "--self-test", "--json"])
    shown = capsys.readouterr()
    assert json.loads(shown.out)["m1"]["found"][0]["invariant"] == ""
    assert "its scores are not to be trusted" in shown.err
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    with pytest.raises(SystemExit) as left:
        main(["evaluate", checkpoints[0], "--self-test"])
    assert left.value.code == 2
    assert "pip install 'aurora-lm[evaluate]'" in capsys.readouterr().err


def test_a_page_is_written_beside_what_is_printed_and_never_over_a_file_of_others(
    checkpoints: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    asked = ["evaluate", *checkpoints, "--limit", "6", "--form", "cloze", "--html", str(page)]
    done = CliRunner().invoke(aurora, [*asked, "--json", "--output", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    (pronouns,) = json.loads(done.stdout)["results"][0]["tasks"].values()
    written = page.read_text(encoding="utf-8")
    prompt, *_ = next(iter(pronouns["texts"].values()))["prompt"].split(",")
    assert prompt in written
    again = tmp_path / "again.html"
    results = [str(tmp_path / f"out/{name}.json") for name in ("m1", "m2")]
    assert CliRunner().invoke(aurora, ["compare", *results, "--html", str(again)]).exit_code == 0
    assert again.read_text(encoding="utf-8") == written  # from the files alone
    mine = tmp_path / "mine.html"
    mine.write_text("mine", encoding="utf-8")
    for command in (["evaluate", "no-such-checkpoint"], ["compare", *results]):
        with pytest.raises(SystemExit) as left:
            main([*command, "--html", str(mine)])
        assert left.value.code == 2
        assert "mine.html was not written by this command" in capsys.readouterr().err
    assert mine.read_text(encoding="utf-8") == "mine"
