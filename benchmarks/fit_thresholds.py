"""Thresholds of the published rules for languages they were not published for, so that parallel text is kept alike.

    python benchmarks/fit_thresholds.py --data DIR

Every second of the parallel documents (see parallel_documents.py) is fitted on, and the rest is reported on beside it.
Lengths and numbers of words are scaled by the medians, since the same text has other numbers of them. A share stays as
published unless it drops more of a language than of English; then it is loosened until it drops MARGIN of the share it
drops of English, and a hundredth where that is nothing. Prints lines for the files of languages, then the shares kept.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from aurora.corpus.kernels.batch_statistics import measure
from aurora.corpus.rules.judging import judge_batch
from aurora.corpus.rules.rule_sets import CONVERSATIONS, NEED_FILES, SETS, Rule, rules_of
from aurora.languages.lookup import limits
from inputs import add_data, data_of
from parallel_documents import LANGUAGES, parallel_documents

MARGIN = 0.85
SPARED = 0.01
SCALED = ("tokens", "mean_token", "sentences")
FITTED = tuple(name for name in SETS if name not in ("basic", "code", CONVERSATIONS, *NEED_FILES))
Columns = Mapping[str, Any]


def main() -> None:
    """Fit, print, and say what is kept of both halves."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(arguments)
    with data_of(arguments.parse_args()) as data:
        texts = parallel_documents(data)
    measured = {
        lang: measure(pa.array(texts[lang], pa.large_string()), [lang] * len(texts[lang])) for lang in LANGUAGES
    }
    halves = [{lang: batch.take(_half(batch, part)) for lang, batch in measured.items()} for part in (0, 1)]
    fitted = {lang: fit(halves[0]["en"], halves[0][lang]) for lang in LANGUAGES if lang != "en"}
    for lang, table in fitted.items():
        print(f"{lang}:")
        for name, value in table.items():
            print(f"  {name}: {value:g}")
    for name in FITTED:
        for part, half in zip(("fitted on", "held back"), halves, strict=True):
            print(f"# {name}, {part}: {kept(half, name, fitted)}")


def fit(english: pa.RecordBatch, other: pa.RecordBatch) -> dict[str, float]:
    """The limits of a language that differ from English's, by name."""
    found = {}
    for rule in rules_of(FITTED, code=False):
        for name, sign in ((rule.least, -1), (rule.most, 1)):
            if name is not None:
                limit = _limit(rule, name, sign, english, other)
                if limit != limits("en")[name]:
                    found[name] = limit
    return found


def kept(measured: Mapping[str, pa.RecordBatch], name: str, moved: Mapping[str, Any]) -> dict[str, float]:
    """The share of each language's documents that a rule set keeps."""
    shares = {}
    for lang, batch in measured.items():
        rules, _ = judge_batch(batch, [lang] * batch.num_rows, [name], moved)
        shares[lang] = round(float(np.mean([rule is None for rule in rules])), 4)
    return shares


def _limit(rule: Rule, name: str, sign: int, english: pa.RecordBatch, other: pa.RecordBatch) -> float:
    limit = float(limits("en")[name])
    theirs, ours = (batch[rule.statistic].to_numpy() for batch in (english, other))
    spared = MARGIN * max(SPARED, float(np.mean(sign * theirs > sign * limit)))
    if rule.statistic in SCALED:
        limit = _rounded(limit * float(np.median(ours) / np.median(theirs)), sign)
    if np.mean(sign * ours > sign * limit) <= spared:
        return limit
    return _rounded(sign * float(np.quantile(sign * ours, 1 - spared, method="higher")), sign)


def _rounded(value: float, sign: int) -> float:
    """Two digits, on the side that keeps more."""
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 1) if value else 1.0
    return round((math.ceil if sign > 0 else math.floor)(round(value / step, 6)) * step, 6)


def _half(batch: pa.RecordBatch, part: int) -> pa.Array:
    return pa.array(np.arange(part, batch.num_rows, 2))


if __name__ == "__main__":
    main()
