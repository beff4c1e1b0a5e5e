"""Extending a published tokenizer to new languages: new entries after its own, and rows for them in the embedding.

One decision: the tokenizer's own merges stay first, so every old id keeps its meaning and old text its pieces; learning
continues from there on the new languages' text, with combining marks as part of words. Published patterns split Hindi
at every vowel sign, and no number of new entries can repair that.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from aurora.errors import UserError
from aurora.gguf.cutting import Cut
from aurora.gguf.pieces import BYTES, SPACE
from aurora.tokens.text.encoder import TiktokenEncoder, cut_of
from aurora.tokens.text.merges import LEAST_COUNT, Pair, count_words, learn_merges

Rows = npt.NDArray[np.float32]

# Of sentencepiece's letters those become entries that make up so much of the text, as sentencepiece itself chooses.
COVERAGE = 0.9995


def extend_tokenizer(tokenizer: Tokenizer, texts: Iterable[str], entries: int) -> Tokenizer:
    """The tokenizer with up to `entries` new entries learnt on `texts`; byte-level BPE gets combining marks in words.

    The same texts in the same order give the same tokenizer. Raises `UserError` for one that is neither byte-level BPE
    with a known way of cutting nor sentencepiece's BPE.
    """
    values = json.loads(tokenizer.to_str())
    # The library numbers entries that its model does not know anew, behind all others.
    values["model"]["vocab"] |= {token["content"]: token["id"] for token in values["added_tokens"]}
    first = max(tokenizer.get_vocab(with_added_tokens=True).values()) + 1
    try:
        if values["model"].get("byte_fallback"):
            _add_pieces(values, texts, entries, first)
        else:
            _add_bytes(values, cut_of(tokenizer).marked(), texts, entries, first)
    except ValueError as error:
        raise UserError(
            f"tokens.extend: the tokenizer cannot be extended ({error}): use one of byte-level or sentencepiece's BPE."
        ) from error
    return Tokenizer.from_str(json.dumps(values, ensure_ascii=False))


def _add_bytes(values: dict[str, Any], cut: Cut, texts: Iterable[str], entries: int, first: int) -> None:
    """Entries of byte-level BPE, learnt on words that are cut as the extended tokenizer cuts them."""
    values["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": cut.steps()}
    aware = Tokenizer.from_str(json.dumps(values, ensure_ascii=False))
    aware.encode_special_tokens = True
    encoder = TiktokenEncoder(aware)
    words = count_words(texts, cut)
    chosen = _often(words)
    symbols = [ids.tolist() for ids in encoder.encode(chosen)]
    names = {index: name for name, index in values["model"]["vocab"].items()}
    merges = learn_merges(symbols, [words[word] for word in chosen], entries, first, names)
    _add_merges(values["model"], merges, names, first)


def _add_pieces(values: dict[str, Any], texts: Iterable[str], entries: int, first: int) -> None:
    """Entries of sentencepiece's BPE: letters that were bytes so far, then merges within words."""
    model = values["model"]
    vocabulary = model["vocab"]
    counted = count_words(texts, Cut(digits=True).marked())
    words = {word.replace(" ", SPACE): count for word, count in counted.items()}
    letters = _letters(words, vocabulary)[:entries]
    vocabulary |= {letter: index for index, letter in enumerate(letters, start=first)}
    # Alone, as a piece of a text: nothing is put before a word, and bytes end it.
    bare: dict[str, Any] = {
        "normalizer": None,
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": None,
        "added_tokens": [],
    }
    encoder = Tokenizer.from_str(json.dumps(values | bare, ensure_ascii=False))
    names = {index: name for name, index in vocabulary.items()}
    apart = {vocabulary[byte] for byte in BYTES} | {vocabulary.get(model["unk_token"])}
    runs: Counter[tuple[int, ...]] = Counter()
    for word in _often(words):
        for run in _runs(encoder.encode(word).ids, apart):
            runs[run] += words[word]
    symbols = [list(run) for run in runs]
    merges = learn_merges(symbols, list(runs.values()), entries - len(letters), first + len(letters), names)
    _add_merges(model, merges, names, first + len(letters))


def _often(words: dict[str, int]) -> list[str]:
    """The words to learn from: those that are rare one by one are mostly spelling mistakes, and half of the work."""
    return sorted(word for word, count in words.items() if count >= LEAST_COUNT and len(word) > 1)


