"""What decides an answer of the scorer, as the key under which it is kept (`aurora.kept`).

One decision: an answer is found under a hash of everything that decides it: the weights and their type, the tokenizer,
the version of the scorer, what chooses the kernels, and the request as the network reads it, which holds its start, its
examples, settings, seed and number. So another checkpoint, another number of examples or a second sample never meets an
old answer.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import torch

from aurora.files import canonical_json
from aurora.version import __version__

if TYPE_CHECKING:
    from aurora.model.network import Network
    from aurora.tokens.text.text_facts import TextFacts

SCORING = 2  # raised with each change of the scorer that moves an answer, or of the keys


def identity(network: Network, text: TextFacts) -> dict[str, str]:
    """What decides every answer beside the request: hashes of weights and tokenizer, type, kernels and version."""
    kind = str(network.output_weight.dtype).removeprefix("torch.")
    return {
        "weights": weights_hash(network),
        "architecture": network.architecture.model_dump_json(),
        "tokenizer": tokenizer_hash(text),
        "dtype": kind,
        "kernels": kernels(network.output_weight.device),
        "aurora": f"{__version__} {SCORING}",
        "torch": torch.__version__,
    }


def kernels(device: torch.device) -> str:
    """What chooses how a device computes: which one it is, and with how many digits it may multiply."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else torch.backends.cpu.get_cpu_capability()
    exact = torch.are_deterministic_algorithms_enabled()
    return f"{device.type} {name} {torch.get_float32_matmul_precision()} {'deterministic' if exact else 'any'}"


def weights_hash(network: Network) -> str:
    """SHA-256 over all weights with their names, whatever file they came from."""
    with ThreadPoolExecutor(max_workers=min(16, os.cpu_count() or 1)) as threads:
        parts = threads.map(_weight_hash, *zip(*sorted(network.named.items()), strict=True))
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def _weight_hash(name: str, weight: torch.Tensor) -> str:
    found = hashlib.sha256(f"{name} {weight.dtype} {tuple(weight.shape)}".encode())
    found.update(weight.detach().cpu().contiguous().view(torch.uint8).numpy().data)
    return found.hexdigest()


def tokenizer_hash(text: TextFacts) -> str:
    """SHA-256 of a tokenizer and what is said of its text."""
    parts = [text.tokenizer.to_str(), text.template, text.start, text.end, sorted(text.stops), text.started]
    return hashlib.sha256(canonical_json(parts)).hexdigest()


def keys_of(who: Mapping[str, str], kind: str, requests: Sequence[Sequence[Any]]) -> list[str]:
    """The key of each request of a `kind`, asked of the model `who`: first its ids, then all else that decides it."""
    begun = hashlib.sha256(canonical_json([dict(who), kind]))
    keys = []
    for ids, *rest in requests:
        found = begun.copy()
        found.update(canonical_json([len(ids), *rest]))
        found.update(array("I", ids).tobytes())  # a hundred times as fast as JSON, and examples are long
        keys.append(found.hexdigest())
    return keys
