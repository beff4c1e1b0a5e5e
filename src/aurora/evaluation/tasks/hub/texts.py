"""Texts to be written after another one: XL-Sum's summaries, and WMT's translations.

One decision: WMT20 comes as sacreBLEU publishes it, because BLEU is comparable only on the same lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from aurora.evaluation.tasks.flat import Row, as_dataset
from aurora.evaluation.tasks.hub.rows import each, kept


def xlsum_ja(rows: Iterable[Row]) -> Any:
    """XL-Sum in Japanese: an article and its summary."""
    return each("writing", "ja", rows, lambda row: {**kept(row, "id", "text"), "answers": [row["summary"]]})


def _wmt20(pair: str) -> Callable[..., dict[str, Any]]:
    def fetched(**_: Any) -> dict[str, Any]:
        from sacrebleu.utils import get_reference_files, get_source_file

        said, meant = (_lines(path) for path in (get_source_file("wmt20", pair), get_reference_files("wmt20", pair)[0]))
        rows = [
            {"id": number, "text": text, "answers": [right]}
            for number, (text, right) in enumerate(zip(said, meant, strict=True), 1)
        ]
        return {"test": as_dataset(rows)}

    return fetched


# Fetched once, into sacreBLEU's own folder.
wmt20_en_ja, wmt20_ja_en = _wmt20("en-ja"), _wmt20("ja-en")


def _lines(path: str) -> list[str]:
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()
