"""Extending a published tokenizer to new languages: new entries after its own, and rows for them in the embedding.

One decision: the tokenizer's own merges stay first, so every old id keeps its meaning and old text its pieces; learning
continues from there on the new languages' text, with combining marks as part of words. StarCoder's pattern splits Hindi
at every vowel sign, and no number of new entries can repair that.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from aurora.errors import UserError
from aurora.tokens.text.encoder import LETTERS, TiktokenEncoder, split_pattern
from aurora.tokens.text.tokenizer import pre_tokenizer

Pair = tuple[int, int]
Rows = npt.NDArray[np.float32]

LONGEST_WORD = 64  # characters; a longer run of letters without spaces is learnt from in parts
LEAST_COUNT = 2  # a pair that occurs less often is chance


def extend_tokenizer(tokenizer: Tokenizer, texts: Iterable[str], entries: int) -> Tokenizer:
    """The tokenizer with up to `entries` new entries learnt on `texts`, and mark-aware pre-tokenisation.

    The same texts in the same order give the same tokenizer. Raises `UserError` for one that is not byte-level BPE
    with StarCoder's pre-tokenisation.
    """
    aware = Tokenizer.from_str(tokenizer.to_str())
    aware.encode_special_tokens = True
    try:
        TiktokenEncoder(aware)  # names what we cannot read before the pattern is replaced
        aware.pre_tokenizer = pre_tokenizer("marks")
        encoder = TiktokenEncoder(aware)
    except ValueError as error:
        raise UserError(
            f"tokens.extend: the tokenizer cannot be extended ({error}): use one of StarCoder's family."
        ) from error
    words = count_words(texts)
    # Words that are rare one by one are dropped first: most are spelling mistakes and half of the work.
    chosen = sorted(word for word, count in words.items() if count >= LEAST_COUNT and len(word) > 1)
    symbols = [ids.tolist() for ids in encoder.encode(chosen)]
    values = json.loads(aware.to_str())
    names = {index: name for name, index in values["model"]["vocab"].items()}
    first = max(tokenizer.get_vocab(with_added_tokens=True).values()) + 1
    merges = learn_merges(symbols, [words[word] for word in chosen], entries, first, names)
    as_text = all(isinstance(merge, str) for merge in values["model"]["merges"])
    for index, (left, right) in enumerate(merges, start=first):
        names[index] = names[left] + names[right]
        values["model"]["vocab"][names[index]] = index
        pair = [names[left], names[right]]
        values["model"]["merges"].append(" ".join(pair) if as_text else pair)
    return Tokenizer.from_str(json.dumps(values, ensure_ascii=False))


def count_words(texts: Iterable[str]) -> Counter[str]:
    """How often each piece of the mark-aware pre-tokenisation occurs."""
    import regex

    words: Counter[str] = Counter()
    pattern = regex.compile(split_pattern(LETTERS["marks"]))
    for text in texts:
        words.update(pattern.findall(text))
    for word in [word for word in words if len(word) > LONGEST_WORD]:
        count = words.pop(word)
        for start in range(0, len(word), LONGEST_WORD):
            words[word[start : start + LONGEST_WORD]] += count
    return words


def learn_merges(
    words: list[list[int]], counts: Sequence[int], entries: int, first: int, names: dict[int, str]
) -> list[Pair]:
    """The `entries` most useful merges in order; merge i makes id `first` + i. Ties go to the lower ids.

    `words` are changed in place. A pair whose text is an entry already is left alone: it would be made twice.
    """
    pairs: dict[Pair, int] = defaultdict(int)
    places: dict[Pair, set[int]] = defaultdict(set)
    for place, (word, count) in enumerate(zip(words, counts, strict=True)):
        for pair in pairwise(word):
            pairs[pair] += count
            places[pair].add(place)
    queue = [(-count, pair) for pair, count in pairs.items() if count >= LEAST_COUNT]
    heapq.heapify(queue)
    known, learnt = set(names.values()), dict(names)
    merges: list[Pair] = []
    while queue and len(merges) < entries:
        count, pair = heapq.heappop(queue)
        if pairs.get(pair, 0) != -count:
            continue  # the count changed since; a newer entry of the queue has it
        text = learnt[pair[0]] + learnt[pair[1]]
        if text in known:
            continue
        new = first + len(merges)
        merges.append(pair)
        known.add(text)
        learnt[new] = text
        for changed in _apply(pair, new, words, counts, pairs, places):
            if pairs[changed] >= LEAST_COUNT:
                heapq.heappush(queue, (-pairs[changed], changed))
    return merges


def _apply(
    pair: Pair,
    new: int,
    words: list[list[int]],
    counts: Sequence[int],
    pairs: dict[Pair, int],
    places: dict[Pair, set[int]],
) -> set[Pair]:
    """Merge `pair` everywhere; returns the pairs whose count changed."""
    changed: set[Pair] = set()
    for place in places.pop(pair):
        word, count = words[place], counts[place]
        before = list(pairwise(word))
        merged: list[int] = []
        i = 0
        while i < len(word):
            if i + 1 < len(word) and (word[i], word[i + 1]) == pair:
                merged.append(new)
                i += 2
            else:
                merged.append(word[i])
                i += 1
        words[place] = merged
        after = list(pairwise(merged))
        for gone in before:
            pairs[gone] -= count
        for come in after:
            pairs[come] += count
            places[come].add(place)
        changed.update(before, after)
    changed.discard(pair)
    pairs.pop(pair, None)
    return changed


def pieces_of(tokenizer: dict[str, Any], first: int) -> list[list[int]]:
    """For each entry of a tokenizer.json from id `first` on, the older ids it stands for."""
    vocabulary = tokenizer["model"]["vocab"]
    pieces: dict[int, list[int]] = {}
    for merge in tokenizer["model"]["merges"]:
        left, right = merge.split(" ") if isinstance(merge, str) else merge
        if (index := vocabulary[left + right]) >= first:
            pair = (vocabulary[left], vocabulary[right])
            pieces[index] = [old for part in pair for old in pieces.get(part, [part])]
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
        covariance = np.cov(rows.T.astype(np.float64)) + 1e-12 * np.eye(rows.shape[1])
        drawn = rows.mean(axis=0, dtype=np.float64) + drawn @ np.linalg.cholesky(covariance).T
    return np.asarray(drawn, np.float32)
