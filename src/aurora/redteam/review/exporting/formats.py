"""A dataset as files of the formats that people use.

One decision: each format is a function from a dataset and its state to files in an empty folder; whatever is written is
in a stated order and says nothing of the moment, so the same log gives the same files.
"""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from aurora.files import write_text
from aurora.redteam.review.exporting.dataset import Dataset
from aurora.redteam.review.log.state import ItemState, State
from aurora.redteam.reviewed import HELD_OUT, TRAIN

PREFERENCES = "preferences"
Tables = dict[str, list[dict[str, Any]]]
# What spreadsheets take for the beginning of a formula, after spaces too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def tables(dataset: Dataset) -> Tables:
    """The rows and pairs of a dataset, as JSON, by the name of their part."""
    parts: Tables = {
        TRAIN: [row.table() for row in dataset.train],
        HELD_OUT: [row.table() for row in dataset.held_out],
        PREFERENCES: [pair.table() for pair in dataset.preferences],
    }
    return parts


def _json_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write_jsonl(dataset: Dataset, state: State, folder: Path) -> None:
    """NAME.jsonl of each part: what a recipe reads (`redteam.reviewed`)."""
    for name, rows in tables(dataset).items():
        write_text(folder / f"{name}.jsonl", _json_lines(rows))


def write_parquet(dataset: Dataset, state: State, folder: Path) -> None:
    """NAME.parquet of each part that has rows."""
    for name, rows in tables(dataset).items():
        if rows:
            _write_parquet(rows, folder / f"{name}.parquet")


def write_hub(dataset: Dataset, state: State, folder: Path) -> None:
    """The layout of data sets on the Hugging Face hub, which the card (README.md) describes."""
    for name, rows in tables(dataset).items():
        if rows:
            _write_parquet(rows, folder / hub_file(name))


def hub_file(name: str) -> str:
    """Where a part lies in the layout of the hub: rows in one configuration, preference pairs in another."""
    config, split = (PREFERENCES, TRAIN) if name == PREFERENCES else ("data", name)
    return f"{config}/{split}-00000-of-00001.parquet"


def _write_parquet(rows: list[dict[str, Any]], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    plain = [{key: _json(value) if isinstance(value, dict) else value for key, value in row.items()} for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(plain), path, compression="zstd")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def write_csv(dataset: Dataset, state: State, folder: Path) -> None:
    """NAME.csv of each part that has rows; a cell that a spreadsheet would take for a formula begins with an
    apostrophe."""
    for name, rows in tables(dataset).items():
        if not rows:
            continue
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(rows[0])
        for row in rows:
            writer.writerow([_cell(_json(value) if isinstance(value, dict) else value) for value in row.values()])
        write_text(folder / f"{name}.csv", text.getvalue())


def _cell(value: Any) -> Any:
    """A value as a cell that no spreadsheet computes; numbers and truth values are none of a user's text."""
    return f"'{value}" if isinstance(value, str) and is_formula(value) else value


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might compute a cell, spaces and apostrophes before it or not."""
    return text.lstrip(" '\u00a0\u3000").startswith(_FORMULA)


def write_argilla(dataset: Dataset, state: State, folder: Path) -> None:
    """`records.json`, which `dataset.records.from_json` of Argilla 2 reads: each review is a response, and what was
    decided a suggestion."""
    assert state.head is not None
    records = []
    for part, rows in ((TRAIN, dataset.train), (HELD_OUT, dataset.held_out)):
        for row in rows:
            item = state.items[row.id]
            metadata = {
                "language": row.language,
                "category": row.category,
                "kind": row.kind,
                "part": part,
                "license": row.license,
            }
            metadata |= {"source": row.source, "policy": row.policy, "policy_version": row.policy_version}
            metadata |= {"clause": row.clause, "template": row.template, "url": row.url}
            records.append(
                {
                    "id": row.id,
                    "fields": {"prompt": row.prompt, "response": item.item.response or row.response},
                    "metadata": metadata,
                    "suggestions": {
                        question: {"value": value, "score": row.certainty, "agent": "aurora"}
                        for question, value in _answers(row.label, row.category, row.response).items()
                    },
                    "responses": _responses(item, state.head.key),
                    "vectors": {},
                    "_server_id": None,
                }
            )
    write_text(folder / "records.json", json.dumps(records, ensure_ascii=False, indent=1) + "\n")


def _answers(label: str, category: str, response: str | None) -> dict[str, str]:
    return {"label": label, "category": category} | ({"answer": response} if response is not None else {})


def _responses(item: ItemState, key: str) -> dict[str, list[dict[str, str]]]:
    """Each reviewer's answers to each question. Argilla names people by UUID: one that follows from project and
    pseudonym."""
    found: dict[str, list[dict[str, str]]] = {}
    for who, given in sorted(item.reviews.items()):
        user = str(uuid.uuid5(uuid.NAMESPACE_URL, f"aurora-review:{key}:{who}"))
        for question, value in _answers(given.review.label, given.review.category, given.review.response).items():
            found.setdefault(question, []).append({"value": value, "user_id": user})
    return found


def write_potato(dataset: Dataset, state: State, folder: Path) -> None:
    """`items.jsonl`, the data of a Potato project, and the annotations of each reviewer as Potato writes them."""
    said: dict[str, list[dict[str, Any]]] = {}
    rows = sorted(dataset.rows, key=lambda row: row.id)
    for row in rows:
        for who, given in sorted(state.items[row.id].reviews.items()):
            answers = _answers(given.review.label, given.review.category, given.review.response)
            text = answers.pop("answer", None)
            labels: dict[str, dict[str, str]] = {scheme: {value: value} for scheme, value in answers.items()}
            if text is not None:
                labels["answer"] = {"text_box": text}
            said.setdefault(who, []).append(
                {
                    "id": row.id,
                    "displayed_text": row.prompt,
                    "label_annotations": labels,
                    "span_annotations": {},
                    "behavioral_data": {},
                }
            )
    data = [{"id": row.id, "text": row.prompt, **{k: v for k, v in row.table().items() if k != "id"}} for row in rows]
    write_text(folder / "items.jsonl", _json_lines(data))
    for who, annotated in sorted(said.items()):  # a pseudonym is a name, so it is a safe folder
        write_text(folder / "annotation_output" / who / "annotated_instances.jsonl", _json_lines(annotated))


FORMATS: dict[str, Callable[[Dataset, State, Path], None]] = {
    "jsonl": write_jsonl,
    "parquet": write_parquet,
    "hub": write_hub,
    "argilla": write_argilla,
    "potato": write_potato,
    "csv": write_csv,
}
