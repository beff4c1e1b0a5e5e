from __future__ import annotations

from pathlib import Path

import pytest

from aurora.corpus.phases.named_files import named_files
from aurora.errors import UserError
from aurora.recipe.corpus import Curation


def test_what_files_hold_counts_and_not_where_they_lie(tmp_path: Path) -> None:
    for name, words in (("a", "one\n"), ("b", "one\n"), ("c", "two\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "words.txt").write_text(words)
    curation = Curation.model_validate({"flagged_words": {"en": "words.txt"}})
    one, same, other = (named_files(curation, tmp_path / name) for name in "abc")
    assert one == same
    assert one.keys() == other.keys() == {"flagged_words.en"}
    assert one != other
    assert named_files(Curation(), tmp_path) == {}


def test_benchmark_sets_and_their_fields_count(tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_text('{"question": "what is it", "answer": "this"}\n')

    def hashed(**keys: object) -> str:
        table = {"sets": {"quiz": "set.jsonl"}, **keys}
        return named_files(Curation.model_validate({"contamination": table}), tmp_path)["contamination"]

    assert hashed() == hashed()
    assert hashed() != hashed(fields=["question"])
    before = hashed()
    (tmp_path / "set.jsonl").write_text('{"question": "what was it", "answer": "this"}\n')
    assert hashed() != before
    (tmp_path / "set.jsonl").unlink()
    with pytest.raises(UserError, match=r"set\.jsonl"):
        hashed()
