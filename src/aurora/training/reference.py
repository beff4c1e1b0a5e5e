"""What the start of a stage says of its preference pairs: the log-probabilities that DPO compares with.

One decision: they are computed once, before the stage, by the processes that train it and in their precision. So no
second network is in memory while it trains, and at its first step a pair's margin differs from 0 by rounding alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from aurora.console.progress import progress
from aurora.model.scorer import Scorer
from aurora.recipe.execution import Execution
from aurora.recipe.stages.stage import Stage
from aurora.tokens.preferences.references import write_references
from aurora.tokens.preferences.rows import References
from aurora.tokens.store import TokenStore
from aurora.training.parallel.engine import Engine, OneProcess
from aurora.training.process.job import join
from aurora.training.process.runtime import prepare
from aurora.training.start import build_engine

TOKENS_AT_ONCE = 16_384  # of padded rows: their hidden states, and the logits of a part of them, are in memory


def compute_references(
    stage: Stage, start: Path, execution: Execution, stores: Mapping[str, TokenStore], folder: Path
) -> None:
    """Write the log-probabilities of all pairs of `stores` by the network in `start` into `folder`.

    Under torchrun every rank calls this with the same arguments, and rank 0 writes.
    """
    runtime, job = prepare(execution), join()
    engine = build_engine(start, stage, execution, runtime, None)
    # Ranks that share positions have equal parts of them.
    multiple = execution.tensor_parallel
    for source, store in stores.items():
        found = log_probabilities(engine, store, stage.sequence_length, multiple, f"reference {source}")
        if job.rank == 0:
            write_references(folder, source, found)
    job.wait()


@torch.no_grad()
def log_probabilities(
    engine: Engine, store: TokenStore, length: int, multiple: int = 1, label: str = "reference"
) -> References:
    """Of both answers of each pair of a store, [pairs, 2]; of pairs that are longer than `length` not a number.

    Each answer is read alone, from its own beginning, as the rows of a stage with document masks are; rows are filled
    up to a `multiple` of tokens. Ranks with data of their own share the answers.
    """
    network: Scorer = engine.weights.working if isinstance(engine, OneProcess) else engine.network
    network.eval()
    fits = (store.document_sizes.astype(np.int64) - 1).reshape(-1, 2).sum(1) <= length
    found = torch.zeros(store.num_documents, dtype=torch.float64)
    batches = list(_batches(store, np.flatnonzero(np.repeat(fits, 2))))
    with progress(label, len(batches), "batches") as bar:
        for first in range(0, len(batches), engine.ranks):
            # A rank without a batch in the last turn reads one too, as the others wait for its part of the weights.
            turn = first + engine.rank
            inputs, targets, counted = _rows(store, batches[min(turn, len(batches) - 1)], multiple)
            tokens = (torch.from_numpy(part).to(engine.device) for part in (inputs, targets))
            losses = network.token_losses(*tokens).double().cpu()
            if turn < len(batches):
                found[torch.from_numpy(batches[turn])] = -(losses * torch.from_numpy(counted)).sum(1)
            bar.update(min(engine.ranks, len(batches) - first))
    logs = engine.summed(found).cpu().numpy().reshape(-1, 2)
    logs[~fits] = np.nan
    return logs


def _batches(store: TokenStore, numbers: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    """Documents of about equal length together, so that little is padding."""
    ordered = numbers[np.argsort(store.document_sizes[numbers], kind="stable")]
    while len(ordered):
        # The longest of a batch is its last; as many as fit with that one's length, and one in any case.
        sizes = store.document_sizes[ordered].astype(np.int64) - 1
        rows = np.arange(1, len(sizes) + 1)
        count = max(1, int(np.searchsorted(sizes * rows, TOKENS_AT_ONCE, side="right")))
        yield ordered[:count]
        ordered = ordered[count:]


def _rows(
    store: TokenStore, numbers: npt.NDArray[np.int64], multiple: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Inputs, targets and which of these count, each [documents, longest]; what fills a row up counts nowhere and comes
    behind everything that does."""
    assert store.mask is not None
    longest = int(store.document_sizes[numbers].max()) - 1
    longest += -longest % multiple
    inputs, targets = (np.zeros((len(numbers), longest), np.int64) for _ in range(2))
    counted = np.zeros((len(numbers), longest), np.bool_)
    for row, number in enumerate(numbers.tolist()):
        begin, size = store.document(number)
        inputs[row, : size - 1] = store.tokens[begin : begin + size - 1]
        targets[row, : size - 1] = store.tokens[begin + 1 : begin + size]
        counted[row, : size - 1] = store.mask[begin + 1 : begin + size]
    return inputs, targets, counted