def _letters(words: dict[str, int], vocabulary: dict[str, int]) -> list[str]:
    """The letters that are no entries yet and that it takes to cover the text, the most frequent first."""
    counts: Counter[str] = Counter()
    for word, count in words.items():
        for letter in word:
            counts[letter] += count
    left = COVERAGE * counts.total()
    chosen = []
    for letter, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])):
        if left <= 0 or count < LEAST_COUNT:
            break
        left -= count
        if letter not in vocabulary and not letter.isspace():
            chosen.append(letter)
    return chosen


def _runs(ids: Sequence[int], apart: set[int]) -> list[tuple[int, ...]]:
    """The parts of a word between entries that are never merged."""
    runs: list[list[int]] = [[]]
    for index in ids:
        if index in apart:
            runs.append([])
        else:
            runs[-1].append(index)
    return [tuple(run) for run in runs if len(run) > 1]


def _add_merges(model: dict[str, Any], merges: Sequence[Pair], names: dict[int, str], first: int) -> None:
    as_text = all(isinstance(merge, str) for merge in model["merges"])
    for index, (left, right) in enumerate(merges, start=first):
        names[index] = names[left] + names[right]
        model["vocab"][names[index]] = index
        pair = [names[left], names[right]]
        model["merges"].append(" ".join(pair) if as_text else pair)
    if model.get("ignore_merges"):
        ways = _all_ways(model)
        model["merges"] = [" ".join(pair) for pair in ways] if as_text else ways


def _all_ways(model: dict[str, Any]) -> list[list[str]]:
    """Every way to make an entry of two others, in the order of entries: where words are taken whole, as Llama 3's
    are, entries exist that their own merges would not make, and new ones are new ways to make them."""
    vocabulary = model["vocab"]
    made = dict.fromkeys("".join(merge.split(" ") if isinstance(merge, str) else merge) for merge in model["merges"])
    ways: list[list[str]] = []
    for name in made:
        cuts = ([name[:place], name[place:]] for place in range(1, len(name)))
        known = [pair for pair in cuts if pair[0] in vocabulary and pair[1] in vocabulary]
        ways += sorted(known, key=lambda pair: (vocabulary[pair[0]], vocabulary[pair[1]]))
    return ways


def pieces_of(tokenizer: dict[str, Any], first: int) -> list[list[int]]:
    """For each entry of a tokenizer.json from id `first` on, the older ids it stands for: as few as can be."""
    vocabulary = tokenizer["model"]["vocab"]
    pieces: dict[int, list[int]] = {}
    if tokenizer["model"].get("byte_fallback"):
        for name, index in vocabulary.items():
            if index >= first and len(name) == 1:
                pieces[index] = [vocabulary[BYTES[byte]] for byte in name.encode()]
    for merge in tokenizer["model"]["merges"]:
        left, right = merge.split(" ") if isinstance(merge, str) else merge
        if (index := vocabulary[left + right]) >= first:
            pair = (vocabulary[left], vocabulary[right])
            if max(pair) > index:  # another way to make it, which came later
                continue
            found = [old for part in pair for old in pieces.get(part, [part])]
            if index not in pieces or len(found) < len(pieces[index]):
                pieces[index] = found
    return [pieces[index] for index in sorted(pieces)]


def new_rows(
    rows: Rows, pieces: Sequence[Sequence[int]], method: Literal["mean", "random", "mean-covariance"], seed: int
) -> Rows:
    """Embedding rows [N, D] for new entries, from the old rows [V, D] and the old ids of each entry's pieces.

    `mean` of the pieces' rows; `random`: normal, with the old rows' standard deviation; `mean-covariance`: drawn from
    the normal distribution of the old rows (Hewitt, "Initializing new word embeddings", 2021).
    """
    generator = np.random.default_rng(seed)
    if method == "mean":
        return np.array([rows[list(part)].mean(axis=0, dtype=np.float64) for part in pieces], np.float32)
    drawn = generator.standard_normal((len(pieces), rows.shape[1]))
    if method == "random":
        drawn *= rows.std(dtype=np.float64)
    else:
        # Fewer rows than their width, or rows in a plane, would leave it singular.
        covariance = np.cov(rows.T.astype(np.float64)) + 1e-12 * np.eye(rows.shape[1])
        drawn = rows.mean(axis=0, dtype=np.float64) + drawn @ np.linalg.cholesky(covariance).T
    return np.asarray(drawn, np.float32)
