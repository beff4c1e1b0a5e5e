"""A second opinion on languages: a model of fastText, such as lid.176, whose file the user gives.

One decision: the package is the small one that can only predict (extra `fasttext`), and no model ships or is fetched.
"""

from __future__ import annotations

from pathlib import Path

from aurora.corpus.cleaning.identify import Identified, Known
from aurora.errors import UserError
from aurora.languages.labels import UNDETERMINED, canonical

_BEST = 3
_LEAST = 0.05
_ALL, _ANY = -1, -1.0  # every label of the model, however unlikely
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
        labels, _ = self._model.predict("", _ALL, _ANY)
        self._known = Known(labels)

    def identify(self, text: bytes) -> Identified:
        """Identify all of `text`; the percents are probabilities of labels, of which those under 5 are left out."""
        line = text.decode(errors="ignore").replace("\n", " ")
        labels, shares = self._model.predict(line, _BEST, _LEAST)
        percents = (round(100 * min(float(share), 1.0)) for share in shares)
        tags = ((canonical(label), percent) for label, percent in zip(labels, percents, strict=True))
        found = tuple((tag, percent) for tag, percent in tags if tag is not None and tag != UNDETERMINED)
        return Identified(found, bool(found) and found[0][1] >= SURE_PERCENT)

    def knows(self, language: str) -> bool:
        """Whether it can find a language."""
        return language in self._known
