"""Translations and summaries: scored as sacreBLEU and rouge-score do it, Japanese by its words."""

from __future__ import annotations

import sys

import pytest
import sacrebleu

from aurora.errors import UserError
from aurora.evaluation.tasks import writing
from aurora.evaluation.tasks.writing import Words, corpus_bleu, ready, summarised, translated

EN = {"lang": "en", "answers": ["The cat sat on the old mat.", "A cat was sitting on the mat."]}
JA = {"lang": "ja", "answers": ["猫が古いマットの上に座った。"]}


def test_a_translation_is_scored_as_sacrebleu_does() -> None:
    said = "The cat sat on a mat."
    found = translated(EN, [f" {said}\nQuestion"])
    assert found["bleu"] == pytest.approx(sacrebleu.sentence_bleu(said, EN["answers"]).score / 100)  # type: ignore[arg-type]
    assert found["chrf"] == pytest.approx(sacrebleu.sentence_chrf(said, EN["answers"]).score / 100)  # type: ignore[arg-type]
    assert translated(JA, [JA["answers"][0]])["bleu"] == pytest.approx(1)
    assert translated(JA, ["犬が走る。"])["bleu"] < 0.1
    assert translated(EN, [""]) == {"bleu": 0, "chrf": 0, "parsed": 0}


def test_bleu_of_all_texts_is_sacrebleus_and_says_how_it_was_made() -> None:
    said, right = ["The cat sat.", "It is an old mat."], [["The cat sat."], ["It is an old mat.", "The mat is old."]]
    found = corpus_bleu(said, right, "en")
    assert found["bleu"] == pytest.approx(sacrebleu.corpus_bleu(said, [["The cat sat.", "It is an old mat."]]).score)
    assert "tok:13a" in found["signature"]
    assert "tok:ja-mecab" in corpus_bleu(["猫"], [["猫"]], "ja")["signature"]


def test_a_summary_is_compared_by_words_in_every_script() -> None:
    assert Words("ja").tokenize("猫がＡＩマットの上に、座った。") == [
        "猫",
        "が",
        "ai",
        "マット",
        "の",
        "上",
        "に",
        "座っ",
        "た",
    ]
    assert Words("fi").tokenize("Kissa istui, ei seissyt.") == ["kissa", "istui", "ei", "seissyt"]
    found = summarised(JA, ["猫がマットに座った。"])
    assert 0 < found["rouge2"] < found["rouge1"] < 1
    assert summarised(JA, JA["answers"])["rouge2"] == 1
    assert summarised(JA, ["\n"]) == {"rouge1": 0, "rouge2": 0, "rougeL": 0, "parsed": 0}


def test_without_mecab_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sacrebleu.tokenizers.tokenizer_ja_mecab", None)
    writing._japanese.cache_clear()
    ready("en")
    with pytest.raises(UserError, match=r"MeCab, which is not installed: run pip install 'aurora-lm\[evaluate\]'"):
        ready("ja")
