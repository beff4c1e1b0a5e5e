from __future__ import annotations

from pathlib import Path

import pytest

from aurora.corpus.conversation import ASSISTANT, USER, Turn, new_conversation
from aurora.corpus.document import Document
from aurora.corpus.phases.part_files import PartWriter
from aurora.evaluation.held_out import EXCERPT_CHARACTERS, excerpts, read_held_out, read_held_out_answers


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Two sources in two languages, written in another order than that of their ids."""
    (tmp_path / "held_out").mkdir()
    for source in ("books", "web"):
        with PartWriter(tmp_path, source) as writer:
            for number in (3, 1, 2):
                for language, text in (("en", f"{source} {number} "), ("fi", "ä" * 3000)):
                    id = f"{number}{source}{language}"
                    writer.write("held_out", Document(id, text.ljust(1000), language, source))
    return tmp_path


def test_excerpts_come_from_all_sources_in_the_order_of_ids(corpus: Path) -> None:
    english, finnish = read_held_out(corpus, "held_out", 100)
    assert [text.split(" ")[:2] for text in english.texts] == [
        [source, str(number)] for number in (1, 2, 3) for source in ("books", "web")
    ]
    assert [len(text) for text in finnish.texts] == [EXCERPT_CHARACTERS] * 6
    assert finnish.num_bytes == 6 * 2 * EXCERPT_CHARACTERS


def test_a_budget_ends_with_the_text_that_fills_it(corpus: Path) -> None:
    english, finnish = read_held_out(corpus, "held_out", 2.5)
    assert (english.num_bytes, finnish.num_bytes) == (3000, 4000)


def test_excerpts_of_one_source_and_language(corpus: Path) -> None:
    texts = excerpts(corpus, "held_out", 100, "web", "en")
    assert [text.split(" ")[:2] for text in texts] == [["web", "1"], ["web", "2"], ["web", "3"]]
    assert excerpts(corpus, "held_out", 100, "web", "sv") == []


def test_conversations_are_measured_by_their_answers_and_are_no_text(corpus: Path) -> None:
    talks = {f"{lang}{number}": [Turn(USER, "Why?"), Turn(ASSISTANT, f"{number} ".ljust(1000))]
             for lang in ("ja", "fi") for number in range(3)}  # fmt: skip
    with PartWriter(corpus, "chats") as writer:
        for name, talk in talks.items():
            writer.write("held_out", new_conversation(talk, name[:2], "chats", "MIT", name, {}))
    assert [part.language for part in read_held_out(corpus, "held_out", 100)] == ["en", "fi"]
    assert excerpts(corpus, "held_out", 100, "chats", "fi") == []
    found = {part.language: part.conversations for part in read_held_out_answers(corpus, 100)}
    assert {lang: len(conversations) for lang, conversations in found.items()} == {"fi": 3, "ja": 3}
    assert all(talk in talks.values() for talk in found["fi"])
    assert [len(part.conversations) for part in read_held_out_answers(corpus, 1.5)] == [2, 2]
