"""Text to token ids as fast as the machine allows, with exactly the ids of the Hugging Face tokenizer.

One decision: tiktoken encodes for byte-level BPE with one of Aurora's two pre-tokenisations, `tokenizers` itself for
every other tokenizer; the choice never changes an id. tiktoken gets the tokenizer's own merges; `build.Encoders`
encodes the first documents of each store both ways, and falls back on any difference.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from aurora.tokens.text.tokenizer import pre_tokenizer

Ids = npt.NDArray[np.uint32]

LETTERS = {"starcoder": r"\p{L}", "marks": r"\p{L}\p{M}"}
LONGEST_TEXT = 1 << 20  # characters; tiktoken's regular expressions overflow on some longer texts without spaces
MISSING = 0xFFFFFFFF  # the id of a byte without an entry in the tokenizer, such as one that UTF-8 never uses


class Encoder(Protocol):
    """Encodes texts, special tokens inside them as plain text, without adding any."""

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """The ids of each text."""
        ...


class HuggingFaceEncoder:
    """The reference: the batch encoder of `tokenizers`, in as many threads as it chooses."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """The ids of each text."""
        encodings = self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [np.array(encoding.ids, np.uint32) for encoding in encodings]


class TiktokenEncoder:
    """The same merges in tiktoken, in `workers` threads. Raises `ValueError` for a tokenizer that it cannot replace."""

    def __init__(self, tokenizer: Tokenizer, workers: int = 1) -> None:
        if not tokenizer.encode_special_tokens:
            raise ValueError("special tokens inside a text are to be found")
        ranks, self._ids = _ranks(json.loads(tokenizer.to_str()))
        self._partial = bool((self._ids == MISSING).any())
        self._slow = HuggingFaceEncoder(tokenizer)
        self._workers = workers
        import tiktoken

        pattern = split_pattern(LETTERS[pattern_of(tokenizer)])
        self._core = tiktoken.Encoding("aurora", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})._core_bpe

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """The ids of each text."""
        if self._workers == 1 or len(texts) < 2:
            return [self._encode(text) for text in texts]
        with ThreadPoolExecutor(self._workers) as pool:
            return list(pool.map(self._encode, texts, chunksize=max(1, len(texts) // (4 * self._workers))))

    def _encode(self, text: str) -> Ids:
        if len(text) > LONGEST_TEXT:
            return self._slow.encode([text])[0]
        try:
            ranks = np.frombuffer(self._core.encode_to_tiktoken_buffer(text, set()), np.uint32)
        except (UnicodeEncodeError, ValueError):  # lone surrogates, or an expression that overflows
            return self._slow.encode([text])[0]
        ids = self._ids[ranks]
        return self._slow.encode([text])[0] if self._partial and (ids == MISSING).any() else ids


def fast_encoder(tokenizer: Tokenizer, workers: int = 1) -> Encoder:
    """tiktoken's encoder if it can replace `tokenizer`, else the tokenizer's own."""
    try:
        return TiktokenEncoder(tokenizer, workers)
    except ValueError:
        return HuggingFaceEncoder(tokenizer)


def pattern_of(tokenizer: Tokenizer) -> str:
    """Name of the tokenizer's pre-tokenisation; `ValueError` where it is none of ours."""
    settings = _comparable(tokenizer.pre_tokenizer)
    for name in LETTERS:
        if settings == _comparable(pre_tokenizer(name)):
            return name
    raise ValueError("the pre-tokenisation is another")


def split_pattern(letters: str) -> str:
    """The pre-tokenisation as one expression: each digit alone, and GPT-2's pattern between digits.

    White space before a digit ends a piece there, so all of it stays together.
    """
    return (
        rf"\p{{N}}|'s|'t|'re|'ve|'m|'ll|'d| ?[{letters}]+| ?[^\s{letters}\p{{N}}]+"
        r"|\s+(?=\p{N})|\s+(?!\S)|\s+"
    )


def _comparable(part: Any) -> Any:
    """A pre-tokenizer's settings without those that change offsets only."""
    settings = json.loads(part.__getstate__()) if part is not None else {}
    steps = settings.get("pretokenizers", [settings])
    return [{key: value for key, value in step.items() if key != "trim_offsets"} for step in steps]


def _ranks(tokenizer: dict[str, Any]) -> tuple[dict[bytes, int], Ids]:
    """Rank of each entry's bytes (256 bytes first, then the merges in order) and the id of each rank."""
    model = tokenizer["model"]
    plain = model["type"] == "BPE" and tokenizer["normalizer"] is None and not model.get("ignore_merges")
    if not plain or any(model.get(key) for key in ("dropout", "continuing_subword_prefix", "end_of_word_suffix")):
        raise ValueError("the model is not plain byte-level BPE")
    if any(not token["special"] for token in tokenizer["added_tokens"]):
        raise ValueError("entries added beside the merges are found before them")
    vocabulary = model["vocab"]
    alphabet = byte_alphabet()
    names = sorted(alphabet, key=lambda name: alphabet[name])
    for merge in model["merges"]:
        names.append("".join(merge.split(" ") if isinstance(merge, str) else merge))
    entries = [bytes(alphabet[character] for character in name) for name in names]
    ranks = {entry: rank for rank, entry in enumerate(entries)}
    if len(ranks) != len(entries) or any(name not in vocabulary for name in names[256:]):
        raise ValueError("the merges make an entry twice, or one that is not there")
    return ranks, np.array([vocabulary.get(name, MISSING) for name in names], np.uint32)


def byte_alphabet() -> dict[str, int]:
    """The byte that each character of a byte-level entry stands for (GPT-2's table)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}
