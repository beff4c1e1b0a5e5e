"""Rows for a tokenizer's new entries in the embedding of a published model.

One decision: the old rows stay unchanged, bit for bit, so the model reads old text as before; a new entry starts from
the rows of the pieces it replaces, which the model already knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from tokenizers import Tokenizer
from torch import Tensor

from aurora.files import read_json
from aurora.tokens.text.extension import new_rows, pieces_of
from aurora.tokens.text.text_facts import vocabulary_of


@dataclass(frozen=True)
class NewEntries:
    """How the rows of an extended tokenizer's new entries are made (see `aurora.tokens.text.extension.new_rows`)."""

    method: Literal["mean", "random", "mean-covariance"]
    seed: int


def extended_embedding(embedding: Tensor, published: Tokenizer, tokenizer_file: Path, entries: NewEntries) -> Tensor:
    """The embedding [V, W] with a row for every entry of the extended tokenizer, [max(V, entries), W].

    Rows that the published model has beyond its own tokenizer were never trained and are used first.
    """
    extended = read_json(tokenizer_file)
    first = vocabulary_of(published)
    pieces = pieces_of(extended, first)
    old = embedding[:first].float().numpy()
    rows = torch.from_numpy(new_rows(old, pieces, entries.method, entries.seed)).to(embedding.dtype)
    return torch.cat([embedding[:first], rows, embedding[first + len(rows) :]])
