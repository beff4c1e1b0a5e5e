from __future__ import annotations

import errno
import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.errors import AuroraError
from aurora.tokens.store import SideFile, StoreWriter, TokenStore, file_of, store_stem

SMALL, LARGE = 65_499, 70_000
DOCUMENTS = [[5, 6, 7, 0], [], [8, 0]]

Documents = st.lists(st.lists(st.integers(0, 65_498), max_size=8), max_size=8)


def write(stem: Path, documents: list[list[int]], vocabulary: int = SMALL, masked: bool = False) -> SideFile:
    with StoreWriter(stem, vocabulary, masked) as writer:
        for ids in documents:
            writer.add(ids, [token % 2 for token in ids] if masked else None, num_bytes=len(ids), license="MIT")
        writer.licenses.add("Apache-2.0")
        return writer.close("web", "en", "abc")


@pytest.fixture(params=[False, True], ids=["plain", "masked"])
def stem(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    write(tmp_path / "web.en", DOCUMENTS, masked=request.param)
    return tmp_path / "web.en"


@given(Documents, st.sampled_from([SMALL, LARGE]), st.booleans())
@settings(deadline=None, max_examples=60)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, documents: list[list[int]], vocabulary: int, masked: bool
) -> None:
    stem = tmp_path_factory.mktemp("store") / "web.en"
    side = write(stem, documents, vocabulary, masked)
    store = TokenStore.open(stem, "abc")
    flat = [token for ids in documents for token in ids]
    assert store.tokens.tolist() == flat
    assert store.tokens.dtype == (np.uint16 if vocabulary == SMALL else np.int32)
    assert (store.num_documents, store.num_tokens) == (len(documents), len(flat))
    assert store.document_starts.tolist() == [sum(map(len, documents[:i])) for i in range(len(documents))]
    assert (store.mask.tolist() if store.mask is not None else None) == ([t % 2 for t in flat] if masked else None)
    assert store.side == side
    assert side.loss_tokens == (sum(token % 2 for token in flat) if masked else len(flat))
    store.verify()


@pytest.mark.parametrize("ids", [[70_000], np.array([70_000], np.uint32), np.array([-1]), [65_499]])
def test_an_id_that_does_not_fit_is_refused_and_never_another(tmp_path: Path, ids: Any) -> None:
    with (
        StoreWriter(tmp_path / "web.en", SMALL) as writer,
        pytest.raises(AuroraError, match=r"web\.en: document 0 has an id outside the tokenizer's 65,499 entries"),
    ):
        writer.add(ids)


def test_ids_beyond_two_bytes_survive(tmp_path: Path) -> None:
    write(tmp_path / "web.en", [[69_999, 0]], LARGE)
    assert TokenStore.open(tmp_path / "web.en").tokens.tolist() == [69_999, 0]


@pytest.mark.parametrize(("vocabulary", "dtype"), [(65_499, "uint16"), (65_500, "int32")])
def test_the_type_follows_megatrons_limit(tmp_path: Path, vocabulary: int, dtype: str) -> None:
    assert write(tmp_path / "web.en", DOCUMENTS, vocabulary).dtype == dtype


def test_the_side_file_states_the_facts(stem: Path) -> None:
    side = json.loads(file_of(stem, "json").read_text())
    assert side["licenses"] == ["Apache-2.0", "MIT"]
    assert {key: side[key] for key in ("schema", "source", "language", "documents", "tokens", "num_bytes")} == {
        "schema": 3, "source": "web", "language": "en", "documents": 3, "tokens": 6, "num_bytes": 6,
    }  # fmt: skip


def test_equal_documents_give_equal_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        write(tmp_path / folder / "web.en", DOCUMENTS, masked=True)
    for kind in ("bin", "idx", "mask", "json"):
        assert (tmp_path / f"one/web.en.{kind}").read_bytes() == (tmp_path / f"two/web.en.{kind}").read_bytes()


