from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models

from aurora.errors import UserError
from aurora.recipe.tokens import Extension, Tokens, TrainedTokenizer
from aurora.tokens.text.building import build_tokenizer, first_new_entry
from aurora.tokens.text.encoder import HuggingFaceEncoder, TiktokenEncoder, cut_of, fast_encoder
from aurora.tokens.text.extension import extend_tokenizer, new_rows, pieces_of
from aurora.tokens.text.text_facts import load_tokenizer
from aurora.tokens.text.tokenizer import LEARNT, train_tokenizer
from small_tokenizers import BYTE_LEVEL, SENTENCEPIECE, byte_level, sentencepiece
from small_tokenizers import TEXTS as PUBLISHED_TEXTS
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
    assert cut_of(extended) == LEARNT["marks"]
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
    with pytest.raises(UserError, match=r"tokens.extend: the tokenizer cannot be extended \(.*byte-level"):
        extend_tokenizer(Tokenizer(models.WordLevel({"a": 0}, "a")), HINDI, 10)


def of_kind(kind: str) -> Tokenizer:
    return byte_level(kind) if kind in BYTE_LEVEL else sentencepiece(kind)


@pytest.mark.parametrize("kind", [*BYTE_LEVEL, *SENTENCEPIECE])
def test_every_published_kind_learns_a_language(kind: str) -> None:
    published = of_kind(kind)
    extended = extend_tokenizer(published, HINDI, 60)
    extended.encode_special_tokens = True
    before = published.get_vocab()
    assert {name: extended.get_vocab()[name] for name in before} == before
    texts = [*HINDI, *PUBLISHED_TEXTS, "<s> और पुल<|endoftext|>", "नदी\n\n  में ३४"]
    own = HuggingFaceEncoder(extended).encode(texts)
    for mine, theirs in zip(fast_encoder(extended).encode(texts), own, strict=True):
        assert mine.tolist() == theirs.tolist()
    for text, ids in zip(texts, own, strict=True):
        assert extended.decode(ids.tolist(), skip_special_tokens=False) == text
    counts = [sum(len(tokenizer.encode(text).ids) for text in HINDI) for tokenizer in (published, extended)]
    assert counts[1] < counts[0] / 2
    first = max(before.values()) + 1
    pieces = pieces_of(json.loads(extended.to_str()), first)
    assert len(pieces) == len(extended.get_vocab()) - len(before) > 30
    assert max(max(part) for part in pieces) < first


@pytest.mark.parametrize("kind", SENTENCEPIECE)
def test_pieces_begin_with_the_letters_that_were_bytes(kind: str) -> None:
    published = of_kind(kind)
    extended = extend_tokenizer(published, HINDI, 20)
    first = published.get_vocab_size()
    letters = [extended.id_to_token(first + number) for number in range(8)]
    assert all(len(letter) == 1 and letter in HINDI[0] + HINDI[1] for letter in letters)
    bytes_of = [[published.token_to_id(f"<0x{byte:02X}>") for byte in letter.encode()] for letter in letters]
    assert pieces_of(json.loads(extended.to_str()), first)[:8] == bytes_of
    assert not any(" " in name or "▁" in name[1:] for name in extended.get_vocab() if name not in published.get_vocab())


def test_where_words_are_taken_whole_every_way_to_make_one_is_a_merge() -> None:
    values = json.loads(extend_tokenizer(byte_level("llama3"), HINDI, 60).to_str())["model"]
    made = ["".join(pair) for pair in values["merges"]]
    for name in dict.fromkeys(made):
        ways = [name[:at] in values["vocab"] and name[at:] in values["vocab"] for at in range(1, len(name))]
        assert made.count(name) == sum(ways)


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
