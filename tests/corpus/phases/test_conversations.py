"""Conversations through a whole build: what is done to turns, and what the ledger says of it."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from aurora.corpus.artifact import read_documents
from aurora.corpus.conversation import turns_of
from aurora.corpus.curate import build_corpus
from aurora.corpus.personal.patterns import all_patterns
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


def test_turns_that_a_recipe_leaves_out_are_counted(tmp_path: Path) -> None:
    first = [[TEXTS["fi"], TEXTS["fi"], "Ja?", "Niin."], ["Miksi?", TEXTS["fi"] + " Siksi."]]
    ledger = build(tmp_path / "first", first, {"language": "fi", "take": "first"})
    assert ledger["changes"]["turns of conversations left out"] == {"fi": 2}
    tree = {"role": "prompter", "text": TEXTS["fi"], "replies": [{"role": "assistant", "text": TEXTS["fi"]}] * 3}
    (tmp_path / "trees").mkdir()
    (tmp_path / "trees" / "trees.jsonl").write_text(json.dumps({"prompt": tree}))
    ledger = build(tmp_path / "trees", [], {"language": "fi", "paths": ["trees.jsonl"]})
    assert ledger["changes"]["turns of conversations left out"] == {"fi": 2}
    assert "turns of conversations left out" not in build(tmp_path, first, {"language": "fi"})["changes"]


def test_prompts_too_short_for_a_language_are_kept(tmp_path: Path) -> None:
    ledger = build(tmp_path, [["Why?", TEXTS["fi"]], ["And?", TEXTS["fi"] + " Niin."]], {"language": "fi"})
    assert ledger["documents"] == {"in": 2, "kept": 2, "dropped": 0, "quarantined": 0}


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


def lost(ledger: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {(loss["step"], loss["rule"]): loss["documents"] for loss in ledger["losses"]}


def story(draw: random.Random, lang: str = "en", sentences: int = 4) -> str:
    """A text of made-up sentences, of which no two are alike."""
    words = TEXTS[lang].lower().replace(".", "").replace(",", "").split()
    return " ".join(" ".join(draw.choices(words, k=12)).capitalize() + "." for _ in range(sentences))


def test_conversations_pass_their_own_rules_and_no_others(tmp_path: Path) -> None:
    given = [
        ["2 + 2?", "4"],
        [TEXTS["en"], ""],
        [TEXTS["en"] + " Go on", "First this, then that, and after it,"],
        [TEXTS["en"] + " Who?", "As an AI language model, I am nobody."],
        [TEXTS["en"] + " How?", TEXTS["en"] * 20],
    ]
    limit = {"en": {"max_longest_answer": 2000}}
    rules = {"rules": ["basic", "web", "conversations"], "thresholds": limit}
    assert lost(build(tmp_path, given, {"language": "en"}, **rules)) == {
        ("quality", "empty-answer"): 1,
        ("quality", "cut-answer"): 1,
        ("quality", "answer-as-model"): 1,
        ("quality", "long-answer"): 1,
    }
    assert lost(build(tmp_path, given, {"language": "en"}, rules=["basic", "web"])) == {}


def test_near_duplicates_of_prompts_are_found_and_conversations_that_share_none_are_not(tmp_path: Path) -> None:
    draw = random.Random(3)
    prompts = [story(draw) for _ in range(200)]
    again = [prompt.replace(".", " !", 1).upper() + " Please." for prompt in prompts]
    given = [[prompt, story(draw)] for prompt in (*prompts, *again)]
    by_prompts = {"duplicates": "near", "duplicate_conversations": "prompts"}
    ledger = build(tmp_path, given, {"language": "en"}, **by_prompts)
    found = lost(ledger)[("duplicates", "near")]
    assert 0.95 * len(again) <= found <= len(again)
    first = [talk[0][1] for part in ("clean", "held_out") for talk in talks(tmp_path, part)]
    assert len(set(first)) == len(first) == len(given) - found
    # The same from the work of a build that did not ask, and none where whole conversations are compared.
    build(tmp_path / "later", given, {"language": "en"}, **(by_prompts | {"duplicates": "none"}))
    assert lost(build(tmp_path / "later", given, {"language": "en"}, **by_prompts)) == lost(ledger)
    assert lost(build(tmp_path / "whole", given, {"language": "en"}, duplicates="near")) == {}


def test_questions_of_a_benchmark_in_prompts_are_found(tmp_path: Path) -> None:
    draw = random.Random(5)
    questions = [story(draw, sentences=2) for _ in range(200)]
    with (tmp_path / "bench.jsonl").open("w") as lines:
        lines.writelines(json.dumps({"id": number, "question": text}) + "\n" for number, text in enumerate(questions))
    held = [[f"Answer this, please: {question.lower()} Think first.", story(draw)] for question in questions]
    clean = [[story(draw), story(draw)] for _ in range(400)]
    ledger = build(tmp_path, held + clean, {"language": "en"}, contamination={"sets": {"bench": "bench.jsonl"}})
    assert 0.98 * len(held) <= lost(ledger)[("contamination", "bench")] <= len(held) + 0.005 * len(clean)
    kept = [talk[0][1] for part in ("clean", "held_out") for talk in talks(tmp_path, part)]
    assert len(set(kept) & {talk[0] for talk in clean}) >= 0.995 * len(clean)


def test_a_question_of_a_benchmark_is_found_where_two_prompts_share_it(tmp_path: Path) -> None:
    draw = random.Random(6)
    questions = [story(draw, lang, sentences=2) for lang in TEXTS for _ in range(8)]
    with (tmp_path / "bench.jsonl").open("w") as lines:
        lines.writelines(json.dumps({"id": number, "question": text}) + "\n" for number, text in enumerate(questions))
    given = []
    for text in questions:
        half = text.find(" ", len(text) // 2) + 1 or len(text) // 2
        given.append([text[:half], story(draw), text[half:].upper(), story(draw)])
    clean = [[story(draw), story(draw), story(draw), story(draw)] for _ in range(40)]
    ledger = build(tmp_path, given + clean, contamination={"sets": {"bench": "bench.jsonl"}})
    assert lost(ledger) == {("contamination", "bench"): len(questions)}


def test_personal_data_is_masked_in_answers_as_in_text(tmp_path: Path) -> None:
    """Every kind that has an example, in every language: in the first answer, in the last, and in a document."""
    examples = sorted({str(one.definition.entry.example) for one in all_patterns() if one.definition.entry.example})
    assert len(examples) > 20
    personal = {"rules": [], "duplicates": "none", "personal_data": "placeholders", "identify_language": False}
    masked: set[str] = set()
    for lang in TEXTS:
        folder = tmp_path / lang
        folder.mkdir()
        texts = [f"{TEXTS[lang]} {example} {TEXTS[lang]}" for example in examples]
        with (folder / "texts.jsonl").open("w") as lines:
            lines.writelines(json.dumps({"text": text}) + "\n" for text in texts)
        source = {"kind": "jsonl", "paths": ["texts.jsonl"], "text_key": "text", "language": lang}
        corpus = Corpus.model_validate({"sources": {"texts": source}, "curation": personal})
        build_corpus(corpus, folder, folder / "cache", 1, folder / "text")
        of_texts = sorted(one.text for part in ("clean", "held_out") for one in read_documents(folder / "text", part))
        asked = [["Who?", text, f"{number}?", text] for number, text in enumerate(texts)]
        build(folder, asked, {"language": lang}, **personal)
        found = [talk for part in ("clean", "held_out") for talk in talks(folder, part)]
        assert sorted(talk[1][1] for talk in found) == sorted(talk[3][1] for talk in found) == of_texts
        masked |= {example for example in examples if not any(example in text for text in of_texts)}
    assert len(masked) > 0.75 * len(examples)  # the others are Swedish, or need a word that names them


def test_answers_in_a_wrong_language_are_found(tmp_path: Path) -> None:
    draw = random.Random(7)
    languages = ("fi", "hi", "vi")
    wrong = [[story(draw, "en"), story(draw, draw.choice(languages))] for _ in range(200)]
    right = [[story(draw, draw.choice(languages)), story(draw, "en")] for _ in range(200)]
    ledger = build(tmp_path, wrong + right, {"language": "en"})
    assert 0.95 * len(wrong) <= lost(ledger)[("language", "contradicts")] <= len(wrong)
    assert len(talks(tmp_path) + talks(tmp_path, "held_out")) >= 0.995 * len(right)
    assert ledger["changes"]["conversations across languages"]["en"] >= 0.95 * len(right)


def test_refusals_are_counted_and_kept(tmp_path: Path) -> None:
    declined = {"en": "I'm sorry, but I can't help with that.", "fi": "Valitettavasti en voi auttaa siinä."}
    given = [[TEXTS["en"] + " Well?", declined["en"]], [TEXTS["fi"] + " No?", declined["fi"]], [TEXTS["en"], "Yes."]]
    ledger = build(tmp_path, [*given, [TEXTS["en"] + "!", TEXTS["en"] + " I cannot say more.", "Hm?", "No."]])
    assert ledger["changes"]["conversations with a refusal"] == {"en": 1, "fi": 1}
    assert ledger["documents"]["kept"] == 4
