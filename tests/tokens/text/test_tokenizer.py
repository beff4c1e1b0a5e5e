from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, normalizers

from aurora.errors import UserError
from aurora.tokens.text.building import check_round_trip
from aurora.tokens.text.encoder import fast_encoder
from aurora.tokens.text.text_facts import END_OF_TEXT, FILE, SPECIAL_TOKENS, load_tokenizer
from aurora.tokens.text.tokenizer import LEARNT
from small_tokenizers import BYTE_LEVEL, SENTENCEPIECE, byte_level, sentencepiece
from tokens.conftest import TEXTS, saved, trained

MIXED = "The river 2024: joki, नदी, 川, sông — déjà vu 👩‍🚀\n\tdef f(x):\r\n        return x**12  # <|endoftext|>\n"


def pieces(tokenizer: Tokenizer, text: str) -> list[str]:
    """What the pre-tokenizer cuts a text into."""
    return [text[start:end] for _, (start, end) in tokenizer.pre_tokenizer.pre_tokenize_str(text)]


def test_the_special_tokens_are_the_first_nineteen_ids(tokenizer: Tokenizer) -> None:
    assert len(set(SPECIAL_TOKENS)) == 19
    assert [tokenizer.token_to_id(token) for token in SPECIAL_TOKENS] == list(range(19))
    assert tokenizer.token_to_id(END_OF_TEXT) == 0
    assert tokenizer.get_vocab_size() == 400


def test_equal_texts_give_an_equal_tokenizer(tokenizer_folder: Path) -> None:
    assert trained("marks").to_str() == trained("marks").to_str()
    assert json.loads(trained("marks").to_str()) == json.loads((tokenizer_folder / FILE).read_text())


@given(st.text())
@settings(deadline=None, max_examples=300)
def test_any_text_comes_back(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    assert tokenizer.decode(ids, skip_special_tokens=False) == text
    assert all(token >= len(SPECIAL_TOKENS) for token in ids)


@pytest.mark.parametrize("pattern", ["starcoder", "marks"])
def test_mixed_text_comes_back_with_either_pattern(tmp_path: Path, pattern: str) -> None:
    tokenizer = load_tokenizer(saved(trained(pattern), tmp_path))
    texts = [*TEXTS, MIXED, "", " ", "\n\n", "\u2028", "\0"]
    check_round_trip(tokenizer, texts)
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    assert tokenizer.decode_batch(ids, skip_special_tokens=False) == texts


@pytest.mark.parametrize("token", SPECIAL_TOKENS)
def test_text_that_spells_a_special_token_is_text(tokenizer: Tokenizer, token: str) -> None:
    text = f"before {token}after"
    for encoding in (tokenizer.encode(text), tokenizer.encode_batch_fast([text])[0]):
        assert min(encoding.ids) >= len(SPECIAL_TOKENS)
        assert tokenizer.decode(encoding.ids, skip_special_tokens=False) == text


def test_the_marks_pattern_keeps_a_hindi_word_whole() -> None:
    text = "हिन्दी किताबें"
    assert pieces(trained("marks"), text) == ["हिन्दी", " किताबें"]
    assert len(pieces(trained("starcoder"), text)) > 2


@pytest.mark.parametrize("pattern", ["starcoder", "marks"])
def test_digits_are_single(pattern: str) -> None:
    assert pieces(trained(pattern), "in 2024 १९") == (
        ["in", " ", "2", "0", "2", "4", " ", "१", "९"]
    )  # every digit apart, of any script


@given(st.text("ab 1\n\t.,'é\u0301क्ि川\u3000\u200d"))
@settings(deadline=None)
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    assert "".join(pieces(_MARKS, text)) == text


_MARKS = trained("marks", 300)


def test_the_patterns_agree_where_there_are_no_marks() -> None:
    text = "It's 12 o'clock;  they'll   go\n\n  home(now) — ja niin pois päin.  "
    assert pieces(trained("marks"), text) == pieces(trained("starcoder"), text)
    assert r"\p{M}" in LEARNT["marks"].expression()


def test_a_larger_vocabulary_takes_fewer_tokens() -> None:
    few, many = trained(vocabulary=300), trained(vocabulary=450)
    assert len(many.encode(TEXTS[0]).ids) < len(few.encode(TEXTS[0]).ids)


def test_transformers_gives_the_same_ids(tokenizer: Tokenizer, tokenizer_folder: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    other = PreTrainedTokenizerFast(tokenizer_file=str(tokenizer_folder / FILE), split_special_tokens=True)
    for text in [*TEXTS, MIXED]:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        assert other(text, add_special_tokens=False)["input_ids"] == ids
        assert other.decode(ids, clean_up_tokenization_spaces=False) == text
    assert other.convert_tokens_to_ids(list(SPECIAL_TOKENS)) == list(range(19))


@pytest.mark.parametrize("kind", [*BYTE_LEVEL, *SENTENCEPIECE])
def test_ids_of_every_published_kind_are_those_of_transformers(kind: str, tmp_path: Path) -> None:
    """As `AutoTokenizer` reads the file; the end of a text that is spelt in one stays text."""
    from transformers import AutoTokenizer

    made = byte_level(kind) if kind in BYTE_LEVEL else sentencepiece(kind)
    made.save(str(tmp_path / FILE))
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    theirs, ours = AutoTokenizer.from_pretrained(tmp_path), load_tokenizer(tmp_path)
    for text in [*TEXTS, MIXED, "e\u0301<s></s>", "  <tool_call>x"]:
        ids = theirs(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        assert fast_encoder(ours).encode([text])[0].tolist() == ids


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("qwen2", "e\u0301te\u0301"),
        ("llama2", "bars ▁▂▃"),
        ("mistral", " begins with a space"),
        ("gemma", "▁"),
        ("gpt-2", "e\u0301"),
    ],
)
def test_what_a_tokenizer_spells_alike_is_no_loss(kind: str, text: str) -> None:
    """That nothing is raised is the assertion."""
    check_round_trip(byte_level(kind) if kind in BYTE_LEVEL else sentencepiece(kind), [text])


def test_another_change_of_a_text_is_a_loss() -> None:
    lower = byte_level("gpt-2")
    lower.normalizer = normalizers.Lowercase()
    with pytest.raises(UserError, match="The tokenizer loses text: 'Big river' comes back as 'big river'"):
        check_round_trip(lower, ["small", "Big river"])


def test_a_folder_and_its_file_are_the_same_tokenizer(tokenizer_folder: Path) -> None:
    assert load_tokenizer(tokenizer_folder).to_str() == load_tokenizer(tokenizer_folder / FILE).to_str()


def test_cutting_and_padding_are_switched_off(tmp_path: Path) -> None:
    cutting = trained()
    cutting.enable_truncation(4)
    cutting.enable_padding(length=64)
    tokenizer = load_tokenizer(saved(cutting, tmp_path))
    for text in (TEXTS[0], "a"):
        assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text
