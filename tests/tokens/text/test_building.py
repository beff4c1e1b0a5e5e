"""A tokenizer built for a run: what it learns on, what it is refused for, and where a published one comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from aurora.errors import AuroraError, UserError
from aurora.files import sha256
from aurora.recipe.tokens import Tokens, TrainedTokenizer
from aurora.tokens.text.building import build_tokenizer
from aurora.tokens.text.text_facts import END_OF_TEXT, FILE
from aurora.tokens.text.tokenizer import train_tokenizer
from tokens.conftest import TEXTS, MakeCorpus, saved, trained

MIXED = "The river 2024: joki, नदी, 川, sông — déjà vu 👩‍🚀\n\tdef f(x):\r\n        return x**12  # <|endoftext|>\n"


def lower_casing() -> Tokenizer:
    tokenizer = trained()
    tokenizer.normalizer = normalizers.Lowercase()
    return tokenizer


def of_whole_words() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.train_from_iterator(TEXTS, trainers.WordLevelTrainer(special_tokens=[END_OF_TEXT, "<unk>"]))
    return tokenizer


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
            "aurora.tokens.text.building.train_tokenizer",
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
    with pytest.raises(UserError, match=r"names no token that ends a text: name it as eos_token"):
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
    assert f"{tmp_path / FILE} cannot be read by the tokenizers library" in refusal(tmp_path, corpus)


def test_a_folder_without_a_tokenizer_is_named(make_corpus: MakeCorpus, tmp_path: Path) -> None:
    corpus = make_corpus([("web", "en", "a")])
    (corpus / "some" / "model").mkdir(parents=True)  # a folder that looks like a hub name is still a folder
    assert refusal("some/model", corpus) == (
        f"{corpus / 'some/model' / FILE} does not exist: give a folder with a {FILE}, or the file itself."
    )


def test_a_hub_model_without_a_network_is_one_sentence(
    make_corpus: MakeCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    message = refusal("nobody/nothing", make_corpus([("web", "en", "a")]), AuroraError)
    assert "nobody/nothing could not be downloaded from the hub (" in message
    assert "check the network" in message


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
