from __future__ import annotations

import gzip
import io
import json
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from aurora.recipe.tokens import TrainedTokenizer
from aurora.tokens import build as encoding
from aurora.tokens.text.encoder import HuggingFaceEncoder, TiktokenEncoder, cut_of, fast_encoder
from aurora.tokens.text.tokenizer import LEARNT, SPECIAL_TOKENS, pre_tokenizer, train_tokenizer
from small_tokenizers import BYTE_LEVEL, SENTENCEPIECE, byte_level, sentencepiece
from tokens.conftest import TEXTS

PATTERNS = ("starcoder", "marks", *BYTE_LEVEL, *(f"{kind}-marks" for kind in BYTE_LEVEL))
# What pre-tokenisers disagree on: white space before digits, marks, contractions, letters and numbers of many kinds.
SPACES = ("<|endoftext|>", " ", "  ", "\t", "\r\n", "\u3000", "\u00a0", "1", "²", "Ⅷ", "१२", "\0", "\ufeff")
LETTERS = (
    "a",
    "Å",
    "A\u030a",
    "नि",
    "\u094d",
    "'s",
    "'ll",
    "'",
    "!?",
    "_",
    "日本",
    "ー",
    "\u200d",
    "👩\u200d🔬",
    "HTTPs",
    "/\n",
    "'S",
    "'ſ",
    "<tool_call>",
)
OTHERS = ("HTTPs", "/\n", "'S", "'ſ", "<tool_call>")
PIECES = st.sampled_from([*SPACES, *LETTERS, *OTHERS])
Text = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=30).map("".join))


@pytest.fixture(scope="module")
def tokenizers() -> dict[str, Tokenizer]:
    made = {kind: byte_level(kind) for kind in BYTE_LEVEL}
    for kind in BYTE_LEVEL:
        tokenizer = byte_level(kind)
        tokenizer.pre_tokenizer = pre_tokenizer(cut_of(tokenizer).marked())
        made[f"{kind}-marks"] = tokenizer
    for pattern in LEARNT:
        tokenizer = train_tokenizer(TEXTS * 3, TrainedTokenizer(vocabulary=500, pattern=pattern))
        tokenizer.encode_special_tokens = True
        made[pattern] = tokenizer
    return made


@pytest.mark.parametrize("pattern", PATTERNS)
@given(texts=st.lists(Text, max_size=4))
@settings(deadline=None, max_examples=40)
def test_the_ids_are_the_tokenizers_own(tokenizers: dict[str, Tokenizer], pattern: str, texts: list[str]) -> None:
    tokenizer = tokenizers[pattern]
    for mine, own in zip(
        TiktokenEncoder(tokenizer).encode(texts), HuggingFaceEncoder(tokenizer).encode(texts), strict=True
    ):
        assert mine.tolist() == own.tolist()


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_character_is_split_alike(tokenizers: dict[str, Tokenizer], pattern: str) -> None:
    """The two regular-expression engines know the same letters, marks and numbers."""
    characters = [chr(code) for code in range(0x30000) if not 0xD800 <= code < 0xE000]
    texts = ["a" + "a".join(characters[i : i + 500]) for i in range(0, len(characters), 500)]
    fast, own = (
        TiktokenEncoder(tokenizers[pattern]).encode(texts),
        HuggingFaceEncoder(tokenizers[pattern]).encode(texts),
    )
    assert [i for i, (a, b) in enumerate(zip(fast, own, strict=True)) if not np.array_equal(a, b)] == []


def test_threads_change_nothing(tokenizers: dict[str, Tokenizer]) -> None:
    texts = [text * count for count, text in enumerate(TEXTS * 5)]
    alone, together = (TiktokenEncoder(tokenizers["marks"], workers).encode(texts) for workers in (1, 3))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_a_very_long_text_is_encoded_too(tokenizers: dict[str, Tokenizer]) -> None:
    text = " " * 1_200_000
    assert sum(fast_encoder(tokenizers["starcoder"]).encode([text])[0]) > 0


def _model(**settings: object) -> Tokenizer:
    vocabulary = {character: i for i, character in enumerate(pre_tokenizers.ByteLevel.alphabet())}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], **settings))
    tokenizer.pre_tokenizer = pre_tokenizer(LEARNT["starcoder"])
    tokenizer.encode_special_tokens = True
    return tokenizer


