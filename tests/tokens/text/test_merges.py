from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.tokens.text.merges import count_words, learn_merges
from aurora.tokens.text.tokenizer import LEARNT


def test_long_words_are_learnt_from_in_parts() -> None:
    words = count_words(["あ" * 150, "it's 12  now"], LEARNT["marks"])
    assert words["あ" * 64] == 2
    assert words["あ" * 22] == 1
    assert {word for word in words if "あ" not in word} == {"it", "'s", " ", "1", "2", " now"}


@given(st.lists(st.tuples(st.text("abc", min_size=1, max_size=8), st.integers(1, 5)), max_size=12))
@settings(deadline=None, max_examples=80)
def test_merges_are_those_of_counting_anew_each_time(counted: list[tuple[str, int]]) -> None:
    letters = {"a": 0, "b": 1, "c": 2}
    words, counts = [[letters[c] for c in word] for word, _ in counted], [count for _, count in counted]
    names = {index: letter for letter, index in letters.items()}
    found = learn_merges([list(word) for word in words], counts, 5, 3, dict(names))
    assert found == _merges_by_counting(words, counts, 5, 3, names)


def _merges_by_counting(
    words: list[list[int]], counts: list[int], entries: int, first: int, names: dict[int, str]
) -> list[tuple[int, int]]:
    merges: list[tuple[int, int]] = []
    while len(merges) < entries:
        pairs: dict[tuple[int, int], int] = {}
        for word, count in zip(words, counts, strict=True):
            for pair in pairwise(word):
                pairs[pair] = pairs.get(pair, 0) + count
        usable = [
            (-n, pair) for pair, n in pairs.items() if n >= 2 and names[pair[0]] + names[pair[1]] not in names.values()
        ]
        if not usable:
            break
        _, best = min(usable)
        names[first + len(merges)] = names[best[0]] + names[best[1]]
        words = [_merged(word, best, first + len(merges)) for word in words]
        merges.append(best)
    return merges


def _merged(word: list[int], pair: tuple[int, int], new: int) -> list[int]:
    made: list[int] = []
    for symbol in word:
        made.append(symbol)
        if len(made) > 1 and (made[-2], made[-1]) == pair:
            made[-2:] = [new]
    return made