def test_a_name_becomes_a_file_stem(tmp_path: Path) -> None:
    stem = store_stem(tmp_path, "v15/zh-Hans")
    assert file_of(stem, "bin") == tmp_path / "v15.zh-Hans.bin"
    with pytest.raises(AuroraError, match=r"'v1\.5/zh-Hans' cannot be the name of a token store"):
        store_stem(tmp_path, "v1.5/zh-Hans")  # v1/5 would lie in the same files


@pytest.mark.parametrize(("vocabulary", "code", "width"), [(SMALL, 8, 2), (LARGE, 4, 4)])
def test_the_index_is_laid_out_as_megatrons(tmp_path: Path, vocabulary: int, code: int, width: int) -> None:
    """Read without numpy: `<9s Q B Q Q`, int32 sizes, int64 byte offsets, int64 document indices, nothing after."""
    write(tmp_path / "web.en", DOCUMENTS, vocabulary)
    index = (tmp_path / "web.en.idx").read_bytes()
    assert index[:9] == b"MMIDIDX\x00\x00"
    assert struct.unpack_from("<Q", index, 9) == (1,)
    assert struct.unpack_from("<B", index, 17) == (code,)
    assert struct.unpack_from("<QQ", index, 18) == (3, 4)
    sizes = struct.unpack_from("<3i", index, 34)
    offsets = struct.unpack_from("<3q", index, 46)
    assert (sizes, offsets) == ((4, 0, 2), (0, 4 * width, 4 * width))
    assert struct.unpack_from("<4q", index, 70) == (0, 1, 2, 3)
    assert len(index) == 102
    tokens = (tmp_path / "web.en.bin").read_bytes()
    letter = {2: "H", 4: "i"}[width]
    for ids, offset in zip(DOCUMENTS, offsets, strict=True):
        assert list(struct.unpack_from(f"<{len(ids)}{letter}", tokens, offset)) == ids


@pytest.mark.slow
@pytest.mark.parametrize("vocabulary", [SMALL, LARGE])
def test_megatron_reads_a_store(tmp_path: Path, vocabulary: int, megatron: Any) -> None:
    write(tmp_path / "web.en", DOCUMENTS, vocabulary)
    dataset = megatron.IndexedDataset(str(tmp_path / "web.en"))
    assert [dataset[i].tolist() for i in range(len(dataset))] == DOCUMENTS
    assert dataset.document_indices.tolist() == [0, 1, 2, 3]
    assert dataset.sequence_lengths.tolist() == [4, 0, 2]


@pytest.mark.parametrize("kind", ["bin", "idx", "mask", "json"])
def test_a_missing_file_is_named(tmp_path: Path, kind: str) -> None:
    write(tmp_path / "web.en", DOCUMENTS, masked=True)
    (tmp_path / f"web.en.{kind}").unlink()
    with pytest.raises(AuroraError, match=rf"web\.en\.{kind} (is missing|does not exist)"):
        TokenStore.open(tmp_path / "web.en")


@pytest.mark.parametrize("kind", ["bin", "idx", "mask", "json"])
@pytest.mark.parametrize("change", [-1, 1])
def test_a_file_of_another_length_is_named(tmp_path: Path, kind: str, change: int) -> None:
    write(tmp_path / "web.en", DOCUMENTS, masked=True)
    path = tmp_path / f"web.en.{kind}"
    data = path.read_bytes()
    path.write_bytes(data[:-2] if change < 0 else data + b"}")
    with pytest.raises(AuroraError, match=rf"web\.en\.{kind} "):
        TokenStore.open(tmp_path / "web.en")


