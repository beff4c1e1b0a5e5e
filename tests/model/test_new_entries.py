from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import pytest
import torch
from tokenizers import Tokenizer

from aurora.errors import AuroraError, UserError
from aurora.model.folder import load_model, save_model
from aurora.model.huggingface import export_model, import_model
from aurora.model.network import Network
from aurora.model.new_entries import NewEntries, extended_embedding
from aurora.recipe.model import Architecture
from aurora.recipe.tokens import TrainedTokenizer
from aurora.tokens.text.extension import extend_tokenizer, pieces_of
from aurora.tokens.text.tokenizer import train_tokenizer

SIZE, NEW = 330, 40
OLD = "def main(): return 42  # an old line"
HINDI = ["नदी चौड़ी है और पुल पुराना है।", "हिन्दी में किताबें लिखी जाती हैं। नदी में पुल है।"] * 20


@pytest.fixture(scope="module")
def published() -> Tokenizer:
    return train_tokenizer([OLD * 3], TrainedTokenizer(vocabulary=SIZE))


@pytest.fixture
def extended_file(published: Tokenizer, tmp_path: Path) -> Path:
    published.encode_special_tokens = True
    (tmp_path / "extended").mkdir()
    extend_tokenizer(published, HINDI, NEW).save(str(tmp_path / "extended/tokenizer.json"))
    return tmp_path / "extended/tokenizer.json"


@pytest.fixture
def checkpoint(published: Tokenizer, tmp_path: Path) -> Path:
    """A published model in hub layout, with more rows than its tokenizer has entries."""
    model = Network(Architecture(layers=1, width=16, heads=2, positions=64), published.get_vocab_size() + 8)
    model.initialise(torch.Generator().manual_seed(3))
    published.save(str(tmp_path / "own.json"))
    save_model(model, tmp_path / "model", tmp_path / "own.json")
    export_model(tmp_path / "model", tmp_path / "published")
    return tmp_path / "published"


@pytest.mark.parametrize("method", ["mean", "random", "mean-covariance"])
def test_a_model_grows_with_its_tokenizer_and_understands_old_text_as_before(
    checkpoint: Path, extended_file: Path, tmp_path: Path, method: Literal["mean", "random", "mean-covariance"]
) -> None:
    import_model(str(checkpoint), None, tmp_path, tmp_path / "before")
    entries_of = {"tokenizer_file": extended_file, "new_entries": NewEntries(method, 1)}
    import_model(str(checkpoint), None, tmp_path, tmp_path / "after", **entries_of)
    before, old = load_model(tmp_path / "before")
    after, new = load_model(tmp_path / "after")
    entries = old.vocabulary
    assert after.vocabulary == new.vocabulary == entries + NEW
    rows, grown = before.embedding.weight, after.embedding.weight
    assert torch.equal(grown[:entries], rows[:entries])
    ids = torch.tensor([new.encode(OLD)])
    assert ids.tolist() == [old.encode(OLD)]
    assert torch.equal(after.hidden(ids), before.hidden(ids))
    assert max(new.encode(HINDI[0])) >= entries
    if method == "mean":
        pieces = pieces_of(json.loads(extended_file.read_text()), entries)
        for row, parts in zip(grown[entries:], pieces, strict=True):
            torch.testing.assert_close(row, rows[parts].mean(0))


def test_rows_that_no_entry_needs_stay(published: Tokenizer, extended_file: Path) -> None:
    embedding = torch.randn(1000, 4).bfloat16()
    grown = extended_embedding(embedding, published, extended_file, NewEntries("mean", 1))
    first = published.get_vocab_size()
    assert (grown.shape, grown.dtype) == ((1000, 4), torch.bfloat16)
    assert torch.equal(grown[:first], embedding[:first])
    assert torch.equal(grown[first + NEW :], embedding[first + NEW :])
    assert not torch.equal(grown[first : first + NEW], embedding[first : first + NEW])


def test_another_tokenizer_is_refused_and_one_with_room_for_more_is_not(
    checkpoint: Path, published: Tokenizer, tmp_path: Path
) -> None:
    def imported(tokenizer: Tokenizer) -> None:
        (tmp_path / "run").mkdir(exist_ok=True)
        tokenizer.save(str(tmp_path / "run/tokenizer.json"))
        import_model(str(checkpoint), None, tmp_path, tmp_path / "in", tokenizer_file=tmp_path / "run/tokenizer.json")

    other = train_tokenizer(HINDI, TrainedTokenizer(vocabulary=SIZE))
    with pytest.raises(UserError, match=r"tokens\.path: \d+ of the \d+ ids of the model's .* would read noise"):
        imported(other)
    assert not (tmp_path / "in").exists()
    more = Tokenizer.from_str(published.to_str())
    more.add_special_tokens([f"<more{number}>" for number in range(8)])
    imported(more)  # the embedding has eight rows that the model's own tokenizer has no use for
    assert load_model(tmp_path / "in")[1].vocabulary == published.get_vocab_size() + 8
    more.add_special_tokens(["<one too many>"])
    with pytest.raises(AuroraError, match=r"has token id \d+, but the model's last id is"):
        imported(more)
