"""What counts in an answer, against examples of SQuAD's rules, and the right answers through the whole path."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.evaluation.tasks.answers import answer_of, f1, normal, number, number_of, question, spaced
from aurora.evaluation.tasks.files import read_task
from aurora.evaluation.tasks.flat import read_items


def test_case_punctuation_and_articles_do_not_count_in_english() -> None:
    assert normal("The  Panther's Defence!", "en") == "panthers defence"
    assert question({"answers": ["a cat"], "lang": "en"}, [" The cat.\nMore"])["exact_match"] == 1
    assert normal("an apple", "fi") == "an apple"


def test_part_of_an_answer_counts_in_part() -> None:
    assert f1("the big red dog", "a red dog", "en") == pytest.approx(2 * 2 / (3 + 2))
    assert f1("", "", "en") == 1
    assert f1("", "dog", "en") == 0
    found = question({"answers": ["red", "red dog"], "lang": "en"}, ["big red dog"])
    assert found == {"exact_match": 0.0, "f1": pytest.approx(0.8), "parsed": 1.0}


def test_japanese_is_compared_by_the_character_and_hindi_by_the_word() -> None:
    assert spaced("ja") is False
    assert normal("１９３１年。", "ja") == "1931年"
    assert f1("東京都", "東京", "ja") == pytest.approx(4 / 5)
    assert spaced("hi")
    assert normal("दिल्ली।", "hi") == "दिल्ली"  # vowel signs are marks, and stay
    assert f1("नई दिल्ली", "दिल्ली", "hi") == pytest.approx(2 / 3)
    assert spaced("xx")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is 1,234.50 in all", 1234.5),
        ("3 + 4 = 7\n#### 7", 7),
        ("#### 12 and 5 more", 12),
        ("答えは１８です", 18),
        ("−5", -5),
        ("$3. Or 4.", 4),
        ("none", None),
        ("####", None),
    ],
    ids=["comma", "steps", "mark", "wide", "minus", "last", "none", "bare"],
)
def test_numbers(text: str, found: float | None) -> None:
    assert number_of(text) == found
    assert number({"answers": ["7"]}, [text]) == {"exact_match": float(found == 7), "parsed": float(found is not None)}


def test_the_first_line_that_says_something_is_the_answer() -> None:
    assert answer_of("\n \n a b \nc") == "a b"
    assert answer_of(" \n") == ""


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "gsm8k_en", "jemhopqa", "jsquad", "mgsm_en", "mgsm_ja", "mkqa_en", "mkqa_fi", "mkqa_ja", "niilc",
        "nq_open_en", "xorqa_fi", "xquad_en", "xquad_hi", "xquad_vi",
    ],
)  # fmt: skip
def test_right_answers_score_all_points_through_the_whole_path(shared_data: Path, name: str) -> None:
    task = read_task(name)
    items = read_items(task, shared_data / f"benchmarks/{name}.jsonl.gz")
    config = task.config(next(iter(task.metadata.wordings)))
    wrong = []
    for row in items.scored:
        target = row[config["doc_to_target"]]
        said = target if isinstance(target, str) else target[0]
        for stop in config["generation_kwargs"]["until"]:
            said = said.split(stop)[0]
        metrics = config["process_results"](row, [said])
        if metrics["exact_match"] != 1 or metrics["parsed"] != 1:
            wrong.append((row["id"], said))
    assert wrong == []