def test_other_tokenizers_encode_for_themselves_and_say_why(tokenizers: dict[str, Tokenizer]) -> None:
    dropout, lowercase, other = _model(dropout=0.5), _model(), _model()
    other.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    lowercase.normalizer = normalizers.Lowercase()
    word = Tokenizer(models.WordLevel({"a": 0, "b": 1}, "b"))
    word.encode_special_tokens = True
    special = Tokenizer.from_str(tokenizers["marks"].to_str())
    for tokenizer, reason in (
        (dropout, "not plain byte-level BPE"),
        (lowercase, "changes a text before"),
        (other, "in a way that is not known"),
        (word, "not plain byte-level BPE"),
        (special, "special tokens inside a text are to be found"),
        *((sentencepiece(kind), "not plain byte-level BPE") for kind in SENTENCEPIECE),
    ):
        encoder = fast_encoder(tokenizer)
        assert isinstance(encoder, HuggingFaceEncoder)
        assert reason in encoder.reason
    assert isinstance(fast_encoder(tokenizers["marks"]), TiktokenEncoder)


@pytest.mark.parametrize(
    ("merges", "whole", "reason"),
    [
        ("ab bc a+bc", False, "its merges do not make"),
        ("ab bc a+bc", True, "its merges do not make"),
        ("ab bc a+bc ab+c", True, None),
        ("ab", True, "whole words that no merges make"),
    ],
)
def test_merges_that_tiktoken_would_read_otherwise(merges: str, whole: bool, reason: str | None) -> None:
    """`abc` as one entry: its merge of `a` and `bc` cannot happen, as `ab` comes first."""
    pairs = [tuple(merge.split("+")) if "+" in merge else tuple(merge) for merge in merges.split()]
    names = ["ab", "bc", "abc"]
    values = json.loads(_model().to_str())
    vocabulary = values["model"]["vocab"]
    vocabulary |= {name: number for number, name in enumerate(names, start=len(vocabulary))}
    values["model"] |= {"merges": pairs, "ignore_merges": whole}
    tokenizer = Tokenizer.from_str(json.dumps(values))
    tokenizer.encode_special_tokens = True
    encoder, own = fast_encoder(tokenizer), HuggingFaceEncoder(tokenizer)
    assert reason in encoder.reason if isinstance(encoder, HuggingFaceEncoder) else reason is None
    texts = ["abc", " abc", "xabc", "abcabc bc ab"]
    assert [ids.tolist() for ids in encoder.encode(texts)] == [ids.tolist() for ids in own.encode(texts)]


def test_bytes_without_an_entry_go_to_the_tokenizer() -> None:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {character: i for i, character in enumerate(alphabet) if character != "a"}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizer(LEARNT["starcoder"])
    tokenizer.encode_special_tokens = True
    mine, own = (
        TiktokenEncoder(tokenizer).encode(["banana", "bnn"]),
        HuggingFaceEncoder(tokenizer).encode(["banana", "bnn"]),
    )
    assert [ids.tolist() for ids in mine] == [ids.tolist() for ids in own]


def test_added_tokens_in_a_text_stay_text(tokenizers: dict[str, Tokenizer]) -> None:
    (ids,) = fast_encoder(tokenizers["starcoder"]).encode([" ".join(SPECIAL_TOKENS)])
    assert ids.min() >= len(SPECIAL_TOKENS)


def test_a_difference_on_a_stores_first_documents_chooses_the_tokenizer(
    tokenizers: dict[str, Tokenizer], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(encoding.Encoders(tokenizers["marks"]).checked(TEXTS), TiktokenEncoder)
    monkeypatch.setattr(TiktokenEncoder, "_encode", lambda self, text: np.array([len(text)], np.uint32))
    assert isinstance(encoding.Encoders(tokenizers["marks"]).checked(TEXTS), HuggingFaceEncoder)


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize("pattern", LEARNT)
def test_ids_are_equal_on_real_text(pattern: str) -> None:
    shared = Path(__file__).parents[4] / "shared/data"
    if not shared.is_dir():
        pytest.skip("the shared development data is not beside the checkout")
    tokenizer = Tokenizer.from_str(gzip.decompress((shared / "tokenizers/starcoder.json.gz").read_bytes()).decode())
    tokenizer.encode_special_tokens = True
    tokenizer.pre_tokenizer = pre_tokenizer(LEARNT[pattern])
    for name in ("hi", "noisy"):
        with pa.input_stream(str(shared / f"corpora/{name}.jsonl.zst")) as packed:
            texts = [json.loads(line)["text"] for line in islice(io.BufferedReader(packed), 40)]
        assert len(texts) == 40
        fast, own = TiktokenEncoder(tokenizer).encode(texts), HuggingFaceEncoder(tokenizer).encode(texts)
        assert all(np.array_equal(a, b) for a, b in zip(fast, own, strict=True))
