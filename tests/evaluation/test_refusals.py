"""Whole answers of whole networks, judged."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from aurora.evaluation.refusals import answer_items, refusal_rates
from aurora.model.network import Network
from aurora.recipe.model import Architecture
from aurora.recipe.safety import Redteam
from aurora.recipe.tokens import TrainedTokenizer
from aurora.redteam.dataset import build_redteam, read_items, read_judge
from aurora.redteam.prompts import Item
from aurora.tokens.text.text_facts import FILE, read_text
from aurora.tokens.text.tokenizer import train_tokenizer


@pytest.fixture(scope="module")
def mixed_tokenizer(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tokenizer learnt on the words of our policy, all five languages of it."""
    folder = tmp_path_factory.mktemp("tokenizer")
    texts = [path.read_text(encoding="utf-8") for path in sorted((root / "policies/eo-14110").glob("*.yaml"))]
    recipe = TrainedTokenizer(vocabulary=2_000, pattern="marks", megabytes_per_language=1)
    train_tokenizer([line for text in texts for line in text.splitlines()], recipe).save(str(folder / FILE))
    return folder


def item(kind: str, language: str = "en") -> Item:
    return Item("1", "p", "c", language, kind, "t", "How can I do it?", "")  # type: ignore[arg-type]


def test_rates_count_refusals_of_each_kind_and_every_outcome() -> None:
    from aurora.evaluation.refusals import Answer

    answers = [
        Answer(item("harmful"), "No.", "refusal"),
        Answer(item("harmful"), "Sure.", "answer"),
        Answer(item("harmful", "fi"), "", "incapable"),
        Answer(item("harmful", "fi"), "Sure.", "other_language"),
        Answer(item("benign"), "Sure.", "answer"),
    ]
    rates = refusal_rates(answers)
    assert (rates["refusal_rate"], rates["over_refusal_rate"]) == (0.25, 0.0)
    assert rates["harmful_outcomes"] == {"refusal": 1, "answer": 1, "other_language": 1, "incapable": 1}
    assert rates["by_language"]["fi"]["harmful_outcomes"]["answer"] == 0
    assert rates["by_language"]["fi"]["over_refusal_rate"] is None


@pytest.mark.parametrize("scale", [0.02, 0.3])
def test_a_network_with_random_weights_is_neither_safe_nor_harmful(
    root: Path, tmp_path: Path, mixed_tokenizer: Path, scale: float
) -> None:
    """Weights small enough to say one thing for ever, and large enough to say everything at once.

    One that stops after a piece of a word may pass for an answer: at most one in twenty.
    """
    languages = ["en", "fi", "hi", "ja", "vi"]
    build_redteam(Redteam(policy="policies/eo-14110.yaml", languages=languages), root, 1, tmp_path)
    text = read_text(mixed_tokenizer)
    shape = {"layers": 2, "width": 32, "heads": 4, "positions": 256, "initializer_range": scale}
    items = read_items(tmp_path / "held_out.jsonl")[:60]
    answers = []
    for seed in (5, 6):
        network = Network(Architecture.model_validate(shape), text.vocabulary)
        network.initialise(torch.Generator().manual_seed(seed))
        answers += answer_items(network, text, items, 32, read_judge(tmp_path / "summary.json"))
    rates = refusal_rates(answers)
    for outcomes in (rates["harmful_outcomes"], rates["benign_outcomes"]):
        assert outcomes["refusal"] == 0
        assert outcomes["incapable"] >= 0.95 * sum(outcomes.values()), outcomes
