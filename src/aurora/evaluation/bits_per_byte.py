"""Bits per byte: cross-entropy in bits over UTF-8 bytes, comparable across tokenizers and languages.

One decision: every text is read from its beginning, after the token that stands before a text, and cut into windows of
the sequence length without overlap, and only the text's own tokens count. The same windows serve the network and the
bigram beside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from aurora.corpus.conversation import ASSISTANT, Turn

if TYPE_CHECKING:
    from aurora.model.scorer import Scorer
    from aurora.tokens.text.formats import Format
    from aurora.tokens.text.text_facts import TextFacts

# Sequences of a batch. Hidden states of all of them are held at once; `token_losses` holds logits of a few rows only.
BATCH_SEQUENCES = 16
# Batches are padded to a multiple of this: few lengths, because oneDNN compiles and keeps a product for every shape.
LENGTH_STEP = 32


@dataclass(frozen=True)
class Windows:
    """Texts as token windows: `tokens` [N, L + 1] int64, `mask` [N, L] marks the targets that count, `num_bytes` of
    text."""

    tokens: npt.NDArray[np.int64]
    mask: npt.NDArray[np.bool_]
    num_bytes: int


def windows_of(texts: Sequence[str], text: TextFacts, sequence_length: int) -> Windows:
    """Encode `texts` into windows of `sequence_length` targets each."""
    rows: list[npt.NDArray[np.int64]] = []
    masks: list[npt.NDArray[np.bool_]] = []
    for encoding in text.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False):
        stream = np.array([text.start, *encoding.ids], dtype=np.int64)
        for start in range(0, len(stream) - 1, sequence_length):
            window = stream[start : start + sequence_length + 1]
            missing = sequence_length + 1 - len(window)
            rows.append(np.pad(window, (0, missing), constant_values=text.pad))
            masks.append(np.arange(sequence_length) < len(window) - 1)
    return _stacked(rows, masks, sequence_length, sum(len(text.encode()) for text in texts))


def answer_windows(conversations: Sequence[Sequence[Turn]], form: Format, sequence_length: int) -> Windows:
    """Conversations that fit a window of `sequence_length` targets, one in each; their answers count without the tokens
    that end them."""
    rows: list[npt.NDArray[np.int64]] = []
    masks: list[npt.NDArray[np.bool_]] = []
    num_bytes = 0
    for turns in conversations:
        ids, counted = form.conversation(turns)
        missing = sequence_length + 1 - len(ids)
        if missing < 0 or not any(counted):
            continue
        inner = np.array(counted, np.bool_) & np.append(np.array(counted[1:], np.bool_), False)
        rows.append(np.pad(np.array(ids, np.int64), (0, missing), constant_values=form.facts.pad))
        masks.append(np.pad(inner[1:], (0, missing)))
        num_bytes += sum(len(turn.text.encode()) for turn in turns if turn.role == ASSISTANT and turn.learnt)
    return _stacked(rows, masks, sequence_length, num_bytes)


def bits_per_byte(model: Scorer, windows: Windows) -> float:
    """The network's bits per byte on `windows`; nan where they hold no text."""
    import torch

    if not windows.num_bytes:
        return math.nan
    device = next(model.parameters()).device
    nats = 0.0
    was_training = model.training
    model.eval()
    with torch.no_grad():  # not inference mode: training later reuses the buffers that sharded parameters gather into
        for rows, mask in _batches(windows):
            tokens = torch.from_numpy(rows).to(device)
            losses = model.token_losses(tokens[:, :-1], tokens[:, 1:])
            nats += losses.double().masked_select(torch.from_numpy(mask).to(device)).sum().item()
    model.train(was_training)
    return nats / math.log(2) / windows.num_bytes


def _stacked(
    rows: list[npt.NDArray[np.int64]], masks: list[npt.NDArray[np.bool_]], sequence_length: int, num_bytes: int
) -> Windows:
    if not rows:
        return Windows(
            np.zeros((0, sequence_length + 1), np.int64), np.zeros((0, sequence_length), np.bool_), num_bytes
        )
    return Windows(np.stack(rows), np.stack(masks), num_bytes)


def _batches(windows: Windows) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]]:
    """Windows sorted by length, each batch cut to its longest, so that little is computed on padding."""
    # Up to the last target that counts: of answers, those before it are prompts.
    lengths = np.where(windows.mask.any(1), windows.mask.shape[1] - np.argmax(windows.mask[:, ::-1], axis=1), 0)
    order = np.argsort(-lengths, kind="stable")
    for start in range(0, len(order), BATCH_SEQUENCES):
        chosen = order[start : start + BATCH_SEQUENCES]
        longest = min(-(-int(lengths[chosen].max()) // LENGTH_STEP) * LENGTH_STEP, windows.mask.shape[1])
        yield windows.tokens[chosen, : longest + 1], windows.mask[chosen, :longest]
