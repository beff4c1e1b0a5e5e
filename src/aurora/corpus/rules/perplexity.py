"""Perplexity: how unlikely a text is to an n-gram model of its language, whose file the user gives.

One decision: the model speaks our tokens. A line's tokens joined by spaces are a sentence to it, so a model is trained
with `lmplz` on text written that way, and Japanese needs no segmenter of its own. The extra `perplexity` brings KenLM;
no model ships or is fetched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from aurora.corpus.kernels.measure import tokens
from aurora.errors import UserError
from aurora.languages.labels import primary


class Perplexities:
    """KenLM models by language.

    Raises `UserError` where the package is missing, or a file is missing or no model.
    """

    def __init__(self, models: Mapping[str, Path]) -> None:
        self._models = {lang: _load(lang, path) for lang, path in models.items()}

    def measure(self, texts: pa.LargeStringArray, langs: Sequence[str]) -> pa.Array:
        """The perplexity of each text, float64 [documents]; NaN without a model of its language."""
        found = np.full(len(texts), np.nan)
        if self._models:
            for row, lang in enumerate(langs):
                model = self._models.get(lang) or self._models.get(primary(lang))
                if model is not None:
                    found[row] = _perplexity(model, texts[row].as_py(), lang)
        return pa.array(found)


def sentences(text: str, lang: str) -> list[str]:
    """The lines of a text as a model reads them."""
    return [" ".join(tokens(line, lang)) for line in text.splitlines() if line.strip()]


def _perplexity(model: Any, text: str, lang: str) -> float:
    lines = sentences(text, lang)
    number = sum(line.count(" ") + 2 for line in lines)  # each line's tokens, and its end
    total = sum(model.score(line) for line in lines)
    return float(10 ** (-total / number)) if number else float("nan")


def _load(lang: str, path: Path) -> Any:
    try:
        import kenlm
    except ImportError as error:
        raise UserError("corpus.curation.perplexity needs KenLM; install aurora-lm[perplexity].") from error
    if not path.is_file():
        raise UserError(f"corpus.curation.perplexity.{lang}: there is no file {path}.")
    try:
        return kenlm.Model(str(path))
    except OSError as error:
        raise UserError(f"corpus.curation.perplexity.{lang}: {path} is no model of KenLM ({error}).") from error
