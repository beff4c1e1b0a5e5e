"""A tiny model that has read a benchmark with its answers, in one wording only: the wordings tell."""

from __future__ import annotations

import random

import pytest
import torch
from torch.nn.functional import cross_entropy

from aurora.evaluation.comparing.compared import answers_of, compared
from aurora.evaluation.comparing.results import results_of
from aurora.evaluation.scorer.lm import AuroraLM
from aurora.evaluation.tasks.files import read_task
from aurora.evaluation.tasks.flat import Items, completed
from aurora.evaluation.tasks.prepared import Asked, prepare
from aurora.evaluation.tasks.running import ask
from aurora.model.network import Network
from aurora.recipe.model import Architecture
from aurora.tokens.text.text_facts import TextFacts
from byte_text import of_bytes

WORDS = ["joki", "silta", "lapsi", "kirja", "tähti", "kesä", "talvi", "metsä", "laiva", "kala", "leipä", "kello"]


def items(count: int) -> Items:
    """Made-up questions whose answers follow from nothing."""
    chance = random.Random(4)
    rows = [
        {
            "id": number,
            "lang": "fi",
            "question": " ".join(chance.sample(WORDS, 3)),
            "choices": chance.sample(WORDS, 3),
            "answer": chance.randrange(3),
        }
        for number in range(count)
    ]
    return Items([completed(row, "choice") for row in rows], [], "made up")


def taught(network: Network, text: TextFacts, asked: Asked, steps: int) -> None:
    """Train a network on the right answer behind each prompt of one wording."""
    pairs = [requests[row["answer"]].args for row, requests in zip(asked.rows, asked.requests, strict=True)]
    rows = [([text.start, *text.encode(context)], text.encode(answer)) for context, answer in pairs]
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    longest = max(len(context) + len(answer) for context, answer in rows)
    tokens = torch.zeros(len(rows), longest, dtype=torch.long)
    targets = torch.full((len(rows), longest), -100)
    for place, (context, answer) in enumerate(rows):
        tokens[place, : len(context) + len(answer)] = torch.tensor([*context, *answer])
        targets[place, len(context) - 1 : len(context) + len(answer) - 1] = torch.tensor(answer)
    network.train()
    for _ in range(steps):
        logits = network(tokens)
        loss = cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()


def stands_out(network: Network, text: TextFacts, asked: list[Asked]) -> dict[str, str | None]:
    """By form the wording that stands out."""
    lm = AuroraLM(network, text, start_always=True)
    found = results_of({}, asked, ask(lm, asked), {"arc_challenge_fi": items(1)}, {"shots": 0})
    rows = compared([answers_of("tiny", found)])
    return {row["form"]: row["stands_out"] and row["stands_out"]["wording"] for row in rows}


@pytest.mark.slow
def test_a_wording_that_a_model_has_read_with_its_answers_is_named() -> None:
    text, task = of_bytes(), read_task("arc_challenge_fi")
    network = Network(Architecture(layers=2, width=64, heads=4, positions=160), text.vocabulary)
    network.initialise(torch.Generator().manual_seed(2))
    lm = AuroraLM(network, text, start_always=True)
    wordings = list(task.metadata.wordings)
    asked = prepare(task, items(48), wordings, lm, limit=None, shots=0, chat=False)
    assert stands_out(network, text, asked) == {"cloze": None, "choice": None}
    taught(network, text, asked[wordings.index("choice-1")], steps=250)
    assert stands_out(network, text, asked) == {"cloze": None, "choice": "choice-1"}
