"""Signatures that a recipe asks for later are those that preparing would have written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aurora.corpus.curate import build_corpus
from aurora.corpus.kernels.minhash import SIGNATURE
from aurora.corpus.plan import load_plan
from aurora.corpus.repeats.duplicates import open_signatures
from aurora.corpus.repeats.sign import sign_shard
from aurora.corpus.work import WorkFiles
from aurora.recipe.corpus import Corpus
from corpus.sample_texts import TEXTS

NEAR = {"rules": [], "identify_language": False, "duplicates": "near"}
TALKS = {"kind": "conversations", "paths": ["a.jsonl"], "language": "en"}


def built(folder: Path, source: dict[str, Any], rows: list[dict[str, Any]], **curation: Any) -> WorkFiles:
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    corpus = Corpus.model_validate({"sources": {"a": source}, "curation": NEAR | curation})
    build_corpus(corpus, folder, folder / "cache", 1, folder / "out")
    return WorkFiles(folder / "out.work", "a")


def signed_again(files: WorkFiles) -> bytes:
    files.signatures.unlink()
    plan = load_plan(files.work / "plan.json")
    sign_shard(plan, plan.by_name["a"])
    return files.signatures.read_bytes()


@pytest.mark.parametrize("compared", ["whole", "prompts"])
def test_they_are_those_of_preparing_in_the_order_of_the_texts(tmp_path: Path, compared: str) -> None:
    talks = [{"prompt": prompt, "response": f"{answer} {number}"} for number, prompt in enumerate(TEXTS.values())
             for answer in ("Yes", "No")]  # fmt: skip
    for source, rows in (
        ({"kind": "jsonl", "paths": ["a.jsonl"]}, [{"text": text} for text in (*TEXTS.values(), "?")]),
        (TALKS, talks),
    ):
        files = built(tmp_path, source, rows, duplicate_conversations=compared)
        before = files.signatures.read_bytes()
        assert len(before) == len(rows) * SIGNATURE.itemsize
        assert signed_again(files) == before


def test_conversations_are_signed_by_what_is_compared(tmp_path: Path) -> None:
    talks = [{"prompt": TEXTS["en"], "response": answer} for answer in (TEXTS["fi"], TEXTS["vi"])]
    for compared, same in (("whole", False), ("prompts", True)):
        files = built(tmp_path, TALKS, talks, duplicate_conversations=compared)
        signed_again(files)
        first, second = open_signatures(files.signatures)
        assert np.array_equal(first["minima"], second["minima"]) == same
