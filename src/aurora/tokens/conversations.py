"""Conversations to token stores: their ids by the tokenizer's chat template, and which of the ids are learnt.

One decision: if only answers are learnt, a conversation has a mask beside its ids, like a prompt/response pair; if all
of it is learnt, it is stored and counted like any text.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np

from aurora.corpus.artifact import read_columns
from aurora.corpus.conversation import is_conversation, turns_of
from aurora.recipe.tokens import Loss
from aurora.tokens.store import SideFile, StoreWriter, store_stem
from aurora.tokens.text.formats import Format
from aurora.tokens.text.text_facts import TextFacts

SAVE_CONVERSATIONS = 20_000  # an interrupted build loses a few seconds of encoding


def holds_conversations(corpus: Path, source: str, language: str) -> bool:
    """Whether a source's clean documents in a language are conversations."""
    first = islice(read_columns(corpus, "clean", ("meta",), source, language), 1)
    return any(is_conversation(meta) for (meta,) in first)


def encode_conversations(
    text: TextFacts, tokenizer_hash: str, corpus: Path, source: str, language: str, folder: Path, loss: Loss
) -> SideFile:
    """Write the store of a source's conversations in a language; `loss` says what of them is learnt.

    Raises `UserError` if the chat template cannot write one, or does not end answers.
    """
    form = Format(text)
    stem = store_stem(folder, f"{source}/{language}")
    with StoreWriter(stem, text.vocabulary, masked=loss != "all", key=f"{tokenizer_hash} {loss}") as writer:
        rows = read_columns(corpus, "clean", ("text", "meta", "license"), source, language)
        for number, (written, meta, license) in enumerate(islice(rows, writer.num_documents, None), 1):
            ids, counted = form.conversation(turns_of(written, meta), last_only=loss == "last")
            num_bytes = len(written.encode())
            if loss == "all":
                writer.add(_as_text(text, ids), num_bytes=num_bytes, license=license)
            else:
                writer.add(ids, np.array(counted, np.uint8), num_bytes=num_bytes, license=license)
            if number % SAVE_CONVERSATIONS == 0:
                writer.save()
        return writer.close(source, language, tokenizer_hash)


def _as_text(text: TextFacts, ids: list[int]) -> list[int]:
    """The ids of a conversation as those of any document, between one start and one end."""
    first = 1 if ids[:1] == [text.start] else 0
    last = len(ids) - (ids[-1:] == [text.end])
    return text.document(ids[first:last])
