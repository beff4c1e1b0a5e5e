"""A second opinion on languages: a model of fastText, such as lid.176, whose file the user gives.

One decision: the package is the small one that can only predict (extra `fasttext`), and no model ships or is fetched.
"""

from __future__ import annotations

from pathlib import Path

from aurora.corpus.language import Identified
from aurora.errors import UserError

_LABEL = "__label__"
_BEST = 3
_LEAST = 0.05
SURE_PERCENT = 50


class FastText:
    """An identifier by a model's file. Raises `UserError` where the package or the file is missing or unreadable."""

    def __init__(self, path: Path) -> None:
        try:
            import fasttext
        except ImportError as error:
            raise UserError(
                "corpus.curation.fasttext_model needs the package fasttext-predict; install aurora-lm[fasttext]."
            ) from error
        if not path.is_file():
            raise UserError(f"corpus.curation.fasttext_model: there is no file {path}.")
        try:
            self._model = fasttext.load_model(str(path))
        except ValueError as error:
            raise UserError(f"corpus.curation.fasttext_model: {path} is no model of fastText ({error}).") from error

    def identify(self, text: bytes) -> Identified:
        """Identify all of `text`; the percents are probabilities of labels, of which those under 5 are left out."""
        line = text.decode(errors="ignore").replace("\n", " ")
        labels, shares = self._model.predict(line, _BEST, _LEAST)
        found = tuple(
            (label.removeprefix(_LABEL), round(100 * min(float(share), 1.0)))
            for label, share in zip(labels, shares, strict=True)
        )
        return Identified(found, bool(found) and found[0][1] >= SURE_PERCENT)
