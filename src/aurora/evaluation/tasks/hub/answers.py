"""Questions whose answers are written: SQuAD's form, Natural Questions, TriviaQA, MKQA, GSM8K and MGSM.

One decision: a question that its dataset calls unanswerable is left out, because a base model cannot say so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from aurora.evaluation.tasks.flat import Row
from aurora.evaluation.tasks.hub.rows import each, kept


def _squad(language: str) -> Callable[[Iterable[Row]], Any]:
    def made(row: Row) -> Row | None:
        answers = list(dict.fromkeys(row["answers"]["text"]))
        return {**kept(row, "id", "context", "question"), "answers": answers} if answers else None

    return lambda rows: each("reading", language, rows, made)


# SQuAD's form, by language; questions without an answer are left out.
squad_en, squad_hi, squad_ja, squad_vi = _squad("en"), _squad("hi"), _squad("ja"), _squad("vi")


def nq_open(rows: Iterable[Row]) -> Any:
    """Natural Questions, open: a question and its answers."""
    return each("open", "en", rows, lambda row: {**kept(row, "question"), "answers": list(row["answer"])})


def triviaqa(rows: Iterable[Row]) -> Any:
    """TriviaQA: an answer and its aliases."""
    return each(
        "open",
        "en",
        rows,
        lambda row: {
            "id": row["question_id"],
            "question": row["question"],
            "answers": list(dict.fromkeys([row["answer"]["value"], *row["answer"]["aliases"]])),
        },
    )


def _mkqa(rows: Iterable[Row], language: str) -> Any:
    def made(row: Row) -> Row | None:
        answers = [
            text
            for answer in row["answers"][language]
            for text in (answer.get("text"), *(answer.get("aliases") or []))
            if text
        ]
        if not answers:  # unanswerable, or answered at length
            return None
        return {"id": row["example_id"], "question": row["queries"][language], "answers": list(dict.fromkeys(answers))}

    return each("open", language, rows, made)


def mkqa_en(rows: Iterable[Row]) -> Any:
    """MKQA in English."""
    return _mkqa(rows, "en")


def mkqa_fi(rows: Iterable[Row]) -> Any:
    """MKQA in Finnish."""
    return _mkqa(rows, "fi")


def mkqa_ja(rows: Iterable[Row]) -> Any:
    """MKQA in Japanese."""
    return _mkqa(rows, "ja")


def gsm8k(rows: Iterable[Row]) -> Any:
    """GSM8K: a solution in steps that ends with `#### NUMBER`."""
    return each(
        "maths",
        "en",
        rows,
        lambda row: {
            **kept(row, "question"),
            "solution": row["answer"],
            "answers": [row["answer"].rpartition("####")[2].strip()],
        },
    )


def mgsm(rows: Iterable[Row]) -> Any:
    """MGSM: the number alone; its few examples come with the language's words for question and answer, cut off here."""

    def made(row: Row) -> Row:
        question = re.sub(r"^[^:：]{1,12}[:：]\s*", "", row["question"]) if row.get("answer") else row["question"]
        return {"question": question, "answers": [str(row["answer_number"])]}

    return each("maths", "en", rows, made)
