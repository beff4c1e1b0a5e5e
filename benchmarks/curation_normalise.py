"""Normalisation, repair of mojibake and languages: rates on clean text beside the peers, and what is found.

    python benchmarks/curation_normalise.py --data DIR

DIR/corpora/LANG.jsonl.zst are clean texts; DIR/corpora/noisy.jsonl.zst holds lines of `kind: mojibake`, of which those
count whose text is not that of the clean document of their `id` (pure ASCII has no wrong reading). A repair is right
where it gives back that document, but for what was lost on the way (U+FFFD). Rates are UTF-8 bytes by CPU seconds of
one process. Languages are compared with pycld2's answer on all of each text, and with that of fastText where --model
names its file. Code is looked for by content in all files, as if nobody had declared a language.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from aurora.corpus.cleaning.code_look import label_code
from aurora.corpus.cleaning.fasttext_model import FastText
from aurora.corpus.cleaning.identify import Cld2, contradicts, identify_batch
from aurora.corpus.cleaning.mojibake import repair, repair_batch
from aurora.corpus.cleaning.normalise import normalise, normalise_batch
from inputs import add_data, data_of

LANGUAGES = ("en", "fi", "hi", "ja", "vi", "code")
PEER_SAMPLE = 1_000_000
ALIKE = 0.99


def measure(data: Path, model: Path | None = None) -> dict[str, Any]:
    """`normalise_mb_per_second` and `repair_mb_per_second` {LANG: {ours, peer}}, `mojibake` {LANG: {texts, repaired}}
    and `mojibake_in_clean_text` [places to judge by eye]; `language` and `code_by_content` {LANG: ...}."""
    rates: dict[str, dict[str, Any]] = {"normalise": {}, "repair": {}}
    languages: dict[str, dict[str, Any]] = {}
    code: dict[str, Any] = {}
    clean: dict[str, str] = {}
    places: list[str] = []
    for lang in LANGUAGES:
        rows = list(_rows(data / "corpora" / f"{lang}.jsonl.zst"))
        texts, langs = pa.array([row["text"] for row in rows], pa.large_string()), [lang] * len(rows)
        clean |= {row["id"]: row["text"] for row in rows}
        rates["normalise"][lang] = {
            "ours": _rate(lambda texts, langs=langs: normalise_batch(texts, langs), texts),
            "peer": _rate(lambda texts, lang=lang: [normalise(text, lang) for text in texts.to_pylist()], _some(texts)),
        }
        rates["repair"][lang] = {
            "ours": _rate(lambda texts, langs=langs: repair_batch(texts, langs), texts),
            "peer": _rate(_ftfy, _some(texts)),
        }
        if lang != "code":
            languages[lang] = _languages(texts, lang, FastText(model) if model else None)
        labelled = label_code(texts, ["und"] * len(rows))
        code[lang] = {
            "labelled_code": round(labelled.count("code") / len(rows), 4),
            "mb_per_second": _rate(lambda texts: label_code(texts, ["und"] * len(texts)), texts),
        }
        _, repaired = repair_batch(texts, langs)
        places += [row["id"] for row, changed in zip(rows, repaired.tolist(), strict=True) if changed]
    labelled = [row for row in _rows(data / "corpora" / "noisy.jsonl.zst") if row["kind"] == "mojibake"]
    return {
        **{f"{step}_mb_per_second": table for step, table in rates.items()},
        "mojibake": _repaired(labelled, clean),
        "mojibake_in_clean_text": places,
        "language": languages,
        "code_by_content": code,
    }


def _languages(texts: pa.LargeStringArray, lang: str, model: FastText | None) -> dict[str, Any]:
    """How many documents contradict their language by a glance or a look, and by all of their text; how many of the
    first a second opinion saves; and the rates."""
    declared = [lang] * len(texts)
    found = identify_batch(texts, declared, Cld2())
    lost = [loss is not None for loss in found.losses]
    start = time.process_time()
    whole = [contradicts(Cld2().identify(text.encode()), lang) is not None for text in texts.to_pylist()]
    seconds = time.process_time() - start
    table = {
        "documents": len(texts),
        "contradicting": sum(lost),
        "otherwise_by_all_text": sum(ours != theirs for ours, theirs in zip(lost, whole, strict=True)),
        "ours": _rate(lambda texts: identify_batch(texts, declared[: len(texts)], Cld2()), texts),
        "pycld2": round(texts.nbytes / 1e6 / seconds, 1),
    }
    if model is not None:
        both = identify_batch(texts, declared, Cld2(), model)
        table["contradicting_for_both"] = sum(loss is not None for loss in both.losses)
        table["fasttext"] = _rate(partial(_fasttext, model), _some(texts))
    return table


def _fasttext(model: FastText, texts: pa.LargeStringArray) -> list[str]:
    return [model.identify(text.encode()).best for text in texts.to_pylist()]


def _repaired(rows: list[dict[str, Any]], clean: dict[str, str]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for row in rows:
        text, right = row["text"], clean.get(row["id"].removeprefix("mojibake/"), "")
        if text == right or text.isascii():
            continue
        counts = table.setdefault(row["lang"], {"texts": 0, "repaired": 0})
        counts["texts"] += 1
        counts["repaired"] += SequenceMatcher(None, repair(text), right, autojunk=False).ratio() >= ALIKE
    return table


def _ftfy(texts: pa.LargeStringArray) -> list[str]:
    import ftfy

    return [ftfy.fix_text(text) for text in texts.to_pylist()]


def _some(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Documents in equal steps, about PEER_SAMPLE bytes of them."""
    return texts.take(pa.array(range(0, len(texts), max(1, texts.nbytes // PEER_SAMPLE))))


def _rate(step: Callable[[pa.LargeStringArray], object], texts: pa.LargeStringArray) -> float:
    step(texts.slice(0, 1))  # compiles
    start = time.process_time()
    step(texts)
    return round(texts.nbytes / 1e6 / (time.process_time() - start), 1)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with io.TextIOWrapper(pa.input_stream(str(path), compression="zstd"), encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


def main() -> None:
    """Measure; the last line printed is the object."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(arguments)
    arguments.add_argument("--model", type=Path, help="a model of fastText, such as lid.176.ftz")
    chosen = arguments.parse_args()
    with data_of(chosen, "corpora/noisy.jsonl.zst") as data:
        print(json.dumps(measure(data, chosen.model)))


if __name__ == "__main__":
    main()
