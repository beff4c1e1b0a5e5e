from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aurora.corpus.conversation import ASSISTANT, USER, Turn, new_conversation
from aurora.corpus.document import new_document
from aurora.corpus.phases.part_files import PartWriter
from aurora.errors import UserError
from aurora.files import sha256
from aurora.recipe.tokens import Infilling, Loss, Tokens, TrainedTokenizer
from aurora.tokens import conversations
from aurora.tokens.build import build_tokens
from aurora.tokens.store import TokenStore, store_stem
from aurora.tokens.text.companions import write_companions
from aurora.tokens.text.formats import Format
from aurora.tokens.text.text_facts import FILE, read_text
from aurora.tokens.text.tokenizer import train_tokenizer
from tokens.conftest import TEXTS

TALKS = [
    [Turn(USER, "Why?"), Turn(ASSISTANT, "So.")],
    [Turn(USER, TEXTS[0]), Turn(ASSISTANT, TEXTS[1]), Turn(USER, "川？"), Turn(ASSISTANT, "はい。", learnt=False)],
    [Turn(USER, "Miksi?"), Turn(ASSISTANT, "Siksi."), Turn(USER, "Miten?"), Turn(ASSISTANT, "Näin.")],
]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "corpus/clean").mkdir(parents=True)
    with PartWriter(tmp_path / "corpus", "chats") as writer:
        for number, talk in enumerate(TALKS):
            writer.write("clean", new_conversation(talk, "fi", "chats", "MIT", f"a:{number}", {"id": "7"}))
    with PartWriter(tmp_path / "corpus", "web") as writer:
        writer.write("clean", new_document(TEXTS[0], "en", "web", "MIT"))
    return tmp_path / "corpus"


@pytest.fixture(scope="module", params=["aurora", "chatml"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    more = ("<|im_start|>", "<|im_end|>")
    train_tokenizer(TEXTS, TrainedTokenizer(vocabulary=400), more).save(str(folder / FILE))
    write_companions(None, folder, request.param, pairs=True)
    return folder


def built(corpus: Path, folder: Path, out: Path, loss: Loss | None = None, **keys: Any) -> TokenStore:
    said = {} if loss is None else {"chats/fi": loss}
    tokens = Tokens(train=TrainedTokenizer(vocabulary=400), loss=said, **keys)
    build_tokens(tokens, corpus, corpus, None, folder, out)
    return TokenStore.open(store_stem(out, "chats/fi"), sha256(folder / FILE))


def stored(store: TokenStore) -> list[tuple[list[int], list[int]]]:
    assert store.mask is not None
    found = []
    for number in range(store.num_documents):
        begin, size = store.document(number)
        found.append((store.tokens[begin : begin + size].tolist(), store.mask[begin : begin + size].tolist()))
    return found


@pytest.mark.parametrize(("loss", "last"), [(None, False), ("answers", False), ("last", True)])
def test_a_store_holds_the_ids_and_what_is_learnt(
    corpus: Path, folder: Path, tmp_path: Path, loss: Loss | None, last: bool
) -> None:
    store = built(corpus, folder, tmp_path / "out", loss)
    form = Format(read_text(folder))
    expected = [form.conversation(talk, last_only=last) for talk in TALKS]
    assert stored(store) == expected
    assert store.side.loss_tokens == sum(sum(mask) for _, mask in expected)
    assert (store.side.documents, store.side.licenses) == (3, ["MIT"])
    assert TokenStore.open(store_stem(tmp_path / "out", "web/en")).mask is None


def test_all_of_a_conversation_is_text(corpus: Path, folder: Path, tmp_path: Path) -> None:
    store = built(corpus, folder, tmp_path / "out", "all")
    assert store.mask is None
    assert store.side.loss_tokens == store.num_tokens
    form, end = Format(read_text(folder)), read_text(folder).end
    for number, talk in enumerate(TALKS):
        begin, size = store.document(number)
        whole, _ = form.conversation(talk)
        within = whole[whole[0] == end : len(whole) - (whole[-1] == end)]
        assert store.tokens[begin : begin + size].tolist() == [*within, end]


def test_an_interrupted_encoding_goes_on(
    corpus: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = stored(built(corpus, folder, tmp_path / "whole"))
    monkeypatch.setattr(conversations, "SAVE_CONVERSATIONS", 1)
    encoded: list[int] = []
    encode = Format.conversation

    def failing(form: Format, turns: list[Turn], last_only: bool = False) -> tuple[list[int], list[int]]:
        encoded.append(len(turns))
        if len(encoded) == 2:
            raise KeyboardInterrupt
        return encode(form, turns, last_only)

    monkeypatch.setattr(Format, "conversation", failing)
    with pytest.raises(KeyboardInterrupt):
        built(corpus, folder, tmp_path / "out")
    assert stored(built(corpus, folder, tmp_path / "out")) == whole
    assert encoded == [2, 4, 4, 4]


def test_what_the_corpus_does_not_hold_is_named(corpus: Path, folder: Path, tmp_path: Path) -> None:
    tokens = Tokens(train=TrainedTokenizer(), loss={"chats/ja": "all"}, infilling={"web/en": Infilling()})
    with pytest.raises(UserError, match=r"tokens\.loss: the corpus has no conversations in chats/ja\."):
        build_tokens(tokens, corpus, corpus, None, folder, tmp_path / "out")
