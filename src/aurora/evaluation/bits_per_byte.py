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
    from torch import Tensor

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
    text, and for each window the number of its text."""

    tokens: npt.NDArray[np.int64]
    mask: npt.NDArray[np.bool_]
    num_bytes: int
    texts: Sequence[int] = ()

    def by_text(self, bits: npt.NDArray[np.float64], num_texts: int) -> list[float]:
        """Bits of windows added up to those of the texts, in order."""
        return [float(sum_) for sum_ in np.bincount([*self.texts], weights=bits, minlength=num_texts)]


def windows_of(texts: Sequence[str], text: TextFacts, sequence_length: int) -> Windows:
    """Encode `texts` into windows of `sequence_length` targets each."""
    rows: list[npt.NDArray[np.int64]] = []
    masks: list[npt.NDArray[np.bool_]] = []
    numbers: list[int] = []
    for number, encoding in enumerate(text.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)):
        stream = np.array([text.start, *encoding.ids], dtype=np.int64)
        for start in range(0, len(stream) - 1, sequence_length):
            window = stream[start : start + sequence_length + 1]
            missing = sequence_length + 1 - len(window)
            rows.append(np.pad(window, (0, missing), constant_values=text.pad))
            masks.append(np.arange(sequence_length) < len(window) - 1)
            numbers.append(number)
    return _stacked(rows, masks, sequence_length, sum(len(text.encode()) for text in texts), numbers)


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
    return _stacked(rows, masks, sequence_length, num_bytes, range(len(rows)))


def bits_per_byte(model: Scorer, windows: Windows) -> float:
    """The network's bits per byte on `windows`; nan where they hold no text."""
    if not windows.num_bytes:
        return math.nan
    nats = 0.0
    for _, losses in _losses(model, windows):
        nats += losses.sum().item()
    return nats / math.log(2) / windows.num_bytes


def bits_of_windows(model: Scorer, windows: Windows) -> npt.NDArray[np.float64]:
    """The bits that the network needs for the targets of each window that count."""
    bits = np.zeros(len(windows.tokens))
    for chosen, losses in _losses(model, windows):
        number = 0
        for row in chosen:
            count = int(windows.mask[row].sum())
            bits[row] = losses[number : number + count].sum().item() / math.log(2)
            number += count
    return bits


def _losses(model: Scorer, windows: Windows) -> Iterator[tuple[npt.NDArray[np.int64], Tensor]]:
    """For each batch the numbers of its windows, and the losses of their targets that count, one window after another
    in float64."""
    import torch

    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    with torch.no_grad():  # not inference mode: training later reuses the buffers that sharded parameters gather into
        for chosen, rows, mask in _batches(windows):
            tokens = torch.from_numpy(rows).to(device)
            losses = model.token_losses(tokens[:, :-1], tokens[:, 1:])
            yield chosen, losses.double().masked_select(torch.from_numpy(mask).to(device))
    model.train(was_training)


def _stacked(
    rows: list[npt.NDArray[np.int64]],
    masks: list[npt.NDArray[np.bool_]],
    sequence_length: int,
    num_bytes: int,
    texts: Sequence[int],
) -> Windows:
    if not rows:
        return Windows(
            np.zeros((0, sequence_length + 1), np.int64), np.zeros((0, sequence_length), np.bool_), num_bytes
        )
    return Windows(np.stack(rows), np.stack(masks), num_bytes, texts)


def _batches(
    windows: Windows,
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]]:
    """Numbers of windows with the windows: sorted by length, each batch cut to its longest, so that little is computed
    on padding."""
    # Up to the last target that counts: of answers, those before it are prompts.
    lengths = np.where(windows.mask.any(1), windows.mask.shape[1] - np.argmax(windows.mask[:, ::-1], axis=1), 0)
    order = np.argsort(-lengths, kind="stable")
    for start in range(0, len(order), BATCH_SEQUENCES):
        chosen = order[start : start + BATCH_SEQUENCES]
        longest = min(-(-int(lengths[chosen].max()) // LENGTH_STEP) * LENGTH_STEP, windows.mask.shape[1])
        yield chosen, windows.tokens[chosen, : longest + 1], windows.mask[chosen, :longest]
