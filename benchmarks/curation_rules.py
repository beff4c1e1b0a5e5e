"""The rules of quality: their speed and values beside datatrove's, and whether they treat languages alike.

    python benchmarks/curation_rules.py --data DIR

- `speedup_per_core`: all statistics of all rule sets and the decisions of gopher-quality and gopher-repetition, beside
  datatrove's GopherQualityFilter and GopherRepetitionFilter, both asked about every document (they share its words).
  Bytes by CPU seconds, the better of two turns each; the peer on a sample of the same documents.
- `agreement`: the share of documents of which every Gopher statistic is what datatrove's filters find when they are
  given our words and our punctuation (neither letter, mark nor number): such a filter with one threshold, at our value,
  keeps the document, and just beside it drops it. `agreement_with_listed_punctuation` is the same with
  datatrove's own list, which lacks many characters, so that a bullet, an arrow or a Japanese quotation mark is a word.
- `kept_parallel`: the share of parallel documents (see parallel_documents.py) that each rule set keeps.
- `noisy_caught`: the share of boilerplate, line repetition, lists of links and mojibake that the plan with the rules
  `basic` and `web` repairs or drops; by language, `und` where the labels name none. Documents labelled mojibake
  that are their originals, byte by byte (14 of 17 in English: ASCII survives a wrong reading), are left out.
- `clean_dropped`: the share of the documents of the clean corpora that the same plan drops, of those that CLD2 finds in
  their language and that no rule of length drops; short texts are no noise, and left out of both numbers.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aurora.corpus.cleaning.identify import Cld2
from aurora.corpus.curate import build_corpus
from aurora.corpus.kernels import batch_statistics as kernels
from aurora.corpus.kernels.batch_statistics import tokens
from aurora.corpus.rules.judging import judge_batch
from aurora.corpus.rules.rule_sets import CONVERSATIONS, NEED_FILES, SETS
from aurora.languages import lookup
from aurora.recipe.corpus import Corpus
from curation_plan import LANGUAGES
from inputs import add_data, data_of, is_installed
from parallel_documents import parallel_documents, rows

GOPHER = ("gopher-quality", "gopher-repetition")
OURS, PEERS = 12_000_000, 600_000  # bytes of a language
COMPARED = 400  # documents of a language
NOISE = ("boilerplate_text", "line_repetition", "link_list", "mojibake")
LENGTH = ("too-short", "few-words")
CLEAN_STEP = 4


def measure(data: Path) -> dict[str, Any]:
    """The five keys of this part, and what explains them."""
    agreement, listed, differing, differing_listed = {}, {}, {}, {}
    rates = {lang: _rates(data, lang, tag) for lang, tag in LANGUAGES.items()}
    for lang in LANGUAGES if is_installed("datatrove") else ():
        agreement[lang], differing[lang] = _agreement(data, lang, listed=False)
        listed[lang], differing_listed[lang] = _agreement(data, lang, listed=True)
    caught, kinds, dropped, breaking = _noise(data)
    return {
        "speedup_per_core": {lang: peer and round(ours / peer, 1) for lang, (ours, peer) in rates.items()},
        "agreement": agreement,
        "agreement_with_listed_punctuation": listed,
        "kept_parallel": _kept(data),
        "noisy_caught": caught,
        "clean_dropped": dropped,
        "rules_mb_per_second_per_core": {lang: round(ours, 1) for lang, (ours, _) in rates.items()},
        "datatrove_gopher_mb_per_second_per_core": {lang: peer and round(peer, 2) for lang, (_, peer) in rates.items()},
        "differing_statistics": differing,
        "differing_with_listed_punctuation": differing_listed,
        "noisy_caught_by_kind": kinds,
        "clean_dropped_by_rule": breaking,
    }


def _rates(data: Path, lang: str, tag: str) -> tuple[float, float | None]:
    """(ours, the peer's) megabytes of a language by CPU second; None for a peer that is not installed."""
    texts, sample = _texts(data, lang, OURS), _texts(data, lang, PEERS)
    column, langs = pa.array(texts, pa.large_string()), [lang] * len(texts)
    kernels.measure(column.slice(0, 1), langs[:1])  # compiles
    peer = _peer(tag, texts[0]) if is_installed("datatrove") else None
    ours, peers = [], []
    for _ in range(2):
        start = time.process_time()
        judge_batch(kernels.measure(column, langs), langs, GOPHER, {})
        ours.append(time.process_time() - start)
        if peer is not None:
            start = time.process_time()
            for text in sample:
                peer(text)
            peers.append(time.process_time() - start)
    return _size(texts) / min(ours) / 1e6, _size(sample) / min(peers) / 1e6 if peers else None


def _peer(tag: str, first: str) -> Callable[[str], None]:
    """Both filters of datatrove on a text, once warm."""
    from datatrove.data import Document
    from datatrove.pipeline.filters import GopherQualityFilter, GopherRepetitionFilter

    filters = (GopherQualityFilter(language=tag), GopherRepetitionFilter(language=tag))

    def judge(text: str) -> None:
        for each in filters:
            each.filter(Document(text, "0"))

    judge(first)  # loads its tokenizer
    return judge


def _agreement(data: Path, lang: str, listed: bool) -> tuple[float, dict[str, int]]:
    """The share of documents of which all statistics agree, and how many differ in each."""
    from datatrove.pipeline.filters import gopher_quality_filter, gopher_repetition_filter

    found = list(rows(data, lang))
    texts = [row["text"] for row in found[:: max(1, len(found) // COMPARED)] if row["text"].strip()]
    measured = kernels.measure(pa.array(texts, pa.large_string()), [lang] * len(texts)).to_pylist()
    punctuation = gopher_quality_filter.PUNCTUATION_SET if listed else _Punctuation()
    differing: Counter[str] = Counter()
    agreeing = 0
    for text, statistics in zip(texts, measured, strict=True):
        words = tokens(text, lang)
        with (
            patch.object(gopher_quality_filter, "split_into_words", lambda *_, words=words: words),
            patch.object(gopher_repetition_filter, "split_into_words", lambda *_, words=words: words),
            patch.object(gopher_quality_filter, "PUNCTUATION_SET", punctuation),
        ):
            differ = [name for name in _PEER if not _is_peers(name, statistics[name], text, _stop_words(lang))]
        differing.update(differ)
        agreeing += not differ
    return round(agreeing / len(texts), 4), dict(differing)


class _Punctuation:
    """Every character that is neither letter, mark nor number, as a set."""

    def __contains__(self, character: str) -> bool:
        return unicodedata.category(character)[0] not in "LMN"


# The argument of the peer's filter that each statistic is held to, and whether it is a least or a most.
_PEER = {
    "tokens": ("min_doc_words", -1),
    "mean_token": ("max_avg_word_length", 1),
    "hash_marks": ("max_symbol_word_ratio", 1),
    "ellipses": ("max_symbol_word_ratio", 1),
    "bullet_lines": ("max_bullet_lines_ratio", 1),
    "ellipsis_lines": ("max_ellipsis_lines_ratio", 1),
    "alphabetic": ("max_non_alpha_words_ratio", -1),
    "stop_words": ("min_stop_words", -1),
    "duplicate_paragraphs": ("dup_para_frac", 1),
    "duplicate_paragraph_characters": ("dup_para_char_frac", 1),
    "duplicate_lines": ("dup_line_frac", 1),
    "duplicate_line_characters": ("dup_line_char_frac", 1),
    **{f"top_{length}_gram": ("top_n_grams", 1) for length in (2, 3, 4)},
    **{f"duplicate_{length}_grams": ("dup_n_grams", 1) for length in range(5, 11)},
}


def _stop_words(lang: str) -> list[str]:
    known = lookup.find(lang)
    return known.stop_words.split() if known else []


def _is_peers(name: str, value: float, text: str, stops: Sequence[str]) -> bool:
    """Whether the peer's filter keeps a document at a threshold of our value, and drops it just beside; 0 is no limit
    to it, and nothing lies below."""
    argument, sign = _PEER[name]
    beside = math.nextafter(value, -sign * math.inf)
    if name in ("tokens", "stop_words"):
        beside = value + 1
    keeps = (value == 0 and sign < 0) or _keeps(name, argument, value or 1e-300, text, stops)
    return keeps and ((value == 0 and sign > 0) or not _keeps(name, argument, beside, text, stops))


def _keeps(name: str, argument: str, limit: float, text: str, stops: Sequence[str]) -> bool:
    from datatrove.data import Document
    from datatrove.pipeline.filters import GopherQualityFilter, GopherRepetitionFilter

    quality = name in list(_PEER)[:8]
    filter_type = GopherQualityFilter if quality else GopherRepetitionFilter
    arguments = {
        parameter: () if parameter.endswith("n_grams") else None
        for parameter in filter_type.__init__.__annotations__
        if parameter.startswith(("min_", "max_", "dup_", "top_"))
    }
    arguments[argument] = ((int(name.split("_")[1]), limit),) if argument.endswith("n_grams") else limit
    if quality:
        arguments["stop_words"] = list(stops) or ["\0"]
    if name in ("hash_marks", "ellipses"):  # one threshold for both: the other's characters are taken out of the way
        text = text.replace("#", "=") if name == "ellipses" else text.replace("...", "===").replace("…", "=")
    return filter_type(**arguments).filter(Document(text, "0")) is True


def _kept(data: Path) -> dict[str, dict[str, float]]:
    texts = parallel_documents(data)
    shares: dict[str, dict[str, float]] = defaultdict(dict)
    for lang, of_language in texts.items():
        langs = [lang] * len(of_language)
        measured = kernels.measure(pa.array(of_language, pa.large_string()), langs)
        for name, (prose, _) in SETS.items():
            if prose and name not in (*NEED_FILES, CONVERSATIONS):
                broken, _ = judge_batch(measured, langs, [name], {})
                shares[name][lang] = round(float(np.mean([rule is None for rule in broken])), 4)
    return dict(shares)


def _noise(data: Path) -> tuple[dict[str, float], dict[str, float], dict[str, float], dict[str, dict[str, int]]]:
    """(shares caught by language, by kind and language, shares of clean text dropped, by which rules)."""
    originals = {lang: {row["id"]: row["text"] for row in rows(data, lang)} for lang in LANGUAGES}
    noisy = [
        row
        for row in rows(data, "noisy")
        if row["kind"] in NOISE
        and originals.get(row["lang"], {}).get(row["id"].removeprefix("mojibake/")) != row["text"]
    ]
    changed, broken = _plan(noisy)
    caught, kinds = defaultdict(list), defaultdict(list)
    for row, repaired, rule in zip(noisy, changed, broken, strict=True):
        caught[row["lang"]].append(repaired or rule is not None)
        kinds[f"{row['kind']}/{row['lang']}"].append(repaired or rule is not None)
    identifier = Cld2()
    dropped, breaking = {}, {}
    for lang in LANGUAGES:
        clean = list(rows(data, lang))[::CLEAN_STEP]
        if lang != "code":
            clean = [row for row in clean if identifier.identify(row["text"].encode()).best == lang]
        _, broken = _plan([{"text": row["text"], "lang": lang} for row in clean])
        judged = [rule for rule in broken if rule not in LENGTH]
        dropped[lang] = round(sum(rule is not None for rule in judged) / len(judged), 4)
        breaking[lang] = dict(Counter(rule for rule in broken if rule is not None))
    return _shares(caught), _shares(kinds), dropped, breaking


def _plan(documents: Sequence[dict[str, Any]]) -> tuple[list[bool], list[str | None]]:
    """What the plan does to each document: whether it repairs its encoding, and the rule that drops it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "in.jsonl").open("w", encoding="utf-8") as stream:
            for row in documents:
                stream.write(json.dumps({"text": row["text"], "lang": row["lang"]}) + "\n")
        source = {"kind": "jsonl", "paths": ["in.jsonl"], "language_key": "lang"}
        curation = {"rules": ["basic", "web"], "duplicates": "none"}
        corpus = Corpus.model_validate(
            {"sources": {"in": source}, "curation": curation, "shard_megabytes": 10_000, "execution": {"workers": 1}}
        )
        build_corpus(corpus, folder, folder, 0, folder / "out")
        facts = pq.read_table(folder / "out.work" / "statistics" / "in.parquet")
        fates = pq.read_table(folder / "out.work" / "fates" / "in.parquet")
        return (facts["mojibake repaired"].to_numpy() > 0).tolist(), fates["rule"].to_pylist()


def _shares(found: dict[str, list[bool]]) -> dict[str, float]:
    return {name: round(float(np.mean(values)), 4) for name, values in sorted(found.items())}


def _texts(data: Path, lang: str, size: int) -> list[str]:
    """Documents from all over a corpus, of about `size` bytes."""
    found = [row["text"] for row in rows(data, lang)]
    step = max(1, round(_size(found) / size))
    return found[::step]


def _size(texts: Sequence[str]) -> int:
    return sum(len(text.encode()) for text in texts)


def main() -> None:
    """Print the part's object."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(arguments)
    with data_of(arguments.parse_args(), "corpora/noisy.jsonl.zst") as data:
        print(json.dumps(measure(data)))


if __name__ == "__main__":
    main()
