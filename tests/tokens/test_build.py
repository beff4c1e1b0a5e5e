from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from aurora.errors import AuroraError, UserError
from aurora.files import sha256
from aurora.recipe.tokens import Infilling, Tokens, TrainedTokenizer
from aurora.tokens.build import build_tokens
from aurora.tokens.store import TokenStore, file_of, store_stem
from aurora.tokens.text.formats import Format
from aurora.tokens.text.text_facts import TextFacts
from aurora.tokens.text.tokenizer import FILE
from tokens.conftest import TEXTS, MakeCorpus

TOKENS = Tokens(train=TrainedTokenizer(vocabulary=400, megabytes_per_language=1))
CLEAN = [
    ("web", "en", TEXTS[0], "MIT"),
    ("web", "fi", TEXTS[1], "BSD-3-Clause"),
    ("web", "en", "A second document.", "Apache-2.0"),
    ("pypi", "code", TEXTS[5], "MIT"),
    ("web", "en", "", "MIT"),
]
PAIRS = [
    {"kind": "harmful", "prompt": "How do I break {it}?", "response": "I will not help\nwith that."},
    {"kind": "benign", "prompt": "How do I\u2028mend it?\x85", "response": "With glue.\u2029"},
    {"kind": "harmful", "prompt": "किसी को चोट?", "response": "नहीं।"},
]


@pytest.fixture
def corpus(make_corpus: MakeCorpus) -> Path:
    return make_corpus(CLEAN, [("web", "en", "Held out text."), ("web", "ja", TEXTS[3])])


@pytest.fixture
def redteam(tmp_path: Path) -> Path:
    folder = tmp_path / "redteam"
    folder.mkdir()
    (folder / "train.jsonl").write_text("".join(json.dumps(pair, ensure_ascii=False) + "\n" for pair in PAIRS), "utf-8")
    (folder / "held_out.jsonl").write_text(json.dumps(PAIRS[0] | {"prompt": "held out"}) + "\n")
    return folder


def documents(folder: Path, name: str, tokenizer: Tokenizer) -> list[str]:
    """A store's documents as text, without the end-of-text that each ends with, and that pairs begin with, too."""
    store = TokenStore.open(store_stem(folder, name))
    ends = [*store.document_starts[1:].tolist(), store.num_tokens]
    texts = []
    for start, end in zip(store.document_starts.tolist(), ends, strict=True):
        ids = store.tokens[start:end].tolist()
        assert [place for place, index in enumerate(ids) if index == 0] == [
            *([0] * (store.mask is not None)),
            len(ids) - 1,
        ]
        texts.append(tokenizer.decode(ids[store.mask is not None : -1], skip_special_tokens=False))
    return texts


def test_each_source_and_language_has_its_store(
    corpus: Path, tokenizer: Tokenizer, tokenizer_folder: Path, tmp_path: Path
) -> None:
    sides = build_tokens(TOKENS, corpus, corpus, None, tokenizer_folder, tmp_path / "out")
    assert list(sides) == ["pypi/code", "web/en", "web/fi"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"{stem}.{kind}" for stem in ("pypi.code", "web.en", "web.fi") for kind in ("bin", "idx", "json")
    ]
    assert documents(tmp_path / "out", "web/en", tokenizer) == [TEXTS[0], "A second document.", ""]
    assert documents(tmp_path / "out", "web/fi", tokenizer) == [TEXTS[1]]
    assert documents(tmp_path / "out", "pypi/code", tokenizer) == [TEXTS[5]]


def test_the_side_files_state_the_facts(corpus: Path, tokenizer_folder: Path, tmp_path: Path) -> None:
    sides = build_tokens(TOKENS, corpus, corpus, None, tokenizer_folder, tmp_path / "out")
    side = sides["web/en"]
    assert (side.source, side.language, side.licenses) == ("web", "en", ["Apache-2.0", "MIT"])
    assert (side.documents, side.num_bytes) == (3, len((TEXTS[0] + "A second document.").encode()))
    assert side.tokenizer == sha256(tokenizer_folder / FILE)
    assert sides["web/fi"].num_bytes == len(TEXTS[1].encode())
    for name in sides:
        store = TokenStore.open(store_stem(tmp_path / "out", name), side.tokenizer)
        store.verify()
        assert store.side == sides[name]
        assert store.mask is None


