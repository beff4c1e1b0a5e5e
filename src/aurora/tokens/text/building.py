"""Building the tokenizer of a run: learnt on its corpus or published, extended if asked, checked, and written.

One decision: a tokenizer that loses text is refused before anything is encoded with it. What a published one spells
alike by itself (letters with and without their marks composed, as Unicode says; spaces as sentencepiece marks them) is
the same text to its model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any
from unicodedata import normalize

from tokenizers import Tokenizer

from aurora.console.progress import progress
from aurora.corpus.artifact import parts, read_texts
from aurora.errors import UserError
from aurora.files import atomic_file, read_json, sha256, write_json
from aurora.gguf.pieces import SPACE
from aurora.recipe.tokens import Extension, Tokens
from aurora.tokens.text.companions import write_companions
from aurora.tokens.text.extension import extend_tokenizer
from aurora.tokens.text.fertility import compare_tokenizers
from aurora.tokens.text.formats import NEEDED
from aurora.tokens.text.text_facts import FILE, load_tokenizer, read_text, refuse_other_ids, vocabulary_of
from aurora.tokens.text.tokenizer import published_tokenizer, train_tokenizer

# Characters of each document to learn from: a sample of many beginnings is more varied than one of a few whole texts.
SAMPLE_CHARACTERS = 4000
# Documents of each source and language that are checked: a tokenizer that loses text loses a script's characters, which
# are in most of its documents.
ROUND_TRIP_SAMPLE = 200


def build_tokenizer(
    tokens: Tokens, base: Path, corpus: Path, folder: Path, *, model: Path | None = None, pairs: bool = False
) -> dict[str, Any]:
    """Learn or find the recipe's tokenizer, check that it loses no text, and write it with the files beside it; returns
    its facts. Files of a published tokenizer stay as they are unless something changes.

    `model` is the folder of the published model that will read the tokens; `UserError` if its ids mean other entries.
    With `pairs` to encode, a tokenizer without a chat template gets one.
    """
    file: Path | None = None
    if tokens.train is not None:
        with progress("learn tokenizer", None, "doc") as bar:
            texts = _counted(_sample(corpus, tokens.train.megabytes_per_language), bar)
            tokenizer = train_tokenizer(texts, tokens.train, NEEDED.get(tokens.format or "", ()))
    else:
        assert tokens.path is not None
        file = published_tokenizer(tokens.path, tokens.revision, base)
        tokenizer = read_text(file).tokenizer
        if model is not None and (model / FILE).is_file():
            refuse_other_ids(load_tokenizer(model), tokenizer, file)
    made = tokenizer if tokens.extend is None else _extend(tokenizer, corpus, tokens.extend)
    _write_tokenizer(made, file if tokens.extend is None else None, folder)
    published = file.parent if file is not None and file.name == FILE else None
    write_companions(published, folder, tokens.format, pairs=pairs)
    checked = read_text(folder)
    check_round_trip(checked.tokenizer, _round_trip_sample(corpus))
    facts: dict[str, Any] = {"vocabulary": checked.vocabulary, "sha256": sha256(folder / FILE)}
    if tokens.extend is not None:
        compared = compare_tokenizers(tokenizer, checked.tokenizer, corpus)
        facts |= {"published_vocabulary": vocabulary_of(tokenizer), "languages": compared}
        write_json(folder / "extension.json", facts)
    return facts


def _write_tokenizer(tokenizer: Tokenizer, file: Path | None, folder: Path) -> None:
    """Write `tokenizer.json`: the published `file`'s own bytes, but where it draws its pieces by chance."""
    if file is not None and not json.loads(file.read_bytes())["model"].get("dropout"):
        with atomic_file(folder / FILE) as stream:
            stream.write(file.read_bytes())
        return
    with atomic_file(folder / FILE, "w") as stream:
        stream.write(tokenizer.to_str(pretty=True))


def _extend(tokenizer: Tokenizer, corpus: Path, extension: Extension) -> Tokenizer:
    languages = {language for _, language, _, _ in parts(corpus, "clean")}
    if missing := [language for language in extension.languages if language not in languages]:
        raise UserError(f"tokens.extend.languages: the corpus has no clean text in {', '.join(missing)}.")
    with progress("extend tokenizer", None, "doc") as bar:
        texts = _counted(_sample(corpus, extension.megabytes_per_language, set(extension.languages)), bar)
        return extend_tokenizer(tokenizer, texts, extension.entries)


def first_new_entry(folder: Path) -> int:
    """The lowest id of those that an extended tokenizer has and the published one had not."""
    facts = read_json(folder / "extension.json")
    return int(facts["published_vocabulary"])


def check_round_trip(tokenizer: Tokenizer, texts: Iterable[str]) -> None:
    """`UserError` where decoding does not give a text back, but for what the tokenizer spells alike."""
    spelt_alike = _spelling(json.loads(tokenizer.to_str()))
    for text in texts:
        again = tokenizer.decode(tokenizer.encode(text, add_special_tokens=False).ids, skip_special_tokens=False)
        if again != text and spelt_alike(again) != spelt_alike(text):
            place = next(
                (i for i, (a, b) in enumerate(zip(text, again, strict=False)) if a != b), min(len(text), len(again))
            )
            raise UserError(
                f"The tokenizer loses text: {text[place : place + 20]!r} comes back as {again[place : place + 20]!r}; "
                "use a byte-level tokenizer."
            )


def _spelling(tokenizer: dict[str, Any]) -> Callable[[str], str]:
    """What a text is to the tokenizer: texts with the same result are one."""
    if tokenizer["normalizer"] == {"type": "NFC"}:
        return lambda text: normalize("NFC", text)
    if tokenizer["model"].get("byte_fallback"):
        return lambda text: text.replace(SPACE, " ").removeprefix(" ")
    return lambda text: text


def _sample(corpus: Path, megabytes: float, languages: Collection[str] | None = None) -> Iterator[str]:
    """The beginnings of documents of every (chosen) language, up to `megabytes` each, shared evenly by its sources."""
    chosen = [part for part in parts(corpus, "clean") if languages is None or part[1] in languages]
    for source, language, _, _ in chosen:
        left = megabytes * 1e6 / sum(1 for _, other, _, _ in chosen if other == language)
        for text in read_texts(corpus, "clean", source, language):
            if left <= 0:
                break
            piece = text[:SAMPLE_CHARACTERS]
            left -= len(piece.encode())
            yield piece


def _round_trip_sample(corpus: Path) -> Iterator[str]:
    for source, language, _, _ in parts(corpus, "clean"):
        for count, text in enumerate(read_texts(corpus, "clean", source, language)):
            if count == ROUND_TRIP_SAMPLE:
                break
            yield text


def _counted(texts: Iterator[str], bar: Any) -> Iterator[str]:
    for text in texts:
        bar.update(1)
        yield text
