"""Conversations through a whole build: what is done to turns, and what the ledger says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aurora.corpus.artifact import read_documents
from aurora.corpus.conversation import turns_of
from aurora.corpus.curate import build_corpus
from aurora.recipe.corpus import Corpus
from corpus.sample_texts import TEXTS


def build(
    folder: Path, talks: list[list[str]], source: dict[str, Any] | None = None, **curation: Any
) -> dict[str, Any]:
    """The ledger of a corpus of talks, each the texts of user and assistant in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps({"data": talk}, ensure_ascii=False) + "\n" for talk in talks)
    (folder / "chats.jsonl").write_text("".join(lines), encoding="utf-8")
    chats = {"kind": "conversations", "paths": ["chats.jsonl"], **(source or {})}
    corpus = Corpus.model_validate({"sources": {"chats": chats}, "curation": {"rules": [], **curation}})
    return build_corpus(corpus, folder, folder / "cache", 1, folder / "out")


def talks(folder: Path, part: str = "clean") -> list[list[tuple[str, str]]]:
    found = read_documents(folder / "out", part)
    return [[(turn.role, turn.text) for turn in turns_of(document.text, document.meta)] for document in found]


def test_turns_are_mended_masked_and_kept_apart(tmp_path: Path) -> None:
    asked, answered = "Write to a@corp.example.org?\r\n", "cafe\u0301: +358 40 123 4567, b@corp.example.org \n\n"
    build(tmp_path, [[asked, answered, TEXTS["en"], "Yes."]], {"language": "en"}, personal_data="placeholders")
    kept = talks(tmp_path) + talks(tmp_path, "held_out")
    assert kept == [
        [
            ("user", "Write to <EMAIL>?"),
            ("assistant", "café: <PHONE>, <EMAIL>"),
            ("user", TEXTS["en"]),
            ("assistant", "Yes."),
        ]
    ]


def test_the_answers_give_the_language_and_the_ledger_counts_the_rest(tmp_path: Path) -> None:
    given = [
        [TEXTS["en"], TEXTS["fi"]],
        [TEXTS["fi"], TEXTS["fi"] + " Ja niin edelleen."],
        [TEXTS["ja"], "7"],
        [TEXTS["en"], TEXTS["hi"], "Thank you."],
    ]
    ledger = build(tmp_path, given)
    assert {lang: counts["kept"] for lang, counts in ledger["by_source"]["chats"].items()} == {
        "fi": 2,
        "ja": 1,
        "hi": 1,
    }
    assert ledger["changes"]["conversations across languages"] == {"fi": 1, "hi": 1}
    assert ledger["changes"]["prompts without an answer left out"] == {"hi": 1}
    assert ledger["documents"] == {"in": 4, "kept": 4, "dropped": 0, "quarantined": 0}


def test_answers_in_another_language_than_declared_are_lost(tmp_path: Path) -> None:
    ledger = build(tmp_path, [[TEXTS["en"], TEXTS["fi"]], [TEXTS["fi"], TEXTS["en"]]], {"language": "fi"})
    assert [(loss["step"], loss["rule"], loss["documents"]) for loss in ledger["losses"]] == [
        ("language", "contradicts", 1)
    ]


def test_nothing_is_cut_out_of_turns(tmp_path: Path) -> None:
    long = " ".join(f"Sentence number {number} of the same long story." for number in range(20))
    given = [[f"{long} {number}", f"{long} ({number})"] for number in range(12)]
    build(tmp_path, given, {"language": "en"}, repeated_passages="drop", boilerplate_lines="drop", duplicates="exact")
    assert sorted(talks(tmp_path) + talks(tmp_path, "held_out")) == sorted(
        [[("user", prompt), ("assistant", answer)] for prompt, answer in given]
    )
