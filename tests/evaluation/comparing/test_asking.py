"""A model at hand is asked everything that is planned, and its results say how."""

from __future__ import annotations

from pathlib import Path

import torch

from aurora.evaluation.comparing.asking import asked_model
from aurora.evaluation.tasks.planned import Wanted, plan
from aurora.model.network import Network
from aurora.recipe.model import Architecture
from byte_text import of_bytes


def test_results_say_what_was_asked_and_of_which_model(tmp_path: Path) -> None:
    text = of_bytes()
    network = Network(Architecture(layers=1, width=16, heads=2, positions=160), text.vocabulary)
    network.initialise(torch.Generator().manual_seed(1))
    wanted = Wanted(tasks=("pronouns",), forms=("choice",), limit=2)
    planned, left_out = plan(wanted)
    found = asked_model(tmp_path, network, text, planned, wanted, {**left_out, "another": "it is elsewhere"})
    assert found["settings"] == {
        "seed": 0, "samples": 1, "suites": [], "tasks": ["pronouns"], "limit": 2, "shots": None, "chat": False,
        "start_token": True, "left_out": {"another": "it is elsewhere"},
    }  # fmt: skip
    assert list(found["tasks"]["pronouns"]["forms"]) == ["choice"]
    wordings = found["tasks"]["pronouns"]["forms"]["choice"]["wordings"]
    assert [len(wording["items"]) for wording in wordings.values()] == [2, 2, 2]
    assert found["model"]["positions"] == 160
