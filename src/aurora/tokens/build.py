"""Clean documents and prompt/response pairs to token stores.

One decision: each (source, language) of the corpus has a store of its own, so that a mixture can weight it; held-out
text is never encoded here, so it cannot be trained on.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from aurora.console.progress import progress, say
from aurora.corpus.artifact import parts, read_columns
from aurora.errors import AuroraError, UserError
from aurora.files import read_json_lines, sha256
from aurora.recipe.stages.stage import PREFERENCES
from aurora.recipe.tokens import Infilling, Tokens
from aurora.tokens.adoption import adopt_store
from aurora.tokens.conversations import encode_conversations, holds_conversations
from aurora.tokens.infilling import Infiller
from aurora.tokens.preferences.encoding import encode_preferences
from aurora.tokens.preferences.reading import read_preferences
from aurora.tokens.store import SideFile, StoreWriter, TokenStore, clear_work, file_of, store_stem
from aurora.tokens.text.encoder import Encoder, HuggingFaceEncoder, Ids, fast_encoder
from aurora.tokens.text.formats import Format
from aurora.tokens.text.text_facts import FILE, TextFacts, read_text

BATCH_DOCUMENTS = 512  # encoded at a time: work for every core, in a few megabytes
SAVE_BATCHES = 100  # an interrupted build loses a few seconds of encoding
REDTEAM_LICENSE = "Apache-2.0"
Cuts = dict[str, float]  # the recipe's infilling of a source
# Documents of each store that the tokenizer itself encodes too, to check the fast encoder: a difference in the patterns
# shows in nearly every document of a script.
CHECKED_DOCUMENTS = 64
# The kinds of item that each store of pairs holds. Harmful ones alone are no store: in a sequence where every prompt is
# refused, a model learns to refuse what comes after a refusal instead of reading the prompt.
PAIRS_FILE = "train.jsonl"  # of a red-team set: what is trained on
PREFERENCES_FILE = "preferences.jsonl"  # and what is learnt by preference, where a recipe wants it
DRAFTED = "drafted"  # of answers that a model gave itself
PAIR_STORES = {"pairs": ("harmful", "benign"), "benign": ("benign",), DRAFTED: ("benign",)}


def build_tokens(
    tokens: Tokens,
    base: Path,
    corpus: Path,
    redteam: Path | None,
    tokenizer: Path,
    folder: Path,
    drafts: Path | None = None,
) -> dict[str, Any]:
    """Encode the corpus artifact's clean documents, and the red-team set's training pairs, into stores below `folder`.

    So are the answers in `drafts`. Stores that the recipe adopts, with paths relative to `base`, are copied beside
    them.

    An existing store that is whole and of this tokenizer is kept. Returns {store name: side file as a table}.
    """
    text = read_text(tokenizer)
    encoders = Encoders(text.tokenizer)
    tokenizer_hash = sha256(tokenizer / FILE)
    clean = parts(corpus, "clean")
    cuts = {name: _cuts(name, text, settings) for name, settings in tokens.infilling.items()}
    talks = {f"{source}/{language}" for source, language, *_ in clean if holds_conversations(corpus, source, language)}
    if wrong := sorted(set(tokens.loss) - talks):
        raise UserError(f"tokens.loss: the corpus has no conversations in {', '.join(wrong)}.")
    if missing := sorted(set(cuts) - {f"{source}/{language}" for source, language, _, _ in clean} - set(tokens.adopt)):
        raise UserError(f"tokens.infilling: the corpus has no clean text for {', '.join(missing)}.")
    sides: dict[str, Any] = {}
    with progress("encode", sum(num_bytes for _, _, _, num_bytes in clean), "B") as bar:
        for source, language, _, num_bytes in clean:
            name = f"{source}/{language}"
            place = (corpus, source, language, folder)
            sides[name] = _existing(folder, name, tokenizer_hash, cuts.get(name)) or (
                encode_conversations(text, tokenizer_hash, *place, tokens.loss.get(name, "answers"))
                if name in talks
                else _encode_documents(text, encoders, tokenizer_hash, *place, cuts.get(name))
            )
            bar.update(num_bytes)
    for name, adopted in tokens.adopt.items():
        sides[name] = _existing(folder, name, tokenizer_hash, cuts.get(name)) or adopt_store(
            name, adopted, base, text, tokenizer_hash, folder, cuts.get(name)
        )
    for part, kinds in PAIR_STORES.items():
        given = drafts if part == DRAFTED else redteam
        if given is not None:
            pairs = [(item["prompt"], item["response"]) for item in read_pairs(given, kinds)]
            name = f"redteam/{part}"
            existing = _existing(folder, name, tokenizer_hash)
            sides[name] = existing or _encode_pairs(text, tokenizer_hash, pairs, part, folder)
    files = {name: (base / given.path, given.license) for name, given in tokens.preferences.items()}
    if redteam is not None and (redteam / PREFERENCES_FILE).is_file():
        files[PREFERENCES] = redteam / PREFERENCES_FILE, REDTEAM_LICENSE
    for name, (path, license) in files.items():
        sides[name] = _existing(folder, name, tokenizer_hash) or encode_preferences(
            text, tokenizer_hash, name, read_preferences(path), license, folder
        )
    return sides


def _cuts(name: str, text: TextFacts, settings: Infilling) -> Cuts:
    """The settings by which sequences split a source's documents, for its side file; `UserError` if they cannot."""
    Infiller(text, settings, name)  # raises now, rather than when training begins
    return settings.model_dump()


