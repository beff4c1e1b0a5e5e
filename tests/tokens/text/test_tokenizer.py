from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from aurora.errors import AuroraError, UserError
from aurora.files import sha256
from aurora.recipe.tokens import Tokens, TrainedTokenizer
from aurora.tokens.text.text_facts import END_OF_TEXT, FILE, SPECIAL_TOKENS, load_tokenizer
from aurora.tokens.text.tokenizer import MARKS_PATTERN, build_tokenizer, check_round_trip, train_tokenizer
from tokens.conftest import TEXTS, MakeCorpus

MIXED = "The river 2024: joki, नदी, 川, sông — déjà vu 👩‍🚀\n\tdef f(x):\r\n        return x**12  # <|endoftext|>\n"


def trained(pattern: str = "starcoder", vocabulary: int = 400, texts: list[str] = TEXTS) -> Tokenizer:
    settings = TrainedTokenizer(vocabulary=vocabulary, pattern=pattern, megabytes_per_language=1)  # type: ignore[arg-type]
    return train_tokenizer(texts, settings)


def pieces(tokenizer: Tokenizer, text: str) -> list[str]:
    """What the pre-tokenizer cuts a text into."""
    return [text[start:end] for _, (start, end) in tokenizer.pre_tokenizer.pre_tokenize_str(text)]


def saved(tokenizer: Tokenizer, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / FILE))
    return folder


def lower_casing() -> Tokenizer:
    tokenizer = trained()
    tokenizer.normalizer = normalizers.Lowercase()
    return tokenizer


def of_whole_words() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.train_from_iterator(TEXTS, trainers.WordLevelTrainer(special_tokens=[END_OF_TEXT, "<unk>"]))
    return tokenizer


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
    check_round_trip(tokenizer, [*TEXTS, MIXED, "", " ", "\n\n", "\u2028", "\0"])


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
    assert r"\p{M}" in MARKS_PATTERN


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


def test_a_folder_and_its_file_are_the_same_tokenizer(tokenizer_folder: Path) -> None:
    assert load_tokenizer(tokenizer_folder).to_str() == load_tokenizer(tokenizer_folder / FILE).to_str()


def test_cutting_and_padding_are_switched_off(tmp_path: Path) -> None:
    cutting = trained()
    cutting.enable_truncation(4)
    cutting.enable_padding(length=64)
    tokenizer = load_tokenizer(saved(cutting, tmp_path))
    for text in (TEXTS[0], "a"):
        assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text


def test_building_learns_on_the_clean_text_alone(make_corpus: MakeCorpus, tmp_path: Path) -> None:
    clean = [("web", "en", TEXTS[0]), ("web", "fi", TEXTS[1])]
    tokens = Tokens(train=TrainedTokenizer(vocabulary=300, megabytes_per_language=1))
    facts = build_tokenizer(tokens, tmp_path, make_corpus(clean, [("web", "en", "zyzzyva " * 50)]), tmp_path / "out")
    assert facts == {"vocabulary": 300, "sha256": sha256(tmp_path / "out" / FILE)}
    assert json.loads(trained("starcoder", 300, TEXTS[:2]).to_str()) == json.loads(
        (tmp_path / "out" / FILE).read_text()
    )


def test_no_language_dominates_the_merges(make_corpus: MakeCorpus, tmp_path: Path) -> None:
    """Both languages may give 200 bytes, however much one has, and its sources share them."""
    clean = [("web", "en", f"zebra{i:95d}") for i in range(40)]
    clean += [("mail", "en", f"quagga{i:94d}") for i in range(40)] + [("web", "fi", f"joki{i:96d}") for i in range(40)]
    seen: list[str] = []
    tokens = Tokens(train=TrainedTokenizer(vocabulary=300, megabytes_per_language=200e-6))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "aurora.tokens.text.tokenizer.train_tokenizer",
            lambda texts, *settings: seen.extend(texts) or train_tokenizer(seen, *settings),
        )
        build_tokenizer(tokens, tmp_path, make_corpus(clean), tmp_path / "out")
    assert [text.split()[0] for text in seen] == ["quagga", "zebra", "joki", "joki"]


def test_a_folder_given_by_the_recipe_is_taken_as_it_is(
    make_corpus: MakeCorpus, tokenizer_folder: Path, tmp_path: Path
) -> None:
    corpus = make_corpus([("web", "en", MIXED)])
    facts = build_tokenizer(Tokens(path=tokenizer_folder.name), tokenizer_folder.parent, corpus, tmp_path / "out")
    assert facts["vocabulary"] == 400
    assert (tmp_path / "out" / FILE).read_bytes() == (tokenizer_folder / FILE).read_bytes()


