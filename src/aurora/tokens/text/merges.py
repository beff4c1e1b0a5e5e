"""Learning merges: the words of texts, counted, and the pairs of pieces in them that are worth an entry.

One decision: counts are kept up to date by what a merge changes, so that thousands of entries take seconds; the result
is that of counting anew each time.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from aurora.gguf.cutting import Cut

Pair = tuple[int, int]

LONGEST_WORD = 64  # characters; a longer run of letters without spaces is learnt from in parts
LEAST_COUNT = 2  # a pair that occurs less often is chance


def count_words(texts: Iterable[str], cut: Cut) -> Counter[str]:
    """How often each piece of the texts occurs, cut in this way."""
    import regex

    words: Counter[str] = Counter()
    pattern = regex.compile(cut.expression())
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
