"""Quality rules: a document is kept, or dropped by the first rule it breaks, with the value that broke it.

One decision: measuring is separate from judging. Statistics are columns, computed once for a document;
limits are data (`languages/data/`), a file for each language and one for code, because thresholds fitted to English
throw away good text in scripts that lack spaces, capitals or full stops. Moving one reads the columns alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aurora.corpus.kernels.batch_statistics import measure
from aurora.corpus.kernels.document_statistics import STATISTICS
from aurora.corpus.rules.answers import ANSWER_STATISTICS, no_answers
from aurora.corpus.rules.flagged import FlaggedWords
from aurora.corpus.rules.perplexity import Perplexities
from aurora.corpus.rules.rule_sets import SETS, rules_of
from aurora.errors import UserError
from aurora.languages.labels import CODE, primary
from aurora.languages.lookup import limits
from aurora.recipe.corpus import Curation

Thresholds = Mapping[str, Mapping[str, float]]
Measured: TypeAlias = pa.RecordBatch | pa.Table | Mapping[str, pa.Array]

# The columns that rules read.
JUDGED_BY = (*STATISTICS, "perplexity", "flagged", *ANSWER_STATISTICS)


class Measures:
    """Computes the columns that rules read, with the models and word lists that a recipe names."""

    def __init__(self, curation: Curation, base: Path) -> None:
        self._perplexities = Perplexities({lang: base / path for lang, path in curation.perplexity.items()})
        self._flagged = FlaggedWords({lang: base / path for lang, path in curation.flagged_words.items()})

    def measure(self, texts: pa.LargeStringArray, langs: Sequence[str]) -> dict[str, pa.Array]:
        """A column [documents] for each of JUDGED_BY; those of conversations say that there are none."""
        measured = measure(texts, langs)
        columns = {name: measured[name] for name in STATISTICS}
        columns["perplexity"] = self._perplexities.measure(texts, langs)
        columns["flagged"] = self._flagged.measure(texts, langs)
        return columns | no_answers(len(texts))

    def measure_conversations(self, texts: pa.LargeStringArray, langs: Sequence[str]) -> dict[str, pa.Array]:
        """The columns of text for conversations, which no rule of text judges: nothing but flagged words."""
        nothing = pa.array(np.zeros(len(texts)))
        return {**dict.fromkeys((*STATISTICS, "perplexity"), nothing), "flagged": self._flagged.measure(texts, langs)}


def check_thresholds(moved: Thresholds) -> None:
    """`UserError` for a threshold in a recipe that no rule uses."""
    for lang, table in moved.items():
        rules = rules_of(list(SETS), lang == CODE)
        known = {limit for rule in rules for limit in (rule.least, rule.most) if limit}
        if unknown := sorted(set(table) - known):
            raise UserError(
                f"corpus.curation.thresholds.{lang}: no rule has a threshold {unknown[0]}; choose from "
                f"{', '.join(sorted(known))}."
            )


def judge_batch(
    measured: Measured,
    langs: Sequence[str],
    sets: Sequence[str],
    moved: Thresholds,
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.float64]]:
    """For each document the first rule of `sets` that it breaks, or None, and the value that broke it.

    `measured` has a column [documents] for each statistic of these rules; `moved` has thresholds by language that
    replace those of the languages' files.
    """
    rules = np.full(len(langs), None, np.object_)
    values = np.full(len(langs), np.nan)
    tags = np.asarray(langs, np.object_)
    for lang in dict.fromkeys(langs):
        allowed = limits(lang) | dict(moved.get(primary(lang), {})) | dict(moved.get(lang, {}))
        rows = np.flatnonzero(tags == lang)
        for rule in rules_of(sets, lang == CODE):
            column = measured[rule.statistic].to_numpy(zero_copy_only=False)[rows]
            broken = np.zeros(len(rows), np.bool_)
            if rule.least in allowed:
                broken |= column < allowed[rule.least]
            if rule.most in allowed:
                broken |= column > allowed[rule.most]
            rules[rows[broken]], values[rows[broken]] = rule.name, np.round(column[broken], rule.digits)
            rows = rows[~broken]
    return rules, values
