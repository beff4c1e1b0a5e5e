"""Masking as a recipe asks for it: the key of fakes, and quarantined excerpts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aurora.corpus.artifact import read_texts
from aurora.corpus.curate import build_corpus
from aurora.corpus.personal.masking import SHORTEST_KEY, read_key
from aurora.errors import UserError
from aurora.recipe.corpus import Corpus
from corpus.sample_texts import TEXTS

ADDRESS = "jane.doe@mail.example.org"


def built(folder: Path, **curation: Any) -> str:
    """All text of a corpus of one document that holds an address, and a broken line that does."""
    rows = [json.dumps({"text": f"{TEXTS['en']} Write to {ADDRESS}."}), f'{{"text": "{ADDRESS}']
    (folder / "a.jsonl").write_text("\n".join(rows))
    sources = {"web": {"kind": "jsonl", "paths": ["a.jsonl"], "language": "en"}}
    corpus = Corpus.model_validate({"sources": sources, "curation": curation})
    build_corpus(corpus, folder, folder / "cache", 1, folder / "out")
    return "".join(text for part in ("clean", "held_out") for text in read_texts(folder / "out", part))


def test_another_key_makes_other_fakes_and_is_stored_nowhere(tmp_path: Path) -> None:
    key = tmp_path / "secret.key"
    texts = [built(tmp_path, personal_data="fakes")]
    for secret in ("0123456789abcdef", "fedcba9876543210", "0123456789abcdef"):
        key.write_text(secret + "\n")
        texts.append(built(tmp_path, personal_data="fakes", personal_data_key="secret.key"))
        files = [path for path in tmp_path.rglob("*") if path.is_file() and path != key]
        assert not any(secret.encode() in path.read_bytes() for path in files)
    assert len(set(texts)) == 3
    assert texts[1] == texts[3]
    assert not any("jane.doe" in text for text in texts)


def test_quarantined_excerpts_are_masked(tmp_path: Path) -> None:
    built(tmp_path)
    quarantined = tmp_path / "out" / "quarantined" / "web.jsonl"
    assert ADDRESS in quarantined.read_text()
    built(tmp_path, personal_data="placeholders")
    assert "jane.doe" not in quarantined.read_text()
    assert "<EMAIL>" in json.loads(quarantined.read_text())["excerpt"]


def test_a_key_that_keeps_no_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"personal_data_key: .*absent\.key cannot be read"):
        read_key(tmp_path / "absent.key")
    for endless in ("/dev/zero", str(tmp_path)):
        with pytest.raises(UserError, match=r"personal_data_key: .* is a .*, not a file"):
            read_key(Path(endless))
    (tmp_path / "short.key").write_text("x" * (SHORTEST_KEY - 1) + "\n")
    with pytest.raises(UserError, match="holds 15 bytes; a key has at least 16"):
        built(tmp_path, personal_data="fakes", personal_data_key="short.key")
