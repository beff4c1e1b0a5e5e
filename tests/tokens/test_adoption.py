from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aurora.errors import UserError
from aurora.recipe.tokens import Adopted
from aurora.tokens.adoption import adopt_store
from aurora.tokens.store import HEADER, MAGIC, SideFile, TokenStore, store_stem
from aurora.tokens.text.text_facts import TextFacts
from tokens.conftest import TEXTS

ADOPTED = Adopted(path="shards/foreign", license="CC0-1.0")


def write_foreign(folder: Path, documents: list[list[int]], code: int = 4, firsts: list[int] | None = None) -> Path:
    """A store as Megatron writes it, by hand; `firsts` are the first sequence of each document, and their number."""
    dtype = {4: np.int32, 8: np.uint16, 5: np.int64}[code]
    stem = folder / "shards/foreign"
    stem.parent.mkdir(exist_ok=True)
    sizes = np.array([len(ids) for ids in documents], np.int32)
    offsets = (np.cumsum(sizes, dtype=np.int64) - sizes) * np.dtype(dtype).itemsize
    numbers = np.arange(len(documents) + 1, dtype=np.int64) if firsts is None else np.array(firsts, np.int64)
    index = HEADER.pack(MAGIC, 1, code, len(documents), len(numbers)) + sizes.tobytes() + offsets.tobytes()
    stem.with_suffix(".idx").write_bytes(index + numbers.tobytes())
    stem.with_suffix(".bin").write_bytes(np.array([token for ids in documents for token in ids], dtype).tobytes())
    return stem


def adopt(folder: Path, facts: TextFacts) -> SideFile:
    return adopt_store("elsewhere/fi", ADOPTED, folder, facts, "mark", folder / "train")


@pytest.mark.parametrize("code", [4, 8])
def test_a_store_made_elsewhere_is_copied_with_its_facts(tmp_path: Path, facts: TextFacts, code: int) -> None:
    documents = [facts.encode(written) for written in TEXTS]
    write_foreign(tmp_path, [[*documents[0], 0], *documents[1:]], code)  # the first has its end-of-text already
    side = adopt(tmp_path, facts)
    store = TokenStore.open(store_stem(tmp_path / "train", "elsewhere/fi"), "mark")
    store.verify()
    assert store.tokens.tolist() == [token for ids in documents for token in (*ids, 0)]
    assert (side.documents, side.licenses, side.dtype) == (len(TEXTS), ["CC0-1.0"], "uint16")
    assert side.num_bytes == sum(len(written.encode()) for written in TEXTS)


def test_sentences_are_joined_to_their_documents(tmp_path: Path, facts: TextFacts) -> None:
    write_foreign(tmp_path, [[5, 6], [7], [8, 9, 0], [], [10]], firsts=[0, 3, 3, 5])
    side = adopt(tmp_path, facts)
    store = TokenStore.open(store_stem(tmp_path / "train", "elsewhere/fi"))
    assert store.tokens.tolist() == [5, 6, 7, 8, 9, 0, 0, 10, 0]
    assert side.documents == 3
    assert store.document_sizes.tolist() == [6, 1, 2]


@pytest.mark.parametrize("firsts", [[], [0], [0, 1], [0, 2, 1, 2], [1, 2], [0, 3], [-1, 2]])
def test_document_indices_that_do_not_cover_the_sequences_are_refused(
    tmp_path: Path, facts: TextFacts, firsts: list[int]
) -> None:
    write_foreign(tmp_path, [[5, 0], [6, 0]], firsts=firsts)
    with pytest.raises(UserError, match=r"does not say which of its 2 sequences each document has"):
        adopt(tmp_path, facts)


