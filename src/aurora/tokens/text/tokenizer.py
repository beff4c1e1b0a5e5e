"""The tokenizer itself: learnt byte-level BPE, or any Hugging Face fast tokenizer.

One decision: a tokenizer learnt here is always byte-level, so no text is ever lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from aurora.errors import UserError
from aurora.files import canonical_json, sha256
from aurora.gguf.cutting import Cut
from aurora.gguf.folder import is_gguf
from aurora.recipe.tokens import TrainedTokenizer
from aurora.tokens.text.published import find_published
from aurora.tokens.text.text_facts import COMPANIONS, CONFIG, FILE, SPECIAL_TOKENS

LEARNT = {"starcoder": Cut(digits=True), "marks": Cut(digits=True).marked()}


def train_tokenizer(texts: Iterable[str], settings: TrainedTokenizer, more: Sequence[str] = ()) -> Tokenizer:
    """Learn byte-level BPE merges on `texts`; the same texts in the same order give the same tokenizer.

    `more` are special tokens after StarCoder's.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer(LEARNT[settings.pattern])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=settings.vocabulary,
        special_tokens=[AddedToken(token, special=True) for token in (*SPECIAL_TOKENS, *more)],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def pre_tokenizer(cut: Cut) -> Any:
    """The library's own object for a way of cutting."""
    steps: list[Any] = []
    for step in cut.steps():
        match step["type"]:
            case "Digits":
                steps.append(pre_tokenizers.Digits(individual_digits=True))
            case "Split":
                steps.append(pre_tokenizers.Split(Regex(step["pattern"]["Regex"]), "isolated"))
            case "ByteLevel":
                steps.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=step["use_regex"]))
    return pre_tokenizers.Sequence(steps)


def tokenizer_identity(path: str, base: Path) -> str:
    """A text that changes when a local tokenizer does; one of the hub is what its name and revision say."""
    local = base / Path(path).expanduser()
    folder = local.parent if local.is_file() else local
    files = [local, *(folder / name for name in (FILE, CONFIG, *COMPANIONS))]
    return hashlib.sha256(canonical_json([sha256(file) for file in files if file.is_file()])).hexdigest()


def published_tokenizer(path: str, revision: str | None, base: Path) -> Path:
    """The file of a published tokenizer: in a folder, itself or of a GGUF file, relative to `base`, or a hub model's in
    its cache."""
    local = base / Path(path).expanduser()
    if local.is_file() and not is_gguf(local):
        if revision is not None:
            raise UserError(f"{local} is a file, which has no revision: leave out tokens.revision.")
        return local
    return find_published(path, revision, base, (CONFIG, FILE, *COMPANIONS), "tokens.path") / FILE
