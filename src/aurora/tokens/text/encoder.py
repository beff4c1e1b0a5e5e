"""Text to token ids as fast as the machine allows, with exactly the ids of the Hugging Face tokenizer.

One decision: tiktoken encodes for byte-level BPE with a known way of cutting (`aurora.gguf.cutting`), `tokenizers`
itself for every other tokenizer; the choice never changes an id. tiktoken gets the tokenizer's own merges;
`build.Encoders` encodes the first documents of each store both ways, and falls back on any difference.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol
from unicodedata import is_normalized

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from aurora.gguf.cutting import CUTS, Cut

Ids = npt.NDArray[np.uint32]

LONGEST_TEXT = 1 << 20  # characters; tiktoken's regular expressions overflow on some longer texts without spaces
MISSING = 0xFFFFFFFF  # the id of a byte without an entry in the tokenizer, such as one that UTF-8 never uses


class Encoder(Protocol):
    """Encodes texts, special tokens inside them as plain text, without adding any."""

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """The ids of each text."""
        ...


class HuggingFaceEncoder:
    """The reference: the batch encoder of `tokenizers`, in as many threads as it chooses. `reason`: why it encodes."""

    def __init__(self, tokenizer: Tokenizer, reason: str = "") -> None:
        self.tokenizer = tokenizer
        self.reason = reason

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """The ids of each text."""
        encodings = self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [np.array(encoding.ids, np.uint32) for encoding in encodings]


class TiktokenEncoder:
    """The same merges in tiktoken, in `workers` threads. Raises `ValueError` for a tokenizer that it cannot replace."""

    def __init__(self, tokenizer: Tokenizer, workers: int = 1) -> None:
        if not tokenizer.encode_special_tokens:
            raise ValueError("special tokens inside a text are to be found")
        values = json.loads(tokenizer.to_str())
        ranks, self._ids = _ranks(values)
        self._partial = bool((self._ids == MISSING).any())
        # Entries beside the merges are found before them: a text that has one is left to the tokenizer.
        self._beside = tuple(token["content"] for token in values["added_tokens"] if not token["special"])
        self._composed = values["normalizer"] is not None
        self._slow = HuggingFaceEncoder(tokenizer)
        self._workers = workers
        import tiktoken

        pattern = cut_of(tokenizer).expression()
        self._core = tiktoken.Encoding("aurora", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})._core_bpe

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """The ids of each text."""
        if self._workers == 1 or len(texts) < 2:
            return [self._encode(text) for text in texts]
        with ThreadPoolExecutor(self._workers) as pool:  # four parts a thread, so that one long text holds up no others
            return list(pool.map(self._encode, texts, chunksize=max(1, len(texts) // (4 * self._workers))))

    def _encode(self, text: str) -> Ids:
        if len(text) > LONGEST_TEXT or any(entry in text for entry in self._beside):
            return self._slow.encode([text])[0]
        if self._composed and not is_normalized("NFC", text):
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
    except ValueError as error:
        return HuggingFaceEncoder(tokenizer, str(error))


def cut_of(tokenizer: Tokenizer) -> Cut:
    """How the tokenizer cuts a text; `ValueError` where it is no way that is known."""
    steps = _comparable(tokenizer.pre_tokenizer)
    for cut in {*CUTS.values(), *(cut.marked() for cut in CUTS.values())}:
        if steps == [_plain(step) for step in cut.steps()]:
            return cut
    raise ValueError("it cuts texts in a way that is not known")


def _comparable(part: Any) -> list[dict[str, Any]]:
    """A pre-tokenizer's steps, each way of saying the same alike."""
    settings = json.loads(part.__getstate__()) if part is not None else {}
    return [_plain(step) for step in settings.get("pretokenizers", [settings])]


def _plain(step: dict[str, Any]) -> dict[str, Any]:
    """A step without what changes offsets only; to remove all but the matches is to cut at each, as they are all of a
    text."""
    step = {key: value for key, value in step.items() if key != "trim_offsets"}
    removed = {"behavior": "Removed", "invert": True}
    return step | {"behavior": "Isolated", "invert": False} if removed.items() <= step.items() else step


def _ranks(tokenizer: dict[str, Any]) -> tuple[dict[bytes, int], Ids]:
    """Rank of each entry's bytes (256 bytes first, then the merges in order) and the id of each rank."""
    model = tokenizer["model"]
    others = ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback")
    if model["type"] != "BPE" or any(model.get(key) for key in others):
        raise ValueError("its model is not plain byte-level BPE")
    if tokenizer["normalizer"] not in (None, {"type": "NFC"}):
        raise ValueError("it changes a text before it is cut")
    vocabulary = model["vocab"]
    alphabet = byte_alphabet()
    names = sorted(alphabet, key=lambda name: alphabet[name])
    for merge in model["merges"]:
        name = "".join(merge.split(" ") if isinstance(merge, str) else merge)
        if name != names[-1]:  # Llama 3's merges are all ways to make an entry, one after another
            names.append(name)
    try:
        ranks = {bytes(alphabet[character] for character in name): rank for rank, name in enumerate(names)}
    except KeyError as error:
        raise ValueError("its entries are not bytes") from error
    if len(ranks) != len(names) or any(name not in vocabulary for name in names[256:]):
        raise ValueError("its merges make an entry twice, or one that is not there")
    _refuse_other_merges(tokenizer, names)
    return ranks, np.array([vocabulary.get(name, MISSING) for name in names], np.uint32)


def _refuse_other_merges(tokenizer: dict[str, Any], names: list[str]) -> None:
    """`ValueError` where tiktoken would give other ids: it merges two pieces wherever both together are an entry, and
    takes a word that is an entry whole.

    The first is the same if every entry is what its own merges make of its text, as in all BPE that was trained: two
    pieces side by side were never part of others, so they are what stands there in that text, too. Or if all ways to
    make an entry are merges, which Llama 3's are; its words are taken whole because some cannot be made.
    """
    model = tokenizer["model"]
    vocabulary, whole = model["vocab"], model.get("ignore_merges")
    if whole:
        beside = {token["content"] for token in tokenizer["added_tokens"]}
        if vocabulary.keys() - names - beside:
            raise ValueError("it has whole words that no merges make")
        ways = sum(a in vocabulary and b in vocabulary for name in names for a, b in _cuts(name))
        if ways == len(model["merges"]):
            return
    plain = Tokenizer.from_str(json.dumps(tokenizer | {"model": model | {"ignore_merges": False}})).model
    if any(len(plain.tokenize(name)) != 1 for name in names[256:]):
        raise ValueError("it has entries that its merges do not make")


def _cuts(name: str) -> list[tuple[str, str]]:
    return [(name[:place], name[place:]) for place in range(1, len(name))]


def byte_alphabet() -> dict[str, int]:
    """The byte that each character of a byte-level entry stands for (GPT-2's table)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}
