"""Texts that a model writes after another one: translations by BLEU and chrF, summaries by ROUGE.

One decision: an item has a score of its own, the BLEU of one text (orders of n-grams for which it is too short do not
count), because verdicts are made of items. The BLEU of all texts together, which papers report, is made of the same
answers and stands beside it. Japanese is cut into words by MeCab, as sacreBLEU and evaluations of Japanese do it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from aurora.errors import UserError
from aurora.evaluation.tasks.answers import PARSED, answer_of, spaced, units
from aurora.languages.labels import primary

BLEU, ROUGE = "bleu", ("rouge1", "rouge2", "rougeL")


def translated(doc: dict[str, Any], results: Sequence[str]) -> dict[str, float]:
    """`bleu` and `chrf` of one translation, from 0 to 1."""
    from sacrebleu.metrics.chrf import CHRF

    said = answer_of(results[0])
    scores = {BLEU: _bleu(doc["lang"], True).sentence_score(said, doc["answers"]).score / 100}
    scores["chrf"] = CHRF().sentence_score(said, doc["answers"]).score / 100
    return {**scores, PARSED: float(bool(said))}


def summarised(doc: dict[str, Any], results: Sequence[str]) -> dict[str, float]:
    """`rouge1`, `rouge2` and `rougeL` (their F) against the nearest summary."""
    from rouge_score.rouge_scorer import RougeScorer

    said = answer_of(results[0])
    scorer = RougeScorer(list(ROUGE), tokenizer=Words(doc["lang"]))
    best = scorer.score_multi(doc["answers"], said)
    return {**{name: best[name].fmeasure for name in ROUGE}, PARSED: float(bool(said))}


def corpus_bleu(said: Sequence[str], right: Sequence[Sequence[str]], language: str) -> dict[str, Any]:
    """The BLEU of all texts together (0 to 100, as papers have it), and how sacreBLEU says that it was computed."""
    metric = _bleu(language, False)
    # A text with fewer right answers than another one has None in their place.
    most = max(map(len, right))
    answers = [[one[number] if number < len(one) else None for one in right] for number in range(most)]
    score = metric.corpus_score([answer_of(one) for one in said], answers).score
    return {BLEU: score, "signature": str(metric.get_signature())}


def ready(language: str) -> None:
    """`UserError` where texts in a language cannot be cut into words here."""
    if primary(language) == "ja":
        _japanese()


@dataclass(frozen=True)
class Words:
    """The words of a language, for ROUGE."""

    language: str

    def tokenize(self, text: str) -> list[str]:
        """The words of a text in lower case."""
        if primary(self.language) != "ja":
            return units(text, self.language)
        return [word for word in _japanese()(unicodedata.normalize("NFKC", text)).casefold().split() if word.isalnum()]


@cache
def _bleu(language: str, of_one: bool) -> Any:
    from sacrebleu.metrics.bleu import BLEU as Bleu

    known = {"ja": "ja-mecab", "zh": "zh"}.get(primary(language))
    ready(language)
    return Bleu(tokenize=known or ("13a" if spaced(language) else "char"), effective_order=of_one)


@cache
def _japanese() -> Any:
    """MeCab with the dictionary that sacreBLEU takes."""
    try:
        from sacrebleu.tokenizers.tokenizer_ja_mecab import TokenizerJaMecab
    except (ImportError, RuntimeError) as error:
        raise UserError(
            "Japanese texts are cut into words by MeCab, which is not installed: run pip install 'aurora-lm[evaluate]'."
        ) from error
    return TokenizerJaMecab()  # type: ignore[no-untyped-call]
