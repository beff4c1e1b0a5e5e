"""A second opinion on languages: a fastText model, such as lid.176, whose file the user gives.

One decision: the package is the small one that can only predict (extra `fasttext`); no model ships or is downloaded.
"""

from __future__ import annotations

from pathlib import Path

from aurora.corpus.cleaning.identify import Identified, Known
from aurora.errors import UserError
from aurora.languages.labels import UNDETERMINED, canonical

_BEST = 3  # labels asked for, as many as CLD2 gives
_LEAST = 0.05  # probability below which a label is noise
_ALL, _ANY = -1, -1.0  # every label of the model, however unlikely
SURE_PERCENT = 50  # from which the best label is more likely than all others together


class FastText:
    """An identifier that uses a model's file. Raises `UserError` if the package or the file is missing or
    unreadable."""

    def __init__(self, path: Path) -> None:
        try:
            import fasttext
        except ImportError as error:
            raise UserError(
                "corpus.curation.fasttext_model needs fasttext-predict: run `pip install fasttext-predict`."
            ) from error
        if not path.is_file():
            raise UserError(f"corpus.curation.fasttext_model: there is no file {path}; correct the path.")
        try:
            self._model = fasttext.load_model(str(path))
        except ValueError as error:
            raise UserError(
                f"corpus.curation.fasttext_model: {path} is not a fastText model ({error}); give one, such as "
                "lid.176.ftz."
            ) from error
        labels, _ = self._model.predict("", _ALL, _ANY)
        self._known = Known(labels)

    def identify(self, text: bytes) -> Identified:
        """Identify all of `text`; the percents are probabilities of labels, without those below 5 %."""
        line = text.decode(errors="ignore").replace("\n", " ")
        labels, shares = self._model.predict(line, _BEST, _LEAST)
        percents = (round(100 * min(float(share), 1.0)) for share in shares)
        tags = ((canonical(label), percent) for label, percent in zip(labels, percents, strict=True))
        languages = tuple((tag, percent) for tag, percent in tags if tag is not None and tag != UNDETERMINED)
        return Identified(languages, bool(languages) and languages[0][1] >= SURE_PERCENT)

    def knows(self, language: str) -> bool:
        """Whether the model has a label for a language."""
        return language in self._known
