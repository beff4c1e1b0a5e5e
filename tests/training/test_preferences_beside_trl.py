"""The loss of a step of preference pairs beside TRL's on the same batch: from the store to the number."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aurora.model.families import FAMILIES
from aurora.model.network import Network
from aurora.recipe.model import Architecture
from aurora.recipe.stages.objective import Dpo
from aurora.tokens.packing import Packing, Row, new_row, positions
from aurora.tokens.preferences.rows import Preferences
from aurora.tokens.store import StoreWriter, TokenStore, store_stem
from aurora.training.parallel.engine import OneProcess
from aurora.training.parallel.preferring import PairsOfRows, as_rows
from aurora.training.process.runtime import Runtime
from aurora.training.reference import log_probabilities
from small_tokenizers import byte_level

VOCABULARY, LENGTH, WIDTH = 420, 64, 32
CPU = torch.device("cpu")
# (prompt, chosen, rejected) of each pair, in tokens.
PAIRS = [(5, 9, 4), (3, 2, 12), (11, 7, 7), (1, 20, 3)]
ARCHITECTURE = Architecture(layers=2, width=WIDTH, heads=4, positions=LENGTH, initializer_range=0.1)


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    generator = np.random.default_rng(4)
    with StoreWriter(store_stem(tmp_path, "prefs/en"), VOCABULARY, masked=True) as writer:
        for prompt, *answers in PAIRS:
            asked = generator.integers(1, VOCABULARY, prompt)
            for answer in answers:
                ids = np.concatenate([asked, generator.integers(1, VOCABULARY, answer)])
                writer.add(ids, np.arange(len(ids)) >= prompt)
        writer.close("prefs", "en", "hash", preferences=True)
    return TokenStore.open(store_stem(tmp_path, "prefs/en"))


def network(seed: int) -> Network:
    model = Network(ARCHITECTURE, VOCABULARY)
    model.initialise(torch.Generator().manual_seed(seed))
    return model.eval()


def ours(store: TokenStore, dpo: Dpo, packing: Packing) -> float:
    """The loss of the first step over all pairs."""
    start = OneProcess(network(2), Runtime(CPU, "fp32", 1))
    rows = Preferences(store, LENGTH, 0, packing, log_probabilities(start, store, LENGTH))
    filled = []
    for index in range(rows.count):
        row = new_row(LENGTH)
        pairs = np.zeros(LENGTH, np.int64), np.zeros(rows.most)
        filled.append(Row(row.inputs, row.targets, row.loss_mask, row.documents, *pairs))
        rows.fill(index, filled[-1])
    names = {"tokens": "inputs", "targets": "targets", "loss_mask": "loss_mask", "documents": "documents"}
    batch = {name: torch.from_numpy(np.stack([getattr(row, part) for row in filled])) for name, part in names.items()}
    batch["positions"] = torch.from_numpy(positions(batch["documents"].numpy()))
    slots, margins = (
        torch.from_numpy(np.stack([getattr(row, part) for row in filled])) for part in ("slots", "margins")
    )
    count = ((slots.amax(1) + 1) // 2)[:, None]
    weights = (torch.arange(rows.most) < count).double() / len(PAIRS)
    engine = OneProcess(network(1), Runtime(CPU, "fp32", 1), None, dpo)
    return engine.train_step(batch | as_rows(PairsOfRows(slots, margins, weights)), 2, 1)


def theirs(store: TokenStore, folder: Path, **settings: Any) -> float:
    """TRL's on the same pairs, one row for each answer."""
    trl = pytest.importorskip("trl", reason="trl is not installed")
    import datasets
    import transformers

    family = FAMILIES[ARCHITECTURE.family]
    models = []
    for seed in (1, 2):
        config = transformers.GPTBigCodeConfig(**family.configuration(ARCHITECTURE), vocab_size=VOCABULARY)
        model = transformers.GPTBigCodeForCausalLM(config).eval()
        model.load_state_dict(dict(network(seed).named), strict=False)
        models.append(model)
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=byte_level("gpt-2", VOCABULARY), eos_token="<|endoftext|>", pad_token="<|endoftext|>"
    )
    pairs = datasets.Dataset.from_list([{"prompt": "Why?", "chosen": "So.", "rejected": "No."}] * 4)
    given = trl.DPOConfig(str(folder), report_to="none", use_cpu=True, bf16=False, disable_dropout=True, **settings)
    trainer = trl.DPOTrainer(models[0], models[1], args=given, train_dataset=pairs, processing_class=tokenizer)
    longest = int(store.document_sizes.max())
    ids, counted = (np.zeros((store.num_documents, longest), np.int64) for _ in range(2))
    attended = np.zeros_like(ids)
    order = [*range(0, store.num_documents, 2), *range(1, store.num_documents, 2)]
    for row, number in enumerate(order):
        begin, size = store.document(number)
        assert store.mask is not None
        ids[row, :size] = store.tokens[begin : begin + size]
        counted[row, :size] = store.mask[begin : begin + size]
        attended[row, :size] = 1
    batch = {"input_ids": ids, "attention_mask": attended, "completion_mask": counted}
    loss = trainer.compute_loss(trainer.model, {name: torch.from_numpy(part) for name, part in batch.items()})
    return float(loss.detach())


@pytest.mark.slow
@pytest.mark.parametrize("beta", [0.1, 0.5])
def test_the_loss_is_trls(beta: float, store: TokenStore, tmp_path: Path) -> None:
    """Within 1e-6 at the usual `beta`, by which the rounding of log-probabilities is multiplied."""
    expected = theirs(store, tmp_path / "trl", beta=beta)
    assert abs(expected - math.log(2)) > 0.01  # not where it begins
    for packing in ("own", "best-fit"):
        assert ours(store, Dpo(beta=beta), packing) == pytest.approx(expected, abs=1e-5 * beta)
