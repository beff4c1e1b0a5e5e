"""Fixtures of the token tests: a small learnt tokenizer and a corpus artifact."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from aurora.corpus.document import Document, new_document
from aurora.corpus.phases.part_files import PartWriter
from aurora.recipe.tokens import TrainedTokenizer
from aurora.tokens.text.text_facts import FILE, TextFacts, read_text
from aurora.tokens.text.tokenizer import train_tokenizer

TEXTS = [
    "The river is wide and the bridge is old. The river is cold in the winter.",
    "Joki on leveä ja silta on vanha. Joki on talvella kylmä.",
    "नदी चौड़ी है और पुल पुराना है। हिन्दी में किताबें लिखी जाती हैं।",
    "川は広くて、橋は古いです。冬の川は冷たいです。",
    "Sông thì rộng và cây cầu thì cũ. Mùa đông nước sông lạnh.",
    "def add(first, second):\n    return first + second\n",
]

MakeCorpus = Callable[..., Path]


@pytest.fixture(scope="session")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tokenizer.json of a learnt tokenizer of 400 entries."""
    folder = tmp_path_factory.mktemp("tokenizer")
    train_tokenizer(TEXTS, TrainedTokenizer(vocabulary=400, pattern="marks", megabytes_per_language=1)).save(
        str(folder / FILE)
    )
    return folder


@pytest.fixture(scope="session")
def facts(tokenizer_folder: Path) -> TextFacts:
    """What the learnt tokenizer's text is made of."""
    return read_text(tokenizer_folder)


@pytest.fixture(scope="session")
def tokenizer(facts: TextFacts) -> Tokenizer:
    """The learnt tokenizer as the program loads it."""
    return facts.tokenizer


@pytest.fixture
def megatron(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Megatron-Core's own reader and writer of stores (`pip install --no-deps megatron-core`); skips without it."""
    # It imports setuptools, which refuses to take distutils' place where another test has imported it.
    monkeypatch.setenv("SETUPTOOLS_USE_DISTUTILS", "stdlib")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("megatron.core.datasets.indexed_dataset", reason="megatron-core is not installed")


@pytest.fixture
def make_corpus(tmp_path: Path) -> MakeCorpus:
    """Writes a corpus artifact of (source, language, text) triples for each part; a text's licence may follow it."""

    def make(clean: Iterable[tuple[str, ...]], held_out: Iterable[tuple[str, ...]] = ()) -> Path:
        folder = tmp_path / "corpus"
        for part, rows in (("clean", list(clean)), ("held_out", list(held_out))):
            (folder / part).mkdir(parents=True)
            for source in sorted({row[0] for row in rows}):
                with PartWriter(folder, source) as writer:
                    for document in (_document(row) for row in rows if row[0] == source):
                        writer.write(part, document)
        return folder

    return make


def _document(row: tuple[str, ...]) -> Document:
    source, language, text, *license = row
    return new_document(text, language, source, *(license or ["MIT"]))


def trained(pattern: str = "starcoder", vocabulary: int = 400, texts: list[str] = TEXTS) -> Tokenizer:
    settings = TrainedTokenizer(vocabulary=vocabulary, pattern=pattern, megabytes_per_language=1)  # type: ignore[arg-type]
    return train_tokenizer(texts, settings)


def saved(tokenizer: Tokenizer, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / FILE))
    return folder