def _existing(folder: Path, name: str, tokenizer_hash: str, cuts: Cuts | None = None) -> SideFile | None:
    """The side file of a store that an interrupted attempt finished; None for one that must be made again."""
    stem = store_stem(folder, name)
    if not file_of(stem, "json").is_file():
        return None
    try:
        store = TokenStore.open(stem, tokenizer_hash)
        store.verify()
    except AuroraError:
        return None
    if store.side.infilling != cuts:
        return None
    clear_work(stem)
    return store.side


class Encoders:
    """A tokenizer's fast encoder on every core, and its own for texts on which they differ."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._fast, self._own = fast_encoder(tokenizer, os.cpu_count() or 1), HuggingFaceEncoder(tokenizer)
        if isinstance(self._fast, HuggingFaceEncoder):
            say(f"Texts are encoded by the tokenizers library, at a third of the usual rate: {self._fast.reason}.")

    def checked(self, texts: Sequence[str]) -> Encoder:
        """The fast encoder, or the tokenizer's own if they differ on any of `texts`."""
        pairs = zip(self._fast.encode(texts), self._own.encode(texts), strict=True)
        return self._fast if all(np.array_equal(a, b) for a, b in pairs) else self._own


@dataclass(frozen=True)
class _Batch:
    """Consecutive documents of a source, and their ids."""

    ids: list[Ids]
    texts: list[str]
    licenses: list[str]


def _encode_documents(
    text: TextFacts,
    encoders: Encoders,
    tokenizer_hash: str,
    corpus: Path,
    source: str,
    language: str,
    folder: Path,
    cuts: Cuts | None,
) -> SideFile:
    around = np.array(text.document([]), np.uint32)
    before, end = around[:-1], around[-1:]
    with StoreWriter(store_stem(folder, f"{source}/{language}"), text.vocabulary, key=tokenizer_hash) as writer:
        rows = read_columns(corpus, "clean", ("text", "license"), source, language)
        left = islice(rows, writer.num_documents, None)
        for number, batch in enumerate(_encoded(encoders, left), start=1):
            for ids, written, license in zip(batch.ids, batch.texts, batch.licenses, strict=True):
                writer.add(np.concatenate([before, ids, end]), num_bytes=len(written.encode()), license=license)
            if number % SAVE_BATCHES == 0:
                writer.save()
        return writer.close(source, language, tokenizer_hash, cuts)


def _encoded(encoders: Encoders, rows: Iterator[tuple[str, ...]]) -> Iterator[_Batch]:
    """The documents of a source; a batch is encoded while the one before it is written."""
    thread = ThreadPoolExecutor(1, "encoding")
    try:
        encoder: Encoder | None = None
        waiting: deque[tuple[Future[list[Ids]], list[str], list[str]]] = deque()
        for batch in _batched(rows):
            texts = [text for text, _ in batch]
            encoder = encoder or encoders.checked(texts[:CHECKED_DOCUMENTS])
            waiting.append((thread.submit(encoder.encode, texts), texts, [license for _, license in batch]))
            if len(waiting) > 2:
                future, *facts = waiting.popleft()
                yield _Batch(future.result(), *facts)
        for future, *facts in waiting:
            yield _Batch(future.result(), *facts)
    finally:
        thread.shutdown(wait=False, cancel_futures=True)  # as in Loader.batches


def _encode_pairs(
    text: TextFacts, tokenizer_hash: str, pairs: list[tuple[str, str]], part: str, folder: Path
) -> SideFile:
    form = Format(text)
    with StoreWriter(store_stem(folder, f"redteam/{part}"), text.vocabulary, masked=True) as writer:
        for prompt, response in pairs:
            ids, counted = form.pair(prompt, response)
            num_bytes = len(prompt.encode()) + len(response.encode())
            writer.add(ids, np.array(counted, np.uint8), num_bytes=num_bytes, license=REDTEAM_LICENSE)
        return writer.close("redteam", part, tokenizer_hash)


def read_pairs(redteam: Path, kinds: Sequence[str]) -> list[dict[str, str]]:
    """Training items of these kinds in their order. The file is an artifact of an earlier step, so its lines are
    whole."""
    return [item for item in read_json_lines(redteam / PAIRS_FILE) if item["kind"] in kinds]


def _batched(rows: Iterable[tuple[str, ...]]) -> Iterator[list[tuple[str, ...]]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH_DOCUMENTS)):
        yield batch
