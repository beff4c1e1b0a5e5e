"""The bytes per token in each language, and what an extension changes.

One decision: they are measured on held-out documents, from which no tokenizer learnt; a language without any is left
out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from aurora.corpus.artifact import parts, read_texts
from aurora.tokens.text.encoder import Encoder, fast_encoder

# Documents measured in each language: a few seconds of work, one per cent of noise.
SAMPLE_DOCUMENTS = 500


def bytes_per_token(encoder: Encoder, texts: Sequence[str]) -> float:
    """The mean number of UTF-8 bytes of a token; nan without text."""
    num_tokens = sum(len(ids) for ids in encoder.encode(texts))
    return sum(len(text.encode()) for text in texts) / num_tokens if num_tokens else float("nan")


def fertility(tokenizer: Tokenizer, corpus: Path) -> dict[str, float]:
    """Bytes per token of each language's held-out text."""
    encoder = fast_encoder(tokenizer)
    measured = {language: bytes_per_token(encoder, texts) for language, texts in _samples(corpus).items()}
    return {language: round(value, 3) for language, value in measured.items() if value == value}  # without nan


def compare_tokenizers(before: Tokenizer, after: Tokenizer, corpus: Path) -> dict[str, dict[str, Any]]:
    """By language: bytes per token before and after, and the share of documents whose ids are no longer the same."""
    old, new = fast_encoder(before), fast_encoder(after)
    compared: dict[str, dict[str, Any]] = {}
    for language, texts in _samples(corpus).items():
        pairs = list(zip(old.encode(texts), new.encode(texts), strict=True))
        num_bytes = sum(len(text.encode()) for text in texts)
        if not num_bytes:
            continue
        compared[language] = {
            "bytes_per_token_before": round(num_bytes / sum(len(ids) for ids, _ in pairs), 3),
            "bytes_per_token_after": round(num_bytes / sum(len(ids) for _, ids in pairs), 3),
            "documents_changed": round(sum(not np.array_equal(a, b) for a, b in pairs) / len(pairs), 4),
        }
    return compared


def _samples(corpus: Path) -> dict[str, list[str]]:
    languages = sorted({language for _, language, _, _ in parts(corpus, "held_out")})
    return {lang: list(islice(read_texts(corpus, "held_out", lang=lang), SAMPLE_DOCUMENTS)) for lang in languages}
