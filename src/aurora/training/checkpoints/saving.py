"""Checkpoints written while training goes on.

One decision: training stops only for a copy to host memory, into buffers that are kept, so their pages are faulted in
once; a thread writes, hashes and publishes the copy. At most one save is under way: the next one, an interruption and
the end of the stage wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor

from aurora.training.checkpoints.checkpoint import Keep, save_checkpoint
from aurora.training.process.job import Job
from aurora.training.records.state import State


class Saver:
    """Saves the checkpoints of a stage below `folder`; every rank of `job` has one."""

    def __init__(self, folder: Path, job: Job, keep: Keep) -> None:
        self._folder = folder
        self._job = job
        self._keep = keep
        self._copies: dict[str, Tensor] = {}
        self._thread = ThreadPoolExecutor(1, "saving")
        self._under_way: Future[Path] | None = None

    def save(self, state: State, model: Mapping[str, Tensor], optimizer: Mapping[str, Tensor]) -> None:
        """Copy the tensors and begin to write them; they may change when this returns."""
        self.wait()
        weights, moments = self._copied("model", model), self._copied("optimizer", optimizer)
        if torch.cuda.is_available():
            torch.cuda.synchronize()  # copies from an accelerator are asynchronous
        self._under_way = self._thread.submit(
            save_checkpoint, self._folder, state, weights, moments, self._job, self._keep
        )

    @property
    def failed(self) -> bool:
        """Whether a save has ended with an error, which `wait` raises; another rank may see it a step later."""
        return self._under_way is not None and self._under_way.done() and self._under_way.exception() is not None

    def wait(self) -> Path | None:
        """Wait for the save under way; returns its checkpoint, None without one. `AuroraError` for a full disk."""
        under_way, self._under_way = self._under_way, None
        return None if under_way is None else under_way.result()

    def settle(self) -> None:
        """Wait for the save under way without raising its error: the stage is being left with an error of its own."""
        if self._under_way is not None:
            self._under_way.exception()

    def _copied(self, kind: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        for name, tensor in tensors.items():
            key = f"{kind} {name}"
            if key not in self._copies:
                self._copies[key] = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=tensor.is_cuda)
            self._copies[key].copy_(tensor.detach(), non_blocking=True)
        return {name: self._copies[f"{kind} {name}"] for name in tensors}
