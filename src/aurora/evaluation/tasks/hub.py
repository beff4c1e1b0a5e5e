"""Items of datasets on the hub, as items of the flat schema: a function for each dataset's own form.

One decision: each is a `process_docs` of lm-eval, so a task's file says all that there is to know of its data, and
lm-eval's own command reads the same items. What has no right answer in its row is left out here, and only that.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable
from typing import Any

from aurora.evaluation.tasks.files import Kind
from aurora.evaluation.tasks.flat import Row, as_dataset, completed

LETTERS = "ABCDE"


def _each(kind: Kind, language: str, rows: Iterable[Row], made: Callable[[Row], Row | None]) -> Any:
    found = []
    for number, row in enumerate(rows):
        item = made(row)
        if item is not None:
            found.append(completed({"id": number, "lang": language, **item}, kind))
    return as_dataset(found)


def _cleaned(text: str) -> str:
    """Without the marks of WikiHow in HellaSwag."""
    text = re.sub(r"\[.*?\]", "", text.strip().replace(" [title]", ". "))
    return text.replace("  ", " ").strip()


def labelled_choices(rows: Iterable[Row]) -> Any:
    """ARC and OpenBookQA: `choices` of `text` and `label`, `answerKey`."""
    return _each(
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
    return _each(
        "choice",
        "en",
        rows,
        lambda row: {**_kept(row, "question"), "choices": list(row["choices"]), "answer": int(row["answer"])},
    )


def options(rows: Iterable[Row]) -> Any:
    """Global-MMLU: `option_a` to `option_d`, and a letter."""
    return _each(
        "choice",
        "en",
        rows,
        lambda row: {
            "id": row["sample_id"],
            "question": row["question"],
            "choices": [row[f"option_{letter}"] for letter in "abcd"],
            "answer": LETTERS.index(row["answer"]),
        },
    )


def okapi_mmlu(rows: Iterable[Row]) -> Any:
    """MMLU as Okapi translated it: `instruction`, `option_a` to `option_d`, and a letter."""
    return _each("choice", "en", rows, _okapi)


def okapi_arc(rows: Iterable[Row]) -> Any:
    """ARC as Okapi translated it: like MMLU, with a fifth choice at times."""
    return _each("choice", "en", rows, _okapi)


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

    return _each("choice", "en", rows, made)


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

    return _each("choice", "en", rows, made)


def jcommonsenseqa(rows: Iterable[Row]) -> Any:
    """JCommonsenseQA: `choice0` to `choice4` and a label."""
    return _each(
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
    return _each(
        "gap",
        "en",
        rows,
        lambda row: {
            "question": row["sentence"],
            "choices": [row["option1"], row["option2"]],
            "answer": int(row["answer"]) - 1,
        },
    )


def _squad(language: str) -> Callable[[Iterable[Row]], Any]:
    def made(row: Row) -> Row | None:
        answers = list(dict.fromkeys(row["answers"]["text"]))
        return {**_kept(row, "id", "context", "question"), "answers": answers} if answers else None

    return lambda rows: _each("reading", language, rows, made)


# SQuAD's form, by language; questions without an answer are left out.
squad_en, squad_hi, squad_ja, squad_vi = _squad("en"), _squad("hi"), _squad("ja"), _squad("vi")


def nq_open(rows: Iterable[Row]) -> Any:
    """Natural Questions, open: a question and its answers."""
    return _each("open", "en", rows, lambda row: {**_kept(row, "question"), "answers": list(row["answer"])})


def triviaqa(rows: Iterable[Row]) -> Any:
    """TriviaQA: an answer and its aliases."""
    return _each(
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

    return _each("open", language, rows, made)


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
    return _each(
        "maths",
        "en",
        rows,
        lambda row: {
            **_kept(row, "question"),
            "solution": row["answer"],
            "answers": [row["answer"].rpartition("####")[2].strip()],
        },
    )


def mgsm(rows: Iterable[Row]) -> Any:
    """MGSM: the number alone; its few examples come with the language's words for question and answer, cut off here."""

    def made(row: Row) -> Row:
        question = re.sub(r"^[^:：]{1,12}[:：]\s*", "", row["question"]) if row.get("answer") else row["question"]
        return {"question": question, "answers": [str(row["answer_number"])]}

    return _each("maths", "en", rows, made)


def humaneval(rows: Iterable[Row]) -> Any:
    """HumanEval."""
    kept = ("prompt", "test", "canonical_solution", "entry_point")
    return _each("program", "code:python", rows, lambda row: {"id": row["task_id"], **_kept(row, *kept)})


def _pack(language: str) -> Callable[[Iterable[Row]], Any]:
    kept = ("prompt", "test", "canonical_solution", "buggy_solution", "entry_point")

    def made(rows: Iterable[Row]) -> Any:
        return _each(
            "program",
            f"code:{language}",
            rows,
            lambda row: {
                "id": row["task_id"],
                **_kept(row, *kept),
                "orig": json.dumps({"test_setup": row.get("test_setup")}),
            },
        )

    return made


humanevalpack_python, humanevalpack_js, humanevalpack_java = _pack("python"), _pack("js"), _pack("java")
humanevalpack_cpp, humanevalpack_go, humanevalpack_rust = _pack("cpp"), _pack("go"), _pack("rust")


def _kept(row: Row, *keys: str) -> Row:
    return {key: row[key] for key in keys}
