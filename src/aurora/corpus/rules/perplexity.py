"""Perplexity: how unlikely a text is under an n-gram model of its language, whose file the user gives.

One decision: the model uses Aurora's tokens. Each line's tokens, joined by spaces, are one sentence, so a model is
trained with KenLM's `lmplz` on text written that way, and Japanese needs no segmenter. The extra `perplexity` installs
KenLM; no model ships or is downloaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from aurora.corpus.kernels.batch_statistics import tokens
from aurora.errors import UserError
from aurora.languages.labels import primary


class Perplexities:
    """KenLM models by language.

    Raises `UserError` if the package or a file is missing, or a file is not a model.
    """

    def __init__(self, models: Mapping[str, Path]) -> None:
        self._models = {lang: _load(lang, path) for lang, path in models.items()}

    def measure(self, texts: pa.LargeStringArray, langs: Sequence[str]) -> pa.Array:
        """The perplexity of each text, float64 [documents]; NaN without a model of its language."""
        perplexities = np.full(len(texts), np.nan)
        if self._models:
            for row, lang in enumerate(langs):
                model = self._models.get(lang) or self._models.get(primary(lang))
                if model is not None:
                    perplexities[row] = _perplexity(model, texts[row].as_py(), lang)
        return pa.array(perplexities)


def sentences(text: str, lang: str) -> list[str]:
    """The lines of a text as a model reads them: tokens with spaces between."""
    return [" ".join(tokens(line, lang)) for line in text.splitlines() if line.strip()]


def _perplexity(model: Any, text: str, lang: str) -> float:
    lines = sentences(text, lang)
    number = sum(line.count(" ") + 2 for line in lines)  # each line's tokens and its end-of-sentence
    log10 = sum(model.score(line) for line in lines)
    return float(10 ** (-log10 / number)) if number else float("nan")


def _load(lang: str, path: Path) -> Any:
    try:
        import kenlm
    except ImportError as error:
        raise UserError("corpus.curation.perplexity needs KenLM: run `pip install kenlm`.") from error
    if not path.is_file():
        raise UserError(f"corpus.curation.perplexity.{lang}: there is no file {path}; correct the path.")
    try:
        return kenlm.Model(str(path))
    except OSError as error:
        raise UserError(
            f"corpus.curation.perplexity.{lang}: {path} is not a KenLM model ({error}); build one with KenLM's lmplz."
        ) from error