@pytest.mark.parametrize(
    "others",
    [[[1, 0]], [[1, 0], [2, 0], [3, 0], [4, 0]], [[1, 0], [2, 0], [3, 0, 0, 0]]],
    ids=["fewer documents", "more documents", "as many documents, more tokens"],
)
def test_the_index_of_another_store_is_refused(tmp_path: Path, others: list[list[int]]) -> None:
    write(tmp_path / "web.en", DOCUMENTS)
    write(tmp_path / "web.fi", others)
    (tmp_path / "web.fi.idx").replace(tmp_path / "web.en.idx")
    with pytest.raises(AuroraError, match=r"web\.en\.idx .*another"):
        TokenStore.open(tmp_path / "web.en")


def test_the_index_of_another_type_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "web.en", DOCUMENTS)
    write(tmp_path / "web.fi", DOCUMENTS, LARGE)
    (tmp_path / "web.fi.idx").replace(tmp_path / "web.en.idx")
    with pytest.raises(AuroraError, match=r"web\.en\.idx is not the index of this"):
        TokenStore.open(tmp_path / "web.en")


@pytest.mark.parametrize("byte", [0, 9, 17, 18, 26])
def test_a_damaged_header_is_refused(stem: Path, byte: int) -> None:
    index = bytearray(file_of(stem, "idx").read_bytes())
    index[byte] ^= 0x40
    file_of(stem, "idx").write_bytes(index)
    with pytest.raises(AuroraError, match=r"web\.en\.idx is "):
        TokenStore.open(stem)


def test_another_tokenizer_is_refused(stem: Path) -> None:
    TokenStore.open(stem, "abc")
    with pytest.raises(AuroraError, match=r"web\.en was made with another tokenizer"):
        TokenStore.open(stem, "abd")


