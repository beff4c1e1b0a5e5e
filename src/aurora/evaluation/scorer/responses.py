"""What decides an answer of the scorer, as the key under which it is kept (`aurora.kept`).

One decision: an answer is found under a hash of everything that decides it: the weights and their type, the tokenizer,
the version of the scorer, and the request as the network reads it, which holds its examples, settings, seed and number.
So another checkpoint, another number of examples or a second sample never meets an old answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from aurora.files import canonical_json
from aurora.version import __version__

if TYPE_CHECKING:
    from aurora.model.network import Network
    from aurora.tokens.text.text_facts import TextFacts

SCORING = 1  # raised with each change of the scorer that moves an answer


def identity(network: Network, text: TextFacts) -> dict[str, str]:
    """What decides every answer beside the request: hashes of weights and tokenizer, type, device and version."""
    kind = str(network.output_weight.dtype).removeprefix("torch.")
    return {
        "weights": weights_hash(network),
        "architecture": network.architecture.model_dump_json(),
        "tokenizer": tokenizer_hash(text),
        "dtype": kind,
        "device": network.output_weight.device.type,
        "aurora": f"{__version__} {SCORING}",
        "torch": torch.__version__,
    }


def weights_hash(network: Network) -> str:
    """SHA-256 over all weights with their names, whatever file they came from."""
    found = hashlib.sha256()
    for name, weight in sorted(network.named.items()):
        found.update(f"{name} {weight.dtype} {tuple(weight.shape)}".encode())
        found.update(weight.detach().cpu().contiguous().view(torch.uint8).numpy().data)
    return found.hexdigest()


def tokenizer_hash(text: TextFacts) -> str:
    """SHA-256 of a tokenizer and what is said of its text."""
    parts = [text.tokenizer.to_str(), text.template, text.start, text.end, sorted(text.stops), text.started]
    return hashlib.sha256(canonical_json(parts)).hexdigest()


def keys_of(who: Mapping[str, str], kind: str, requests: Sequence[Any]) -> list[str]:
    """The key of each request of a `kind`, asked of the model `who`."""
    begun = hashlib.sha256(canonical_json([dict(who), kind]))
    keys = []
    for request in requests:
        found = begun.copy()
        found.update(canonical_json(request))
        keys.append(found.hexdigest())
    return keys
