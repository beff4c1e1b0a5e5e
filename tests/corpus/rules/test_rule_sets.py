"""Each rule of the published sets, by a text that breaks it and no other before it."""

from __future__ import annotations

from typing import get_args

import pyarrow as pa
import pytest

from aurora.corpus.kernels.batch_statistics import measure
from aurora.corpus.rules.judging import JUDGED_BY
from aurora.corpus.rules.rule_sets import CONVERSATIONS, NEED_FILES, SETS, rules_of
from aurora.languages.lookup import default, find, limits
from aurora.languages.thresholds import Thresholds
from aurora.recipe.corpus import RuleSet
from corpus.judged import judge
from corpus.sample_texts import CODE_TEXT, TEXTS

# Limits that nobody sets but a recipe: what is much depends on the file or the model that it names.
OF_FILES = {"max_perplexity", "max_flagged", "max_longest_answer"}
# Sixty words, each another, with stop words among them.
WORDS = " ".join(f"the {a}{b} of" for a in ("gar", "bel", "tor", "min", "sal") for b in ("den", "low", "ric", "tan"))
STORY = """The old house stood alone on a hill that nobody had climbed for years.
In spring a girl came to live with her uncle, who kept bees and spoke little.
She asked him about the locked room above the kitchen, and he shook his head.
One night, when rain beat on every window, she heard a slow step overhead.
What she found behind the door was a cage with a grey bird in it."""
MENU = "\n".join(("Home", "  • News", "  • Sports", "  • Local weather", "  • About us", "Log in"))
APACHE = (
    "/*\n * Licensed under some terms.\n\n   Nothing is promised to anybody who reads this, and less to others.\n */\n"
)


def statistics(text: str, lang: str) -> dict[str, float]:
    row: dict[str, float] = measure(pa.array([text], pa.large_string()), [lang]).to_pylist()[0]
    return row


@pytest.mark.parametrize(
    ("text", "rules", "broken"),
    [
        ("the of " * 24, "gopher-quality", ("gopher-few-words", 48)),
        ("a b c d e f g h i j " * 8, "gopher-quality", ("gopher-word-length", 1)),
        (WORDS.replace("the", "#the"), "gopher-quality", ("gopher-hash-marks", 0.25)),
        (WORDS.replace("the", "the..."), "gopher-quality", ("gopher-ellipses", 0.25)),
        ("\n".join(f"- {word}" for word in WORDS.split()), "gopher-quality", ("gopher-bullet-lines", 1)),
        (f"the {WORDS}…\nof…\n" + "the", "gopher-quality", ("gopher-ellipsis-lines", 0.6667)),
        (WORDS + " ,;:!" * 6, "gopher-quality", ("gopher-few-alphabetic", 0.7143)),
        (WORDS.replace("the", "The"), "gopher-quality", ("gopher-few-stop-words", 1)),
        ("one two\n\nsix ten\n\none two", "gopher-repetition", ("gopher-duplicate-paragraphs", 0.3333)),
        ("one two\nsix ten\none two", "gopher-repetition", ("gopher-duplicate-lines", 0.3333)),
        ("the of " * 9, "gopher-repetition", ("gopher-top-2-gram", 0.8571)),
        (" ".join([STORY.replace("\n", " ")] * 2), "gopher-repetition", ("gopher-duplicate-5-grams", 0.3932)),
        (STORY.replace(".", ","), "c4", ("c4-few-sentences", 0)),
        (STORY + "\nLorem ipsum is no story.", "c4", ("c4-filler", 1)),
        (STORY + "\nA story holds no {.", "c4", ("c4-braces", 1)),
        (STORY.replace(".", ","), "fineweb", ("fineweb-few-ended-lines", 0)),
        ("It is.\nIt was.\nSo it goes.\nAll of it.", "fineweb", ("fineweb-short-lines", 1)),
        (f"{STORY}\n{STORY}", "fineweb", ("fineweb-repeated-characters", 0.5)),
        (MENU, "web", ("web-menu-lines", 1)),
        ("* [All of it](#all)\nSee http://example.org/ too.\n", "web", ("web-link-lines", 1)),
        ("12.5 + 13.5 = 26, or 30 %", "numbers-and-symbols", ("numbers-and-symbols", 0.8889)),
    ],
)
def test_each_rule_says_what_broke_it(text: str, rules: str, broken: tuple[str, float]) -> None:
    assert judge(text, "en", [rules]) == broken


@pytest.mark.parametrize("rules", [name for name in SETS if name not in (*NEED_FILES, CONVERSATIONS)])
def test_a_story_breaks_no_rule(rules: str) -> None:
    assert judge(STORY, "en", [rules]) is None


def test_c4_judges_the_lines_it_would_keep() -> None:
    noise = "\nPlease switch on JavaScript { now.\nWe use cookies on this page.\nTwo words.\nIt goes on {...\n"
    assert statistics(STORY + noise, "en")["sentences"] == statistics(STORY, "en")["sentences"] == 5
    assert statistics(STORY + noise, "en")["braces"] == 0
    assert statistics("これは文です。" * 3 + "「はい。」と言った。\n利用規約はこちらです。", "ja")["sentences"] == 5
    assert statistics("यह कहानी है। सब ठीक है? हाँ, सब ठीक है!", "hi")["sentences"] == 3


def test_lists_between_blank_lines_are_no_menu() -> None:
    assert statistics(MENU.replace("\n", "\n\n"), "en")["menu_lines"] == 0
    assert statistics(MENU + ".", "en")["menu_lines"] == pytest.approx(5 / 6)


def test_code_that_is_mostly_its_licence_is_dropped() -> None:
    found = judge(APACHE + "int x;\n", "code", ["code"])
    assert found is not None
    assert found[0] == "licence-text"
    assert judge(APACHE + CODE_TEXT, "code", ["code"]) is None
    assert judge(APACHE.replace("Licensed under some terms", "All is told here") + "int x;\n", "code", ["code"]) is None
    assert statistics("#!/bin/sh\n# Copyright somebody\n\nrun\n", "code")["licence_header"] == pytest.approx(29 / 36)


@pytest.mark.parametrize("lang", TEXTS)
def test_every_language_has_stop_words_and_a_limit_for_every_rule(lang: str) -> None:
    language = find(lang)
    assert language is not None
    words = language.stop_words.split()
    assert len(set(words)) == len(words) >= 8
    assert statistics(TEXTS[lang], lang)["stop_words"] >= limits(lang)["gopher_min_stop_words"] >= 1


def test_rules_look_at_statistics_and_limits_that_exist() -> None:
    assert set(get_args(RuleSet)) == set(SETS)
    for code in (False, True):
        for rule in rules_of(list(SETS), code):
            assert rule.statistic in JUDGED_BY
            limit = {rule.least, rule.most} - {None}
            assert limit <= set(limits("code" if code else "und")) | OF_FILES


def test_a_language_s_file_can_set_the_limits_of_all_rules_and_no_other() -> None:
    rules = [*rules_of(list(SETS), code=False), *rules_of(list(SETS), code=True)]
    assert {limit for rule in rules for limit in (rule.least, rule.most) if limit} == set(Thresholds.model_fields)
    assert set(default().thresholds.values()) | set(limits("code")) | OF_FILES == set(Thresholds.model_fields)