@pytest.mark.parametrize(
    "change", [{"schema": 4}, {"colour": "red"}, []], ids=["later schema", "unknown key", "no table"]
)
def test_another_side_file_is_refused(stem: Path, change: object) -> None:
    side = json.loads(file_of(stem, "json").read_text())
    file_of(stem, "json").write_text(json.dumps(side | change if isinstance(change, dict) else change))
    with pytest.raises(AuroraError, match=r"web\.en\.json is not"):
        TokenStore.open(stem)


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_any_flipped_bit_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    stem = tmp_path_factory.mktemp("store") / "web.en"
    write(stem, DOCUMENTS, masked=True)
    kind = data.draw(st.sampled_from(["bin", "idx", "mask"]))
    content = bytearray(file_of(stem, kind).read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    file_of(stem, kind).write_bytes(content)
    with pytest.raises(AuroraError, match=rf"web\.en\.{kind} "):
        TokenStore.open(stem).verify()


@pytest.mark.parametrize("before", [False, True], ids=["first time", "over an older store"])
def test_a_crash_while_writing_leaves_no_store(tmp_path: Path, before: bool) -> None:
    stem = tmp_path / "web.en"
    if before:
        write(stem, DOCUMENTS)
    with pytest.raises(KeyboardInterrupt), StoreWriter(stem, SMALL) as writer:
        writer.add([1, 2, 0])
        raise KeyboardInterrupt
    with pytest.raises(AuroraError, match=r"web\.en\.json does not exist"):
        TokenStore.open(stem)
    write(stem, DOCUMENTS)
    TokenStore.open(stem).verify()


@given(Documents, st.data())
@settings(deadline=None, max_examples=40)
def test_a_writer_goes_on_where_a_crash_left_it(
    tmp_path_factory: pytest.TempPathFactory, documents: list[list[int]], data: st.DataObject
) -> None:
    """Whatever was written after the last save, and however often it happens, the store comes out the same."""
    folder = tmp_path_factory.mktemp("store")
    write(folder / "whole", documents)
    done = 0
    while done < len(documents):
        with pytest.raises(KeyboardInterrupt), StoreWriter(folder / "parts", SMALL, key="k") as writer:
            assert writer.num_documents == done
            saved, lost = data.draw(st.integers(1, 3)), data.draw(st.integers(0, 3))
            for ids in documents[done : done + saved]:
                writer.add(ids, num_bytes=len(ids), license="MIT")
            writer.save()
            done = min(len(documents), done + saved)
            for ids in documents[done : done + lost]:
                writer.add(ids)
            raise KeyboardInterrupt
        with pytest.raises(AuroraError, match="does not exist"):
            TokenStore.open(folder / "parts")
    with StoreWriter(folder / "parts", SMALL, key="k") as writer:
        assert writer.num_bytes == sum(map(len, documents))
        writer.licenses.add("Apache-2.0")
        writer.close("web", "en", "abc")
    for kind in ("bin", "idx", "json"):
        assert file_of(folder / "parts", kind).read_bytes() == file_of(folder / "whole", kind).read_bytes()
    assert not list(folder.glob("parts.journal")) + list(folder.glob("parts.sizes"))


@pytest.mark.parametrize(
    "damage", ["another key", "no key", "cut file", "flipped bit", "unreadable journal", "foreign journal"]
)
def test_work_that_does_not_hold_is_started_again(tmp_path: Path, damage: str) -> None:
    stem = tmp_path / "web.en"
    with StoreWriter(stem, SMALL, key="k") as writer:
        writer.add([1, 2, 0])
        writer.save()
    if damage == "cut file":
        file_of(stem, "bin").write_bytes(b"\1")
    elif damage == "flipped bit":
        file_of(stem, "bin").write_bytes(bytes([3]) + file_of(stem, "bin").read_bytes()[1:])
    elif damage != "another key" and damage != "no key":
        file_of(stem, "journal").write_text("{" if damage == "unreadable journal" else '{"other": 1}')
    with StoreWriter(stem, SMALL, key={"another key": "l", "no key": None}.get(damage, "k")) as writer:
        assert writer.num_documents == 0
        writer.add([7, 0])
        writer.close("web", "en", "abc")
    assert TokenStore.open(stem).tokens.tolist() == [7, 0]


def test_an_index_longer_than_a_block_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [[1] * (n % 5) for n in range(23)]
    write(tmp_path / "whole", documents)
    monkeypatch.setattr("aurora.tokens.store.INDEX_BLOCK", 4)
    write(tmp_path / "blocks", documents)
    assert file_of(tmp_path / "whole", "idx").read_bytes() == file_of(tmp_path / "blocks", "idx").read_bytes()


def test_a_crash_while_closing_leaves_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path) -> str:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("aurora.tokens.store.sha256", full)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path / "web.en", DOCUMENTS)
    with pytest.raises(AuroraError, match="does not exist"):
        TokenStore.open(tmp_path / "web.en")


class FullDisk(io.BytesIO):
    """A file whose disk is full: at once, or only when what is buffered is flushed."""

    def __init__(self, at_once: bool) -> None:
        super().__init__()
        self.at_once = at_once

    def write(self, data: object) -> int:
        if self.at_once:
            raise OSError(errno.ENOSPC, "No space left on device")
        return 0

    def close(self) -> None:
        was_closed = self.closed
        super().close()
        if not was_closed:
            raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("at_once", [True, False], ids=["while adding", "while closing"])
def test_a_full_disk_is_one_sentence(tmp_path: Path, at_once: bool) -> None:
    stem = tmp_path / "web.en"
    with (
        pytest.raises(AuroraError, match=r"The disk is full while writing .*web\.en"),
        StoreWriter(stem, SMALL) as writer,
    ):
        writer._files["bin"].close()
        writer._files["bin"] = FullDisk(at_once)
        writer.add([1, 0])
        writer.close("web", "en", "abc")
    with pytest.raises(AuroraError, match="does not exist"):
        TokenStore.open(stem)


def test_a_mask_is_given_exactly_where_it_belongs(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "a", SMALL) as plain, pytest.raises(ValueError, match="mask"):
        plain.add([1], [1])
    with StoreWriter(tmp_path / "b", SMALL, masked=True) as masked, pytest.raises(ValueError, match="mask"):
        masked.add([1])
