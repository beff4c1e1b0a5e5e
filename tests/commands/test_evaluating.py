"""`aurora evaluate` as a user calls it."""

from __future__ import annotations

import json
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


def test_two_checkpoints_are_compared_on_our_own_items(checkpoints: list[str]) -> None:
    done = CliRunner().invoke(aurora, ["evaluate", *checkpoints, "--limit", "12", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)["pronouns"]
    assert found["chance"] == 0.5
    assert list(found["accuracy"]) == checkpoints
    assert found["compared"][checkpoints[1]]["items"] == 12
    assert len(found["items"][checkpoints[0]]) == 12
    shown = CliRunner().invoke(aurora, ["evaluate", *checkpoints, "--limit", "12"])
    assert shown.stdout.splitlines()[0].split()[:2] == ["task", "items"]
    assert len(shown.stdout.splitlines()) == 3


@pytest.mark.parametrize(
    ("more", "said"),
    [(["--task", "chess"], "has no task chess: there are pronouns"), (["m1"], "is given twice")],
    ids=["task", "twice"],
)
def test_mistakes_are_one_sentence(
    checkpoints: list[str], more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [checkpoints[0] if argument == "m1" else argument for argument in more]
    with pytest.raises(SystemExit) as left:
        main(["evaluate", checkpoints[0], *arguments])
    assert left.value.code == 2
    assert said in capsys.readouterr().err