def test_held_out_text_is_never_encoded(
    corpus: Path, redteam: Path, tokenizer: Tokenizer, tokenizer_folder: Path, tmp_path: Path
) -> None:
    sides = build_tokens(TOKENS, corpus, corpus, redteam, tokenizer_folder, tmp_path / "out")
    everything = "".join(text for name in sides for text in documents(tmp_path / "out", name, tokenizer))
    assert "eld out" not in everything
    assert "川" not in everything
    assert "web/ja" not in sides


def test_special_tokens_in_a_document_are_text(
    make_corpus: MakeCorpus, tokenizer: Tokenizer, tokenizer_folder: Path, tmp_path: Path
) -> None:
    text = "one<|endoftext|>two <fim_prefix><reponame>"
    build_tokens(TOKENS, tmp_path, make_corpus([("web", "en", text)]), None, tokenizer_folder, tmp_path / "out")
    assert documents(tmp_path / "out", "web/en", tokenizer) == [text]
    assert min(TokenStore.open(tmp_path / "out/web.en").tokens[:-1]) >= 19


def test_more_documents_than_a_batch_keep_their_order(
    make_corpus: MakeCorpus, tokenizer: Tokenizer, tokenizer_folder: Path, tmp_path: Path
) -> None:
    texts = [f"document {i}" for i in range(1100)]
    corpus = make_corpus(("web", "en", text) for text in texts)
    build_tokens(TOKENS, corpus, corpus, None, tokenizer_folder, tmp_path / "out")
    assert documents(tmp_path / "out", "web/en", tokenizer) == texts


def test_pairs_have_stores_of_their_own_by_kind(
    corpus: Path, redteam: Path, tokenizer: Tokenizer, tokenizer_folder: Path, tmp_path: Path
) -> None:
    sides = build_tokens(TOKENS, corpus, corpus, redteam, tokenizer_folder, tmp_path / "out")
    assert list(sides)[-2:] == ["redteam/pairs", "redteam/benign"]
    for part, kinds in (("pairs", ("harmful", "benign")), ("benign", ("benign",))):
        chosen = [pair for pair in PAIRS if pair["kind"] in kinds]
        found = documents(tmp_path / "out", f"redteam/{part}", tokenizer)
        asked = "### Instruction:\n{prompt}\n### Response:\n{response}"
        assert found == [asked.format_map(pair) for pair in chosen]
        size = sum(len((pair["prompt"] + pair["response"]).encode()) for pair in chosen)
        assert sides[f"redteam/{part}"].num_bytes == size


def test_drafted_answers_are_a_store_beside_the_pairs(
    corpus: Path, redteam: Path, tokenizer: Tokenizer, tokenizer_folder: Path, tmp_path: Path
) -> None:
    drafts = tmp_path / "drafts"
    drafts.mkdir()
    item = {"kind": "benign", "prompt": "Why is it dark?", "response": "It is night."}
    (drafts / "train.jsonl").write_text(json.dumps(item) + "\n")
    sides = build_tokens(TOKENS, corpus, corpus, redteam, tokenizer_folder, tmp_path / "out", drafts)
    assert list(sides)[-3:] == ["redteam/pairs", "redteam/benign", "redteam/drafted"]
    (found,) = documents(tmp_path / "out", "redteam/drafted", tokenizer)
    assert found == "### Instruction:\nWhy is it dark?\n### Response:\nIt is night."


def test_the_mask_counts_a_response_and_its_end_alone(
    corpus: Path, redteam: Path, tokenizer: Tokenizer, tokenizer_folder: Path, tmp_path: Path
) -> None:
    build_tokens(TOKENS, corpus, corpus, redteam, tokenizer_folder, tmp_path / "out")
    store = TokenStore.open(tmp_path / "out/redteam.pairs")
    assert store.mask is not None
    counted = store.tokens[store.mask == 1].tolist()
    assert counted.count(0) == store.num_documents == len(PAIRS)
    answers = "".join(pair["response"] + "<|endoftext|>" for pair in PAIRS)
    assert tokenizer.decode(counted, skip_special_tokens=False) == answers
    starts = store.document_starts
    assert not store.mask[starts].any()
    assert (store.mask[: starts[1]][:-1] <= store.mask[: starts[1]][1:]).all()  # the prompt, then the response


def test_a_pair_begins_with_the_ids_that_generation_starts_from(facts: TextFacts) -> None:
    prompt, response = "How?", "\n\nSo."  # together they would be cut elsewhere
    ids, mask = Format(facts).pair(prompt, response)
    before = Format(facts).prompt(prompt)
    assert ids[: len(before)] == before == [0, *facts.encode("### Instruction:\nHow?\n### Response:\n")]
    assert mask == [0] * len(before) + [1] * (len(ids) - len(before))
    assert (ids[-1], mask[-1]) == (0, 1)


