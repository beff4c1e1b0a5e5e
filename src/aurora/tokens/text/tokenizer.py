"""The tokenizer: learnt byte-level BPE, or any Hugging Face fast tokenizer.

One decision: byte level always, so no text is ever lost; a tokenizer that does not give every byte back is refused
before anything is encoded with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from aurora.corpus.artifact import parts, read_texts
from aurora.errors import UserError
from aurora.files import atomic_file, canonical_json, read_json, sha256, write_json, write_text
from aurora.progress import progress
from aurora.recipe.tokens import Extension, Tokens, TrainedTokenizer
from aurora.tokens.text.formats import NEEDED, Format, template_of
from aurora.tokens.text.published import find_published
from aurora.tokens.text.text_facts import (
    COMPANIONS,
    CONFIG,
    FILE,
    GENERATION,
    SETTINGS,
    SPECIAL_TOKENS,
    TEMPLATE,
    TextFacts,
    copy_companions,
    generation_settings,
    load_tokenizer,
    read_text,
    refuse_other_ids,
    vocabulary_of,
)

# GPT-2's pattern with combining marks as part of words: without them Hindi is cut at every vowel sign.
MARKS_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}\p{M}]+| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}]+|\s+(?!\S)|\s+"
# Merges learnt on whole documents of a few kilobytes are the same as on longer pieces, and the sample is more varied.
SAMPLE_CHARACTERS = 4000
ROUND_TRIP_SAMPLE = 200


def train_tokenizer(texts: Iterable[str], settings: TrainedTokenizer, more: Sequence[str] = ()) -> Tokenizer:
    """Learn byte-level BPE merges on `texts`; the same texts in the same order give the same tokenizer.

    `more` are special tokens behind StarCoder's.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer(settings.pattern)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=settings.vocabulary,
        special_tokens=[AddedToken(token, special=True) for token in (*SPECIAL_TOKENS, *more)],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def build_tokenizer(
    tokens: Tokens, base: Path, corpus: Path, folder: Path, *, model: Path | None = None, pairs: bool = False
) -> dict[str, Any]:
    """Learn or fetch the recipe's tokenizer, check that it loses nothing, and write it with all that says how a model
    reads and writes text; returns its facts. A published one's files stay as they are wherever nothing is changed.

    `model` is the folder of the published model that reads the tokens; `UserError` where its ids mean other entries.
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
        from aurora.tokens.text.fertility import compare_tokenizers

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


def write_companions(published: Path | None, folder: Path, style: str | None, *, pairs: bool) -> None:
    """Write what stands beside the tokenizer in `folder`: the published files, with what a format (`style`) changes.

    Where a format is given, or there are `pairs` to write in one, its template lies there then, and the token that ends
    a response is one that ends an answer.
    """
    if published is not None:
        copy_companions(published, folder)
    complete_companions(folder, published)
    if style is None and not pairs:
        return
    facts = read_text(folder)
    template = template_of(style, facts)
    if template != facts.template:
        settings = read_json(folder / SETTINGS)
        if settings.pop("chat_template", None) is not None:  # the older place, which some programs read first
            write_json(folder / SETTINGS, settings)
        write_text(folder / TEMPLATE, template)
    try:
        answer_end = Format(read_text(folder)).answer_end
    except UserError:  # the model's own template takes no prompt and answer: said where pairs are encoded
        answer_end = None
    if answer_end is not None and answer_end not in facts.stops:
        stops = sorted([*facts.stops, answer_end])
        write_json(folder / GENERATION, {**generation_settings(folder), "eos_token_id": stops})


def complete_companions(folder: Path, published: Path | None) -> None:
    """Write the settings and the ids that a tokenizer in `folder` lacks files for; `published` is where it is from."""
    facts = read_text(folder)
    if not (folder / SETTINGS).is_file():
        write_json(folder / SETTINGS, _settings(facts))
    if not (folder / GENERATION).is_file():
        ids = {"bos_token_id": facts.start, "eos_token_id": facts.end}
        write_json(folder / GENERATION, ids | generation_settings(published))


def _settings(facts: TextFacts) -> dict[str, Any]:
    """`tokenizer_config.json` of a tokenizer that has none."""
    added = sorted(facts.tokenizer.get_added_tokens_decoder().items())
    end = facts.tokenizer.id_to_token(facts.end)
    return {
        "bos_token": facts.tokenizer.id_to_token(facts.start),
        "eos_token": end,
        "unk_token": end,
        "additional_special_tokens": [token.content for _, token in added if token.special],
        "clean_up_tokenization_spaces": False,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }


def first_new_entry(folder: Path) -> int:
    """The lowest id of those that an extended tokenizer has and the published one had not."""
    facts = read_json(folder / "extension.json")
    return int(facts["published_vocabulary"])


def _extend(tokenizer: Tokenizer, corpus: Path, extension: Extension) -> Tokenizer:
    from aurora.tokens.text.extension import extend_tokenizer

    found = {language for _, language, _, _ in parts(corpus, "clean")}
    if missing := [language for language in extension.languages if language not in found]:
        raise UserError(f"tokens.extend.languages: the corpus has no clean text in {', '.join(missing)}.")
    with progress("extend tokenizer", None, "doc") as bar:
        texts = _counted(_sample(corpus, extension.megabytes_per_language, set(extension.languages)), bar)
        return extend_tokenizer(tokenizer, texts, extension.entries)


def check_round_trip(tokenizer: Tokenizer, texts: Iterable[str]) -> None:
    """`UserError` where decoding does not give a text back byte for byte."""
    for text in texts:
        again = tokenizer.decode(tokenizer.encode(text, add_special_tokens=False).ids, skip_special_tokens=False)
        if again != text:
            place = next(
                (i for i, (a, b) in enumerate(zip(text, again, strict=False)) if a != b), min(len(text), len(again))
            )
            raise UserError(
                f"The tokenizer loses text: {text[place : place + 20]!r} comes back as {again[place : place + 20]!r}; "
                "use a byte-level tokenizer."
            )


def pre_tokenizer(pattern: str) -> Any:
    """StarCoder's pre-tokenisation, or (`marks`) the same with combining marks kept in words."""
    steps: list[Any] = [pre_tokenizers.Digits(individual_digits=True)]
    if pattern == "marks":
        steps.append(pre_tokenizers.Split(Regex(MARKS_PATTERN), "isolated"))
    steps.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern == "starcoder"))
    return pre_tokenizers.Sequence(steps)


