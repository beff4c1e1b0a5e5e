"""Questions with choices: ARC, MMLU, HellaSwag, TruthfulQA, XWinograd, JGLUE and FIN-bench.

One decision: the right choice is a number from 0 here, however a dataset writes it: a letter, a label, a score.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from typing import Any

from aurora.evaluation.tasks.flat import Row
from aurora.evaluation.tasks.hub.rows import each, kept

LETTERS = "ABCDE"
RELATIONS = ("entailment", "contradiction", "neutral")
_LABEL = re.compile(r"[^:]{1,20}:")
_ASKED = re.compile(r"^(?:Kysymys|K):\s*")  # wordings have labels of their own


def _cleaned(text: str) -> str:
    """Without the marks of WikiHow in HellaSwag."""
    text = re.sub(r"\[.*?\]", "", text.strip().replace(" [title]", ". "))
    return text.replace("  ", " ").strip()


def labelled_choices(rows: Iterable[Row]) -> Any:
    """ARC and OpenBookQA: `choices` of `text` and `label`, `answerKey`."""
    return each(
        "choice",
        "en",
        rows,
        lambda row: {
            "id": row["id"],
            "question": row.get("question_stem") or row["question"],
            "choices": list(row["choices"]["text"]),
            "answer": list(row["choices"]["label"]).index(row["answerKey"].strip()),
        },
    )


def numbered_choices(rows: Iterable[Row]) -> Any:
    """MMLU: `choices`, and the number of the right one."""
    return each(
        "choice",
        "en",
        rows,
        lambda row: {
            **kept(row, "question"),
            "choices": list(row["choices"]),
            "answer": int(row["answer"]),
            "subject": row.get("subject"),
        },
    )


def options(rows: Iterable[Row]) -> Any:
    """Global-MMLU: `option_a` to `option_d`, and a letter."""
    return each(
        "choice",
        "en",
        rows,
        lambda row: {
            "id": row["sample_id"],
            "question": row["question"],
            "choices": [row[f"option_{letter}"] for letter in "abcd"],
            "answer": LETTERS.index(row["answer"]),
            "subject": row.get("subject"),
        },
    )


def okapi_mmlu(rows: Iterable[Row]) -> Any:
    """MMLU as Okapi translated it: `instruction`, `option_a` to `option_d`, and a letter."""
    return each("choice", "en", rows, _okapi)


def okapi_arc(rows: Iterable[Row]) -> Any:
    """ARC as Okapi translated it: like MMLU, with a fifth choice at times."""
    return each("choice", "en", rows, _okapi)


def _okapi(row: Row) -> Row:
    choices = [row.get(f"option_{letter}") for letter in "abcde"]
    return {
        "id": row["id"],
        "question": row["instruction"],
        "choices": [choice for choice in choices if choice],
        "answer": LETTERS.index(row["answer"]),
    }


def hellaswag(rows: Iterable[Row]) -> Any:
    """HellaSwag, also in translation: the title, two pieces of context, endings and a label."""

    def made(row: Row) -> Row:
        context = f"{row['ctx_a']} {row['ctx_b'].capitalize()}"
        return {
            "id": row["ind"],
            "question": _cleaned(f"{row['activity_label']}: {context}"),
            "choices": [_cleaned(ending) for ending in row["endings"]],
            "answer": int(row["label"]),
        }

    return each("choice", "en", rows, made)


def truthfulqa(rows: Iterable[Row]) -> Any:
    """TruthfulQA with one true answer: it comes first, so choices are shuffled by number."""
    order = iter(range(10**9))

    def made(row: Row) -> Row:
        number = next(order)
        choices, labels = list(row["mc1_targets"]["choices"]), list(row["mc1_targets"]["labels"])
        places = random.Random(number).sample(range(len(choices)), len(choices))
        return {
            "id": number,
            "question": row["question"],
            "choices": [choices[place] for place in places],
            "answer": places.index(labels.index(1)),
        }

    return each("choice", "en", rows, made)


def jcommonsenseqa(rows: Iterable[Row]) -> Any:
    """JCommonsenseQA: `choice0` to `choice4` and a label."""
    return each(
        "choice",
        "ja",
        rows,
        lambda row: {
            "id": row["q_id"],
            "question": row["question"],
            "choices": [row[f"choice{number}"] for number in range(5)],
            "answer": int(row["label"]),
        },
    )


def xwinograd(rows: Iterable[Row]) -> Any:
    """XWinograd: a sentence with `_`, two options, and the number of the right one from 1."""
    return each(
        "gap",
        "en",
        rows,
        lambda row: {
            "question": row["sentence"],
            "choices": [row["option1"], row["option2"]],
            "answer": int(row["answer"]) - 1,
        },
    )


def jnli(rows: Iterable[Row]) -> Any:
    """JNLI: two sentences, and whether the first entails, contradicts or leaves open the second."""

    def made(row: Row) -> Row:
        label = row["label"]
        return {
            "id": row["sentence_pair_id"],
            "question": f"前提：{row['sentence1']}\n仮説：{row['sentence2']}",
            "choices": ["含意", "矛盾", "中立"],
            "answer": RELATIONS.index(label) if isinstance(label, str) else int(label),
        }

    return each("choice", "ja", rows, made)


def jcola(rows: Iterable[Row]) -> Any:
    """JCoLA: a sentence, and whether a speaker accepts it."""
    return each(
        "choice",
        "ja",
        rows,
        lambda row: {
            "question": row["sentence"],
            "choices": ["不自然", "自然"],
            "answer": int(row["label"] in (1, "1", "acceptable")),
        },
    )


def finbench(rows: Iterable[Row]) -> Any:
    """FIN-bench, in the form of BIG-bench: a question that may end with a label, choices, and the right one."""

    def made(row: Row) -> Row | None:
        choices = list(row["multiple_choice_targets"])
        if len(choices) < 2:
            return None
        return {
            "question": _unlabelled(row["inputs"], choices),
            "choices": choices,
            "answer": choices.index(next(iter(row["targets"]))),
        }

    return each("choice", "fi", rows, made)


def _unlabelled(question: str, choices: list[str]) -> str:
    """A question without the label for an answer at its end, and without lines that only list a choice."""
    lines = [
        line for line in question.strip().splitlines() if not any(line.strip().endswith(f": {one}") for one in choices)
    ]
    if len(lines) > 1 and _LABEL.fullmatch(lines[-1].strip()):
        lines.pop()
    return _ASKED.sub("", "\n".join(lines)).strip()
