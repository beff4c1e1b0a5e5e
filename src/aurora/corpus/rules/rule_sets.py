"""The rule sets: the statistic that each rule limits, and the names of its limits.

One decision: a rule is a row of a table. The limits themselves are in the languages' files, so rule sets know only one
thing about languages: rules of prose never judge code, and rules of code judge nothing else; conversations have rules
of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A rule: the statistic it limits, the names of its lower and upper limit, and the digits its value is rounded
    to."""

    name: str
    statistic: str
    least: str | None
    most: str | None
    digits: int = 0


def _most(prefix: str, statistic: str, digits: int = 4) -> Rule:
    """A rule against too much of a statistic, named after it."""
    return Rule(f"{prefix}-{statistic.replace('_', '-')}", statistic, None, f"{prefix}_max_{statistic}", digits)


# Aurora's own, for every language: thresholds fitted so that parallel text is kept alike
# (benchmarks/fit_thresholds.py).
_BASIC = (
    Rule("too-short", "visible", "min_characters", None),
    Rule("few-letters", "letters", "min_letter_share", None, 4),
    Rule("many-digits", "digits", None, "max_digit_share", 4),
    Rule("many-symbols", "symbols", None, "max_symbol_share", 4),
    Rule("other-script", "script", "min_script_share", None, 4),
    Rule("few-words", "words", "min_words", None),
    Rule("word-length", "mean_word", "min_mean_word", "max_mean_word", 2),
    Rule("repeated-lines", "repeated", None, "max_repeated_share", 4),
)
_BASIC_CODE = (
    Rule("too-short", "visible", "min_characters", None),
    Rule("long-line", "longest_line", None, "max_line"),
    Rule("long-lines", "mean_line", None, "max_mean_line", 1),
    Rule("few-letters", "letters", "min_alphanumeric_share", None, 4),
    Rule("generated-file", "generated", None, "max_generated"),
)
# Rae et al. 2021 (Gopher, arXiv 2112.11446), appendix A.1.
_GOPHER_QUALITY = (
    Rule("gopher-few-words", "tokens", "gopher_min_words", None),
    Rule("gopher-many-words", "tokens", None, "gopher_max_words"),
    Rule("gopher-word-length", "mean_token", "gopher_min_mean_word", "gopher_max_mean_word", 2),
    _most("gopher", "hash_marks"),
    _most("gopher", "ellipses"),
    _most("gopher", "bullet_lines"),
    _most("gopher", "ellipsis_lines"),
    Rule("gopher-few-alphabetic", "alphabetic", "gopher_min_alphabetic", None, 4),
    Rule("gopher-few-stop-words", "stop_words", "gopher_min_stop_words", None),
)
_GOPHER_REPETITION = tuple(
    _most("gopher", statistic)
    for statistic in (
        "duplicate_paragraphs",
        "duplicate_paragraph_characters",
        "duplicate_lines",
        "duplicate_line_characters",
        *(f"top_{length}_gram" for length in range(2, 5)),
        *(f"duplicate_{length}_grams" for length in range(5, 11)),
    )
)
# Raffel et al. 2020 (T5, arXiv 1910.10683). C4 removes lines and drops documents left too short; here the lines stay,
# and what would be left is judged.
_C4 = (
    Rule("c4-few-sentences", "sentences", "c4_min_sentences", None),
    _most("c4", "filler", 0),
    _most("c4", "braces", 0),
)
# Penedo et al. 2024 (FineWeb, arXiv 2406.17557).
_FINEWEB = (
    Rule("fineweb-few-ended-lines", "ended_lines", "fineweb_min_ended_lines", None, 4),
    _most("fineweb", "short_lines"),
    _most("fineweb", "repeated_characters"),
    _most("fineweb", "line_feeds"),
)
# Aurora's own, against pages of menus and lists of links.
_WEB = (_most("web", "menu_lines"), _most("web", "link_lines"))
_CODE = (*_BASIC_CODE[1:], Rule("licence-text", "licence_header", None, "max_licence_header", 4))

# Aurora's own, of conversations in any language and of code.
_CONVERSATIONS = (
    Rule("empty-answer", "empty_answers", None, "max_empty_answers"),
    Rule("cut-answer", "cut_answers", None, "max_cut_answers"),
    Rule("answer-as-model", "model_answers", None, "max_model_answers"),
    Rule("long-answer", "longest_answer", None, "max_longest_answer"),
)

# By name: the rules of prose, and the rules of code.
SETS: dict[str, tuple[tuple[Rule, ...], tuple[Rule, ...]]] = {
    "basic": (_BASIC, _BASIC_CODE),
    "gopher-quality": (_GOPHER_QUALITY, ()),
    "gopher-repetition": (_GOPHER_REPETITION, ()),
    "c4": (_C4, ()),
    "fineweb": (_FINEWEB, ()),
    "web": (_WEB, ()),
    "numbers-and-symbols": ((Rule("numbers-and-symbols", "no_letters", None, "max_no_letters", 4),), ()),
    "code": ((), _CODE),
    "perplexity": ((Rule("high-perplexity", "perplexity", None, "max_perplexity", 1),), ()),
    "conversations": (_CONVERSATIONS, _CONVERSATIONS),
    "flagged-words": ((Rule("flagged-words", "flagged", None, "max_flagged", 4),), ()),
}

# Sets whose statistics need a file of the user's.
NEED_FILES = ("perplexity", "flagged-words")

# The set that conversations pass, and they alone.
CONVERSATIONS = "conversations"


def sets_for(sets: Sequence[str], conversations: bool) -> list[str]:
    """Those of a recipe's sets that judge conversations, or text."""
    return [name for name in sets if (name == CONVERSATIONS) == conversations]


def rules_of(sets: Sequence[str], code: bool) -> list[Rule]:
    """The rules of some sets in order, of prose or of code."""
    return [rule for name in sets for rule in SETS[name][code]]