def test_a_pair_that_spells_the_end_of_text_has_its_own_two_alone(facts: TextFacts) -> None:
    ids, _ = Format(facts).pair("<|endoftext|>", "<|endoftext|>")
    assert ids.count(0) == 2
    assert facts.tokenizer.decode(ids, skip_special_tokens=False).count("<|endoftext|>") == 4


def test_a_resumed_attempt_keeps_finished_stores(
    corpus: Path, redteam: Path, tokenizer_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = build_tokens(TOKENS, corpus, corpus, redteam, tokenizer_folder, tmp_path / "whole")
    build_tokens(TOKENS, corpus, corpus, redteam, tokenizer_folder, tmp_path / "out")
    for name in ("web.fi.json", "redteam.benign.json"):  # these two were being written
        (tmp_path / "out" / name).unlink()
    (tmp_path / "out/web.fi.bin").write_bytes(b"half")
    for name in ("web.en.sizes", "web.en.journal"):  # this one was whole, and its writer about to clear up
        (tmp_path / "out" / name).write_bytes(b"work")
    times = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.json")}
    assert build_tokens(TOKENS, corpus, corpus, redteam, tokenizer_folder, tmp_path / "out") == whole
    assert len(times) == 3
    assert all((tmp_path / "out" / name).stat().st_mtime_ns == time for name, time in times.items())
    assert_same(tmp_path / "whole", tmp_path / "out")


@pytest.mark.parametrize("damage", ["flip", "cut", "side", "tokenizer"])
def test_a_left_over_that_is_not_whole_is_made_again(
    corpus: Path, redteam: Path, tokenizer_folder: Path, tmp_path: Path, damage: str
) -> None:
    """A power cut can lose the end of a file that was written before its side file."""
    for folder in ("whole", "out"):
        build_tokens(TOKENS, corpus, corpus, redteam, tokenizer_folder, tmp_path / folder)
    stem = tmp_path / "out/web.en"
    if damage == "flip":
        data = bytearray(file_of(stem, "bin").read_bytes())
        data[3] ^= 1
        file_of(stem, "bin").write_bytes(data)
    elif damage == "cut":
        file_of(stem, "bin").write_bytes(b"")
    elif damage == "side":
        file_of(stem, "json").write_text("{")
    else:
        side = json.loads(file_of(stem, "json").read_text())
        file_of(stem, "json").write_text(json.dumps(side | {"tokenizer": "another"}))
    build_tokens(TOKENS, corpus, corpus, redteam, tokenizer_folder, tmp_path / "out")
    assert_same(tmp_path / "whole", tmp_path / "out")


def assert_same(one: Path, two: Path) -> None:
    assert sorted(path.name for path in one.iterdir()) == sorted(path.name for path in two.iterdir())
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes(), path.name


def test_infilling_is_said_of_a_store_whose_text_stays_plain(
    corpus: Path, tokenizer_folder: Path, tmp_path: Path
) -> None:
    """And an attempt that went on after the recipe's was edited says it too."""
    plain = build_tokens(TOKENS, corpus, corpus, None, tokenizer_folder, tmp_path / "out")
    infilling = TOKENS.model_copy(update={"infilling": {"pypi/code": Infilling(rate=0.4)}})
    sides = build_tokens(infilling, corpus, corpus, None, tokenizer_folder, tmp_path / "out")
    assert sides["pypi/code"].infilling == {"rate": 0.4, "suffix_first": 0.5}
    assert TokenStore.open(tmp_path / "out/pypi.code").side == sides["pypi/code"]
    assert sides["web/en"].infilling is None
    assert {name: side.sha256 for name, side in sides.items()} == {name: side.sha256 for name, side in plain.items()}


def test_infilling_of_a_store_that_is_not_made_is_refused(corpus: Path, tokenizer_folder: Path, tmp_path: Path) -> None:
    infilling = TOKENS.model_copy(update={"infilling": {"pypi/en": Infilling()}})
    with pytest.raises(UserError, match=r"tokens.infilling: the corpus has no clean text for pypi/en\."):
        build_tokens(infilling, corpus, corpus, None, tokenizer_folder, tmp_path / "out")


def test_no_corpus_is_one_sentence(tokenizer_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(AuroraError, match="has no clean/ and is not a whole corpus"):
        build_tokens(TOKENS, tmp_path, tmp_path, None, tokenizer_folder, tmp_path / "out")
