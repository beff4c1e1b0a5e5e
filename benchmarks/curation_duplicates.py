"""Near duplicates on labelled documents: recall, precision, and the rate of signatures beside datatrove's.

    python benchmarks/curation_duplicates.py --data DIR

DIR/corpora/noisy.jsonl.zst holds documents labelled with the one they were made from (`dup_of`, an id of
DIR/corpora/LANG.jsonl.zst): equal copies, edited ones and shortened ones. They are looked for among all documents of
their language. Recall is over labelled pairs that end in one cluster. A document dropped in another's place is rightly
so where the two share at least as many of their runs of five words as is asked for, counted exactly and not estimated,
or are joined by a chain of such pairs within the cluster. Rates are UTF-8 bytes by CPU seconds of one process.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aurora.corpus.kernels.columns import buffers_of
from aurora.corpus.kernels.minhash import signatures
from aurora.corpus.kernels.shingles import shingle_hashes, tables
from aurora.corpus.phases.prepare import exact_hashes
from aurora.corpus.repeats.duplicates import HASH, Signed, exact, near
from aurora.recipe.corpus import Curation
from inputs import add_data, data_of, is_installed

LANGUAGES = {"en": "eng_Latn", "fi": "fin_Latn", "hi": "hin_Deva", "ja": "jpn_Jpan", "vi": "vie_Latn"}
PEER_SAMPLE = 500_000
# Estimates of 96 minima err by 0.04; a pair counts as alike within two of those of what is asked for.
WITHIN = 0.08


def measure(data: Path) -> dict[str, Any]:
    """`near_duplicates` {LANG: {recall, precision}}, `exact_duplicates` {LANG: recall} and the rates."""
    labelled: dict[str, list[dict[str, Any]]] = {lang: [] for lang in LANGUAGES}
    for row in _rows(data / "corpora" / "noisy.jsonl.zst"):
        if "dup_of" in row:
            labelled[row["lang"]].append(row)
    found: dict[str, Any] = {"near_duplicates": {}, "exact_duplicates": {}, "signature_mb_per_second": {}}
    for lang, rows in labelled.items():
        clean = list(_rows(data / "corpora" / f"{lang}.jsonl.zst"))
        texts = pa.array([row["text"] for row in [*clean, *rows]], pa.large_string())
        signatures(texts[:1])  # compiles
        begin = time.process_time()
        signed = signatures(texts)
        ours = texts.nbytes / (time.process_time() - begin)
        found["near_duplicates"][lang], found["exact_duplicates"][lang] = _judged(clean, rows, texts, signed)
        peer = _peer(_some(texts), LANGUAGES[lang])
        found["signature_mb_per_second"][lang] = {
            "ours": round(ours / 1e6, 1),
            "datatrove": peer and round(peer / 1e6, 3),
        }
    return found


def _judged(
    clean: list[dict[str, Any]],
    labelled: list[dict[str, Any]],
    texts: pa.LargeStringArray,
    signed: npt.NDArray[np.void],
) -> tuple[dict[str, float], float]:
    """Recall and precision of near duplicates, and recall of exact ones."""
    count = len(texts)
    groups, rank, rows = np.zeros(count, np.int32), np.arange(count), np.arange(count)
    instead = near(Signed([signed]), groups, rank, rows, Curation().near_similarity)
    stays = np.where(instead < 0, rows, instead)
    places = {row["id"]: place for place, row in enumerate(clean)}
    pairs = [(len(clean) + place, places[row["dup_of"]], row["kind"]) for place, row in enumerate(labelled)]
    hashes = np.frombuffer(exact_hashes(texts).buffers()[1], HASH, count)
    again = exact(hashes, groups, rank, rows)
    equal = [copy for copy, model, kind in pairs if texts[copy].as_py() == texts[model].as_py()]
    joined = [stays[copy] == stays[model] for copy, model, kind in pairs if copy not in set(equal)]
    dropped = np.flatnonzero(instead >= 0).tolist()
    right = _alike(texts, instead, dropped, Curation().near_similarity - WITHIN)
    scores = {"recall": round(float(np.mean(joined)), 4), "precision": round(float(np.mean(right)), 4)}
    scores |= {"labelled": len(joined), "dropped": len(dropped)}
    return scores, float(np.mean(again[equal]))


def _alike(texts: pa.LargeStringArray, instead: npt.NDArray[np.int64], dropped: list[int], share: float) -> list[bool]:
    """Whether each dropped document is like the one that stays, or like another of its cluster that is."""
    clusters: dict[int, list[int]] = {}
    for row in dropped:
        clusters.setdefault(int(instead[row]), []).append(row)
    right: list[bool] = []
    for stays, others in clusters.items():
        pieces = {row: _shingles(texts, row) for row in (stays, *others)}
        reached, waiting = {stays}, [stays]
        while waiting:
            here = pieces[waiting.pop()]
            for row in others:
                if row not in reached and _jaccard(here, pieces[row]) >= share:
                    reached.add(row)
                    waiting.append(row)
        right += [row in reached for row in others]
    return right


def _shingles(texts: pa.LargeStringArray, row: int) -> npt.NDArray[np.uint32]:
    offsets, data = buffers_of(texts)
    out = np.zeros(int(offsets[row + 1] - offsets[row]) + 1, np.uint32)
    return np.unique(out[: shingle_hashes(data, offsets[row], offsets[row + 1], *tables(), out)])


def _jaccard(left: npt.NDArray[np.uint32], right: npt.NDArray[np.uint32]) -> float:
    common = len(np.intersect1d(left, right, assume_unique=True))
    return common / max(1, len(left) + len(right) - common)


def _peer(texts: list[str], tag: str) -> float | None:
    """Bytes a second of datatrove's signatures; None where it is not installed."""
    if not is_installed("datatrove"):
        return None
    from tempfile import TemporaryDirectory

    from datatrove.data import Document
    from datatrove.pipeline.dedup import MinhashDedupSignature

    from datatrove_pipeline import hash_text

    hash_text()
    with TemporaryDirectory() as folder:
        step = MinhashDedupSignature(folder, language=tag)
        documents = [Document(text=text, id=str(number)) for number, text in enumerate(texts)]
        step.get_signature(step.get_shingles(documents[0].text))  # loads its tokenizer
        begin = time.process_time()
        for document in documents:
            step.get_signature(step.get_shingles(document.text))
        return sum(len(text.encode()) for text in texts) / (time.process_time() - begin)


def _some(texts: pa.LargeStringArray) -> list[str]:
    chosen, size = [], 0
    for text in texts[:: max(1, len(texts) // 400)].to_pylist():
        chosen.append(text)
        size += len(text.encode())
        if size >= PEER_SAMPLE:
            break
    return chosen


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with pa.input_stream(str(path), compression="zstd") as stream:
        for line in io.BufferedReader(stream):
            yield json.loads(line)


def main() -> None:
    """Measure; the last line printed is the object."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(arguments)
    with data_of(arguments.parse_args(), "corpora/noisy.jsonl.zst") as data:
        print(json.dumps(measure(data)))


if __name__ == "__main__":
    main()