def _sample(corpus: Path, megabytes: float, languages: Collection[str] | None = None) -> Iterator[str]:
    """The beginnings of documents of every (chosen) language, up to `megabytes` each, shared evenly by its sources."""
    found = [part for part in parts(corpus, "clean") if languages is None or part[1] in languages]
    for source, language, _, _ in found:
        left = megabytes * 1e6 / sum(1 for _, other, _, _ in found if other == language)
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


def tokenizer_identity(path: str, base: Path) -> str:
    """A text that changes when a local tokenizer does; one of the hub is what its name and revision say."""
    local = base / Path(path).expanduser()
    folder = local.parent if local.is_file() else local
    files = [local, *(folder / name for name in (FILE, CONFIG, *COMPANIONS))]
    return hashlib.sha256(canonical_json([sha256(file) for file in files if file.is_file()])).hexdigest()


def published_tokenizer(path: str, revision: str | None, base: Path) -> Path:
    """The file of a published tokenizer: in a folder or itself, relative to `base`, or a hub model's in its cache."""
    local = base / Path(path).expanduser()
    if local.is_file():
        if revision is not None:
            raise UserError(f"{local} is a file, which has no revision: leave tokens.revision away.")
        return local
    return find_published(path, revision, base, (CONFIG, FILE, *COMPANIONS), "tokens.path") / FILE
