"""A network in training is asked what `aurora evaluate` asks, again and again."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

import small_tokenizers
from aurora.evaluation.comparing.asking import asked_model
from aurora.evaluation.comparing.compared import answers_of, compared
from aurora.evaluation.comparing.during import DuringTraining
from aurora.evaluation.tasks.planned import Planned, Wanted, plan
from aurora.model.network import Network
from aurora.recipe.model import Architecture
from aurora.tokens.text.text_facts import TextFacts
from byte_text import of_bytes
from training.small_stage import child_environment

RANK = Path(__file__).with_name("rank.py")
WANTED = Wanted(tasks=("pronouns",), limit=3)


@pytest.fixture(scope="module")
def planned() -> list[Planned]:
    return plan(WANTED)[0]


def network(text: TextFacts, seed: int) -> Network:
    made = Network(Architecture(layers=1, width=16, heads=2, positions=256, initializer_range=0.3), text.vocabulary)
    made.initialise(torch.Generator().manual_seed(seed))
    return made.train()


def test_scores_are_those_of_aurora_evaluate_every_time(planned: list[Planned], tmp_path: Path) -> None:
    """And the network stays in training, with its gradients, and random numbers as they were."""
    text = of_bytes()
    during = DuringTraining(text, planned, WANTED)
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    for seed in (1, 2, 1):
        asked = network(text, seed)
        rows = compared([answers_of("", asked_model(tmp_path, asked, text, planned, WANTED, {}))])
        found = during(asked, None)
        keys = ("mean", "items", "low", "high")
        assert [(one.task, one.form, one.chance, one.score, one.items, one.low, one.high) for one in found] == [
            (row["task"], row["form"], row["chance"], *(row["score"][key] for key in keys)) for row in rows
        ]
        assert [(one.form, one.items, one.language) for one in found] == [("cloze", 3, "en"), ("choice", 3, "en")]
        assert asked.training
        asked.loss(torch.arange(9)[None, :-1], torch.arange(9)[None, 1:]).backward()
    assert states == (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
    assert all(one.low is not None and one.low <= one.score <= (one.high or 0) for one in found)


def test_a_digest_tells_what_is_asked(planned: list[Planned]) -> None:
    text = of_bytes()
    (pronouns,) = planned
    same = DuringTraining(text, plan(WANTED)[0], WANTED).digest
    assert DuringTraining(text, planned, WANTED).digest == same
    others = [
        replace(pronouns, limit=4),
        replace(pronouns, wordings=pronouns.wordings[:1]),
        replace(pronouns, items=replace(pronouns.items, scored=pronouns.items.scored[1:])),
        replace(pronouns, task=replace(pronouns.task, keys={**pronouns.task.keys, "description": "Think."})),
    ]
    digests = {DuringTraining(text, [other], WANTED).digest for other in others}
    assert len(digests | {same}) == 5


def test_conversations_are_known_the_second_time(planned: list[Planned]) -> None:
    """In a model's chat format requests are ids that were made once, with the first network."""
    tokenizer = small_tokenizers.byte_level("gpt-2")
    tokenizer.add_special_tokens(["<s>", "</s>"])
    start, end = (tokenizer.token_to_id(name) for name in ("<s>", "</s>"))
    template = "{% for message in messages %}<s>{{ message['content'] }}</s>{% endfor %}<s>"
    text = replace(of_bytes(), tokenizer=tokenizer, template=template, start=start, end=end, stops=(end,))
    wanted = replace(WANTED, chat=True)
    during, fresh = DuringTraining(text, planned, wanted), DuringTraining(text, planned, wanted)
    first, second = network(text, 1), network(text, 2)
    during(first, None)
    assert [asdict(one) for one in during(second, None)] == [asdict(one) for one in fresh(second, None)]


@pytest.mark.distributed
@pytest.mark.timeout(300)
def test_ranks_share_seven_items_each_once_and_all_know_the_scores(tmp_path: Path) -> None:
    """1, 2, 3 and 5 ranks, which do not divide them."""
    command = [sys.executable, str(RANK), str(tmp_path), "1", "2", "3", "5"]
    subprocess.run(command, env=child_environment(), check=True, capture_output=True)
    told = {path.stem: json.loads(path.read_text()) for path in tmp_path.glob("*.json")}
    alone = told["1.0"]
    assert len(told) == 1 + 2 + 3 + 5
    for name, one in told.items():
        assert one["scores"] == told[f"{name[0]}.0"]["scores"]
        assert [score["score"] for score in one["scores"]] == [score["score"] for score in alone["scores"]]
        assert [score["items"] for score in one["scores"]] == [7, 7]
    for ranks in (2, 3, 5):
        shared = [row for rank in range(ranks) for row in told[f"{ranks}.{rank}"]["computed"]]
        assert sorted(shared) == sorted(alone["computed"])
        assert all(told[f"{ranks}.{rank}"]["computed"] for rank in range(ranks))
