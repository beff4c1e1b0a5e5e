"""The tokenizer: learnt byte-level BPE, or any Hugging Face fast tokenizer.

One decision: byte level always, so no text is ever lost; a tokenizer that does not give every byte back is refused
before anything is encoded with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from aurora.corpus.reading import parts, read_texts
from aurora.errors import AuroraError, UserError
from aurora.files import atomic_file, read_json, sha256, write_json
from aurora.progress import progress
from aurora.recipe.names import is_hub_name
from aurora.recipe.tokens import Extension, Tokens, TrainedTokenizer

END_OF_TEXT = "<|endoftext|>"
# StarCoder's special tokens, ids 0 to 18.
SPECIAL_TOKENS = (
    END_OF_TEXT, "<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<fim_pad>", "<filename>", "<gh_stars>",
    "<issue_start>", "<issue_comment>", "<issue_closed>", "<jupyter_start>", "<jupyter_text>", "<jupyter_code>",
    "<jupyter_output>", "<empty_output>", "<commit_before>", "<commit_msg>", "<commit_after>", "<reponame>",
)  # fmt: skip
# GPT-2's pattern with combining marks as part of words: without them Hindi is cut at every vowel sign.
MARKS_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}\p{M}]+| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}]+|\s+(?!\S)|\s+"
# Merges learnt on whole documents of a few kilobytes are the same as on longer pieces, and the sample is more varied.
SAMPLE_CHARACTERS = 4000
ROUND_TRIP_SAMPLE = 200
FILE = "tokenizer.json"


def train_tokenizer(texts: Iterable[str], settings: TrainedTokenizer) -> Tokenizer:
    """Learn byte-level BPE merges on `texts`; the same texts in the same order give the same tokenizer."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer(settings.pattern)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=settings.vocabulary,
        special_tokens=[AddedToken(token, special=True) for token in SPECIAL_TOKENS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def load_tokenizer(path: Path | str) -> Tokenizer:
    """Load a tokenizer from a folder, a `tokenizer.json` or the hub (`OWNER/NAME`)."""
    file = Path(path) / FILE if Path(path).is_dir() else Path(path)
    if Path(path).is_dir() and not file.is_file():
        raise UserError(f"The folder {path} has no {FILE}: give one that has, or the file itself, as tokens.path.")
    if not file.is_file():
        file = _download(str(path))
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises bare Exception
        raise UserError(f"{file} is not a tokenizer that the tokenizers library can read ({error}).") from error
    # Text that spells a special token is text: only this program writes end-of-text.
    tokenizer.encode_special_tokens = True
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def build_tokenizer(tokens: Tokens, base: Path, corpus: Path, folder: Path) -> dict[str, Any]:
    """Learn or fetch the recipe's tokenizer, check that it loses nothing, write `tokenizer.json`; returns its facts."""
    if tokens.train is not None:
        with progress("learn tokenizer", None, "doc") as bar:
            tokenizer = train_tokenizer(
                _counted(_sample(corpus, tokens.train.megabytes_per_language), bar), tokens.train
            )
    else:
        assert tokens.path is not None
        local = base / tokens.path
        tokenizer = load_tokenizer(local if local.exists() else tokens.path)
    end_of_text(tokenizer)
    published = tokenizer
    if tokens.extend is not None:
        tokenizer = _extend(published, corpus, tokens.extend)
    tokenizer.encode_special_tokens = False
    with atomic_file(folder / FILE, "w") as stream:
        stream.write(tokenizer.to_str(pretty=True))
    checked = load_tokenizer(folder)
    check_round_trip(checked, _round_trip_sample(corpus))
    facts: dict[str, Any] = {"vocabulary": checked.get_vocab_size(), "sha256": sha256(folder / FILE)}
    if tokens.extend is not None:
        from aurora.tokens.fertility import compare_tokenizers

        published.encode_special_tokens = True
        compared = compare_tokenizers(published, checked, corpus)
        facts |= {"published_vocabulary": published.get_vocab_size(), "languages": compared}
        write_json(folder / "extension.json", facts)
    return facts


def first_new_entry(folder: Path) -> int:
    """The lowest id of those that an extended tokenizer has and the published one had not; new ids come last."""
    facts = read_json(folder / "extension.json")
    ids = load_tokenizer(folder).get_vocab(with_added_tokens=True).values()
    return max(ids) + 1 - int(facts["vocabulary"] - facts["published_vocabulary"])


def _extend(tokenizer: Tokenizer, corpus: Path, extension: Extension) -> Tokenizer:
    from aurora.tokens.extension import extend_tokenizer

    found = {language for _, language, _, _ in parts(corpus, "clean")}
    if missing := [language for language in extension.languages if language not in found]:
        raise UserError(f"tokens.extend.languages: the corpus has no clean text in {', '.join(missing)}.")
    with progress("extend tokenizer", None, "doc") as bar:
        texts = _counted(_sample(corpus, extension.megabytes_per_language, set(extension.languages)), bar)
        return extend_tokenizer(tokenizer, texts, extension.entries)


def end_of_text(tokenizer: Tokenizer) -> int:
    """The id that ends a document; `UserError` for a tokenizer without one."""
    found: int | None = tokenizer.token_to_id(END_OF_TEXT)
    if found is None:
        raise UserError(f"The tokenizer has no {END_OF_TEXT} token: Aurora joins documents with it.")
    return found


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


def _download(name: str) -> Path:
    """The tokenizer file of a hub model, from the hub's own cache or the network."""
    if not is_hub_name(name):
        raise UserError(f"tokens.path: {name} is neither a folder, a tokenizer file nor a hub model.")
    try:
        from huggingface_hub import hf_hub_download
    except ImportError as error:
        raise UserError(f"Reading {name} from the hub needs the extra: pip install 'aurora-lm[hub]'.") from error
    try:
        return Path(hf_hub_download(name, FILE))
    except Exception as error:
        raise AuroraError(
            f"The tokenizer of {name} cannot be fetched from the hub ({type(error).__name__}): "
            "check the network, the name and your access, or give a local folder as tokens.path."
        ) from error