@pytest.mark.parametrize(("place", "value"), [(0, -1), (8, -4), (16, 2)])
def test_a_sequence_that_begins_nowhere_is_refused(tmp_path: Path, facts: TextFacts, place: int, value: int) -> None:
    stem = write_foreign(tmp_path, [[5, 0], [6, 0]])
    data = bytearray(stem.with_suffix(".idx").read_bytes())
    data[HEADER.size + place : HEADER.size + place + 4] = value.to_bytes(4, "little", signed=True)
    if value < 0 and place == 8:
        data[HEADER.size + 12 : HEADER.size + 16] = b"\xff" * 4
    stem.with_suffix(".idx").write_bytes(data)
    with pytest.raises(UserError, match="has a sequence with a negative size or an impossible offset"):
        adopt(tmp_path, facts)


def test_split_sentences_of_megatron_are_one_document(tmp_path: Path, facts: TextFacts, megatron: Any) -> None:
    torch = pytest.importorskip("torch")
    (tmp_path / "shards").mkdir()
    builder = megatron.IndexedDatasetBuilder(str(tmp_path / "shards/foreign.bin"), dtype=np.uint16)
    for sentence in TEXTS[:3]:
        builder.add_item(torch.tensor(facts.encode(sentence)))
    builder.end_document()
    builder.add_item(torch.tensor(facts.encode(TEXTS[3])))
    builder.end_document()
    builder.finalize(str(tmp_path / "shards/foreign.idx"))
    side = adopt(tmp_path, facts)
    store = TokenStore.open(store_stem(tmp_path / "train", "elsewhere/fi"))
    written = facts.tokenizer.decode(store.tokens[: store.document(1)[0]].tolist(), skip_special_tokens=False)
    assert written == "".join(TEXTS[:3]) + "<|endoftext|>"
    assert side.documents == 2


def test_what_megatron_writes_is_read(tmp_path: Path, facts: TextFacts, megatron: Any) -> None:
    torch = pytest.importorskip("torch")
    (tmp_path / "shards").mkdir()
    builder = megatron.IndexedDatasetBuilder(str(tmp_path / "shards/foreign.bin"), dtype=np.uint16)
    for written in TEXTS:
        builder.add_item(torch.tensor([*facts.encode(written), 0]))
        builder.end_document()
    builder.finalize(str(tmp_path / "shards/foreign.idx"))
    side = adopt(tmp_path, facts)
    store = TokenStore.open(store_stem(tmp_path / "train", "elsewhere/fi"))
    texts = [
        facts.tokenizer.decode(store.tokens[start : start + size - 1].tolist())
        for start, size in map(store.document, range(side.documents))
    ]
    assert texts == TEXTS


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ("no index", r"tokens\.adopt: .*foreign\.idx does not exist; give the path of a \.bin and \.idx"),
        ("no tokens", r"tokens\.adopt: .*foreign\.bin does not exist"),
        ("not an index", r"foreign\.idx is not the index of a Megatron store"),
        ("another type", r"foreign\.idx has version 1 and type 5; make it again with version 1"),
        ("cut index", r"foreign\.idx is truncated: copy it again"),
        ("cut tokens", r"foreign\.bin is shorter than foreign\.idx says: copy both again"),
        ("foreign id", r"foreign\.bin: document 1 has an id outside the tokenizer's 400 entries"),
        ("negative id", r"foreign\.bin: document 1 has an id outside the tokenizer's 400 entries"),
    ],
)
def test_what_cannot_be_adopted_is_one_sentence(tmp_path: Path, facts: TextFacts, damage: str, problem: str) -> None:
    second = {"foreign id": [400, 0], "negative id": [-1, 0]}.get(damage, [7, 0])
    stem = write_foreign(tmp_path, [[5, 6, 0], second], 5 if damage == "another type" else 4)
    index, tokens = stem.with_suffix(".idx"), stem.with_suffix(".bin")
    if damage.startswith("no "):
        (index if damage == "no index" else tokens).unlink()
    elif damage == "not an index":
        index.write_bytes(b"PK" + index.read_bytes())
    elif damage.startswith("cut"):
        file = index if damage == "cut index" else tokens
        file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(UserError, match=problem):
        adopt(tmp_path, facts)
    assert not list((tmp_path / "train").glob("*.json"))