def test_another_tokenizer_than_the_models_is_refused_before_anything_is_encoded(
    make_corpus: MakeCorpus, tokenizer_folder: Path, tmp_path: Path
) -> None:
    corpus = make_corpus([("web", "en", MIXED)])
    saved(trained(vocabulary=320, texts=TEXTS[:1]), tmp_path / "model")
    tokens = Tokens(path=str(tokenizer_folder))
    with pytest.raises(UserError, match=r"tokens\.path: \d+ of the \d+ ids of the model's tokenizer mean the same in"):
        build_tokenizer(tokens, tmp_path, corpus, tmp_path / "out", model=tmp_path / "model")
    assert not (tmp_path / "out").exists()
    build_tokenizer(tokens, tmp_path, corpus, tmp_path / "out", model=tokenizer_folder)


@pytest.mark.parametrize("make", [lower_casing, of_whole_words])
def test_a_tokenizer_that_loses_text_is_refused(make_corpus: MakeCorpus, tmp_path: Path, make: object) -> None:
    saved(make(), tmp_path / "mine")  # type: ignore[operator]
    with pytest.raises(UserError, match=r"The tokenizer loses text: '.* comes back as '.*use a byte-level tokenizer"):
        build_tokenizer(Tokens(path="mine"), tmp_path, make_corpus([("web", "en", TEXTS[0])]), tmp_path / "out")


def test_a_tokenizer_without_an_end_of_text_is_refused(make_corpus: MakeCorpus, tmp_path: Path) -> None:
    saved(Tokenizer(models.BPE()), tmp_path / "mine")
    with pytest.raises(UserError, match=r"names no token that ends a text: say it as eos_token"):
        build_tokenizer(Tokens(path="mine"), tmp_path, make_corpus([("web", "en", "a")]), tmp_path / "out")


def refusal(path: Path | str, corpus: Path, kind: type[AuroraError] | type[UserError] = UserError) -> str:
    """The one sentence with which building fails."""
    with pytest.raises(kind) as caught:
        build_tokenizer(Tokens(path=str(path)), corpus, corpus, corpus / "out")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_no_tokenizer_is_named(make_corpus: MakeCorpus, tmp_path: Path) -> None:
    corpus = make_corpus([("web", "en", "a")])
    for name in (tmp_path / "missing", "missing", "./missing/it"):
        assert refusal(name, corpus).startswith(f"tokens.path: {corpus / name} is not a folder, and")
    (tmp_path / FILE).write_text("[]")
    assert f"{tmp_path / FILE} is not a tokenizer" in refusal(tmp_path, corpus)


def test_a_folder_without_a_tokenizer_is_named(make_corpus: MakeCorpus, tmp_path: Path) -> None:
    corpus = make_corpus([("web", "en", "a")])
    (corpus / "some" / "model").mkdir(parents=True)  # a folder that looks like a hub name is still a folder
    assert refusal("some/model", corpus) == (
        f"{corpus / 'some/model' / FILE} does not exist: give a folder with a {FILE}, or the file itself."
    )


def test_a_hub_model_without_a_network_is_one_sentence(
    make_corpus: MakeCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    huggingface_hub = pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    message = refusal("nobody/nothing", make_corpus([("web", "en", "a")]), AuroraError)
    assert "nobody/nothing could not be fetched from the hub (" in message
    assert "try again online" in message


def test_a_hub_model_is_read_from_what_was_fetched(
    make_corpus: MakeCorpus, tokenizer_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("huggingface_hub")
    asked: list[tuple[str, str | None, list[str]]] = []

    def download(name: str, revision: str | None, allow_patterns: list[str]) -> str:
        asked.append((name, revision, allow_patterns))
        return str(tokenizer_folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    tokens = Tokens(path="some/model", revision="abc123")
    assert build_tokenizer(tokens, tmp_path, make_corpus([("web", "en", "a")]), tmp_path / "out")["vocabulary"] == 400
    assert asked[0][:2] == ("some/model", "abc123")
    assert {FILE, "tokenizer_config.json", "generation_config.json", "chat_template.jinja"} <= set(asked[0][2])
    assert not any("safetensors" in pattern for pattern in asked[0][2])
