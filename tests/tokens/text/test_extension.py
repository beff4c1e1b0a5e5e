from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from aurora.errors import UserError
from aurora.recipe.tokens import Extension, Tokens, TrainedTokenizer
from aurora.tokens.text.building import build_tokenizer, first_new_entry
from aurora.tokens.text.encoder import HuggingFaceEncoder, TiktokenEncoder, pattern_of
from aurora.tokens.text.extension import count_words, extend_tokenizer, learn_merges, new_rows, pieces_of
from aurora.tokens.text.text_facts import load_tokenizer
from aurora.tokens.text.tokenizer import train_tokenizer
from tokens.conftest import TEXTS, MakeCorpus

SIZE = 330
HINDI = ["नदी चौड़ी है और पुल पुराना है।", "हिन्दी में किताबें लिखी जाती हैं। नदी में पुल है।"] * 20


@pytest.fixture(scope="module")
def published() -> Tokenizer:
    """A tokenizer of English and code with the published pattern."""
    tokenizer = train_tokenizer([TEXTS[0], TEXTS[5]] * 5, TrainedTokenizer(vocabulary=SIZE, pattern="starcoder"))
    tokenizer.encode_special_tokens = True
    return tokenizer


@pytest.fixture(scope="module")
def extended(published: Tokenizer) -> Tokenizer:
    tokenizer = extend_tokenizer(published, HINDI, 60)
    tokenizer.encode_special_tokens = True
    return tokenizer


def test_old_entries_keep_their_ids_and_old_text_its_tokens(published: Tokenizer, extended: Tokenizer) -> None:
    before, after = published.get_vocab(), extended.get_vocab()
    assert {name: after[name] for name in before} == before
    assert sorted(after.values()) == list(range(SIZE + 60))
    for text in (TEXTS[0], TEXTS[5], "A line with 12 numbers\n\n  and space."):
        assert extended.encode(text).ids == published.encode(text).ids


def test_hindi_takes_fewer_tokens_and_loses_nothing(published: Tokenizer, extended: Tokenizer) -> None:
    assert pattern_of(extended) == "marks"
    for text in [*HINDI, *TEXTS]:
        assert extended.decode(extended.encode(text).ids, skip_special_tokens=False) == text
    count = [sum(len(tokenizer.encode(text).ids) for text in HINDI) for tokenizer in (published, extended)]
    assert count[1] < count[0] / 3
    texts = [*HINDI, *TEXTS, "और  पुल 12 cold"]
    for mine, own in zip(
        TiktokenEncoder(extended).encode(texts), HuggingFaceEncoder(extended).encode(texts), strict=True
    ):
        assert mine.tolist() == own.tolist()


def test_the_same_text_gives_the_same_tokenizer(published: Tokenizer, extended: Tokenizer) -> None:
    again = extend_tokenizer(published, iter(HINDI), 60)
    assert again.to_str() == extend_tokenizer(published, HINDI, 60).to_str()
    assert again.get_vocab() == extended.get_vocab()


def test_fewer_entries_where_the_text_gives_no_more(published: Tokenizer) -> None:
    assert extend_tokenizer(published, ["नदी नदी"], 1000).get_vocab_size() < SIZE + 20


def test_another_kind_of_tokenizer_is_refused() -> None:
    with pytest.raises(UserError, match=r"tokens.extend: the tokenizer cannot be extended \(.*StarCoder"):
        extend_tokenizer(Tokenizer(models.WordLevel({"a": 0}, "a")), HINDI, 10)


def test_long_words_are_learnt_from_in_parts() -> None:
    words = count_words(["あ" * 150, "it's 12  now"])
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


def test_new_rows_come_from_the_pieces_of_an_entry(published: Tokenizer, extended: Tokenizer) -> None:
    pieces = pieces_of(json.loads(extended.to_str()), published.get_vocab_size())
    assert len(pieces) == 60
    names = {index: name for name, index in extended.get_vocab().items()}
    for index, part in enumerate(pieces, start=SIZE):
        assert max(part) < SIZE
        assert names[index] == "".join(names[old] for old in part)
    rows = np.random.default_rng(0).normal(2, 3, (SIZE, 8)).astype(np.float32)
    made = new_rows(rows, pieces, "mean", 1)
    assert np.allclose(made[7], rows[pieces[7]].mean(axis=0), atol=1e-5)


def test_drawn_rows_follow_the_old_ones_and_the_seed() -> None:
    generator = np.random.default_rng(0)
    rows = (generator.normal(size=(4000, 4)) @ generator.normal(size=(4, 4)) + [1, -2, 3, 0]).astype(np.float32)
    pieces = [[0]] * 20_000
    drawn = new_rows(rows, pieces, "mean-covariance", 1)
    assert drawn.dtype == np.float32
    assert np.allclose(drawn.mean(axis=0), rows.mean(axis=0), atol=0.1)
    assert np.allclose(np.cov(drawn.T), np.cov(rows.T), rtol=0.1, atol=0.15)
    random = new_rows(rows, pieces, "random", 1)
    assert abs(random.mean()) < 0.05
    assert random.std() == pytest.approx(rows.std(), rel=0.02)
    assert np.array_equal(random, new_rows(rows, pieces, "random", 1))
    assert not np.array_equal(random, new_rows(rows, pieces, "random", 2))


def test_a_recipe_extends_a_published_tokenizer(published: Tokenizer, make_corpus: MakeCorpus, tmp_path: Path) -> None:
    published.save(str(tmp_path / "published.json"))
    corpus = make_corpus(
        [("web", "hi", text) for text in HINDI] + [("web", "en", TEXTS[0])],
        [("web", "hi", HINDI[1]), ("web", "en", TEXTS[0])],
    )
    extension = Extension(entries=40, languages=["hi"])
    facts = build_tokenizer(Tokens(path="published.json", extend=extension), tmp_path, corpus, tmp_path / "out")
    assert (facts["published_vocabulary"], facts["vocabulary"]) == (SIZE, SIZE + 40)
    assert facts["languages"]["hi"]["bytes_per_token_after"] > 2 * facts["languages"]["hi"]["bytes_per_token_before"]
    assert facts["languages"]["hi"]["documents_changed"] == 1
    assert facts["languages"]["en"]["documents_changed"] == 0
    assert json.loads((tmp_path / "out/extension.json").read_text()) == facts
    extended = load_tokenizer(tmp_path / "out")
    assert extended.get_vocab_size() == SIZE + 40
    first = first_new_entry(tmp_path / "out")
    assert published.id_to_token(first) is None
    assert published.id_to_token(first - 1) == extended.id_to_token(first - 1)
    with pytest.raises(UserError, match=r"tokens.extend.languages: the corpus has no clean text in ja"):
        build_tokenizer(
            Tokens(path="published.json", extend=Extension(languages=["ja"])), tmp_path, corpus, tmp_path / "out"
        )
