"""Rows for a tokenizer's new entries in the embedding of a published model.

One decision: the old rows stay as they are, bit for bit, so old text is understood as before; a new entry starts from
the rows of the pieces it replaces, which the model knows already.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from tokenizers import Tokenizer
from torch import Tensor

from aurora.errors import UserError
from aurora.tokens.extension import new_rows, pieces_of


@dataclass(frozen=True)
class NewEntries:
    """An extended tokenizer's file, and how its new entries' rows are made (see `aurora.tokens.extension.new_rows`)."""

    tokenizer_file: Path
    method: Literal["mean", "random", "mean-covariance"]
    seed: int


def extended_embedding(embedding: Tensor, published: Tokenizer, entries: NewEntries) -> Tensor:
    """The embedding [V, W] with a row for every entry of the extended tokenizer, [max(V, entries), W].

    Rows that the published model has beyond its own tokenizer were never trained and are used first. Raises `UserError`
    where the extended tokenizer gives an old id another meaning.
    """
    extended = json.loads(entries.tokenizer_file.read_text(encoding="utf-8"))
    meaning = Tokenizer.from_file(str(entries.tokenizer_file)).get_vocab(with_added_tokens=True)
    own = published.get_vocab(with_added_tokens=True)
    if changed := [name for name, index in own.items() if meaning.get(name) != index]:
        raise UserError(
            f"The extended tokenizer is not made from the model's own: {changed[0]!r} has id {own[changed[0]]} in the "
            "model's; give the model's folder as tokens.path."
        )
    first = max(own.values()) + 1
    pieces = pieces_of(extended, first)
    old = embedding[:first].float().numpy()
    rows = torch.from_numpy(new_rows(old, pieces, entries.method, entries.seed)).to(embedding.dtype)
    return torch.cat([embedding[:first], rows, embedding[first + len(rows) :]])
