"""Perplexity by a model small enough to reckon with by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pyarrow as pa
import pytest

from aurora.corpus.curate import build_corpus
from aurora.corpus.rules.perplexity import Perplexities, sentences
from aurora.errors import UserError
from aurora.recipe.corpus import Corpus, Curation

pytest.importorskip("kenlm", reason="the extra `perplexity` is not installed")

# Each word, and each end of a line, has one chance in ten; any other word one in a thousand.
MODEL = """\\data\\
ngram 1=7
ngram 2=1

\\1-grams:
-3\t<unk>\t0
0\t<s>\t0
-1\t</s>\t0
-1\tthe\t0
-1\triver\t0
-1\t東\t0
-1\t京\t0

\\2-grams:
-1\tthe river

\\end\\
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "words.arpa"
    path.write_text(MODEL, encoding="utf-8")
    return path


def test_known_words_are_likelier_than_others(model: Path) -> None:
    texts = pa.array(["the river\n\nthe river", "the stone", "東京", "the river", ""], pa.large_string())
    found = Perplexities({"en": model, "ja": model}).measure(texts, ["en", "en-GB", "ja", "fi", "en"]).to_pylist()
    assert found[:3] == [pytest.approx(10), pytest.approx(10 ** (5 / 3), rel=1e-5), pytest.approx(10)]
    assert all(map(math.isnan, found[3:]))


def test_a_model_reads_lines_of_tokens() -> None:
    assert sentences("Don't go.\n \n東京へ", "ja") == ["Don't go .", "東 京 へ"]


def test_a_file_that_is_absent_or_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"corpus\.curation\.perplexity\.fi: there is no file .*absent"):
        Perplexities({"fi": tmp_path / "absent"})
    (tmp_path / "broken.arpa").write_text("no model")
    with pytest.raises(UserError, match=r"perplexity\.fi: .*broken\.arpa is not a KenLM model"):
        Perplexities({"fi": tmp_path / "broken.arpa"})


def test_the_rule_set_without_a_model_is_refused() -> None:
    with pytest.raises(ValueError, match=r"needs models; name them in corpus\.curation\.perplexity"):
        Curation(rules=["perplexity"])


def test_a_document_over_the_threshold_is_dropped(tmp_path: Path, model: Path) -> None:
    rows = [{"text": "the river the river"}, {"text": "a stone of another age"}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    curation = {"rules": ["perplexity"], "perplexity": {"en": model.name}, "identify_language": False}

    def build(most: float) -> dict[str, int]:
        corpus = Corpus.model_validate(
            {
                "sources": {"in": {"kind": "jsonl", "paths": ["in.jsonl"], "language": "en"}},
                "curation": curation | {"thresholds": {"en": {"max_perplexity": most}}},
            }
        )
        found: dict[str, int] = build_corpus(corpus, tmp_path, tmp_path, 0, tmp_path / "out")["documents"]
        return found

    assert build(100) == {"in": 2, "kept": 1, "dropped": 1, "quarantined": 0}
    assert build(1e9) == {"in": 2, "kept": 2, "dropped": 0, "quarantined": 0}
