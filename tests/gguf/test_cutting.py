from __future__ import annotations

import pytest
import regex

from aurora.gguf.cutting import CUTS, GPT2, LLAMA3, QWEN2, TEKKEN, Cut
from small_tokenizers import PATTERNS

TEXT = "Hyvää päivää, it's  12345 नि \n\n x\t WE'LL हिन्दी e\u0301 ▁ 7½ McDonald"


def test_the_patterns_are_those_of_the_published_files() -> None:
    assert {"llama3": LLAMA3, "qwen2": QWEN2, "tekken": TEKKEN} == PATTERNS


@pytest.mark.parametrize("name", CUTS)
def test_a_text_is_cut_into_all_of_its_parts(name: str) -> None:
    for cut in (CUTS[name], CUTS[name].marked()):
        assert "".join(regex.findall(cut.expression(), TEXT)) == TEXT


@pytest.mark.parametrize("name", CUTS)
def test_combining_marks_stay_in_words(name: str) -> None:
    words = regex.findall(CUTS[name].marked().expression(), "और हिन्दी में किताबें")
    assert words == ["और", " हिन्दी", " में", " किताबें"]
    assert CUTS[name].marked().marked() == CUTS[name].marked()


def test_digits_stand_alone_or_in_threes() -> None:
    found = {name: regex.findall(CUTS[name].expression(), "a 12345") for name in ("gpt-2", "smollm", "llama3", "qwen2")}
    assert found["gpt-2"] == ["a", " 12345"]
    assert found["llama3"] == ["a", " ", "123", "45"]
    assert found["smollm"] == found["qwen2"] == ["a", " ", *"12345"]


def test_without_digits_the_expression_is_the_pattern() -> None:
    assert (Cut().expression(), Cut(pattern=LLAMA3).expression()) == (GPT2, LLAMA3)
