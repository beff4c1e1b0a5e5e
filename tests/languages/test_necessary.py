from __future__ import annotations

import importlib
import random
import re
import unicodedata
from typing import Any

import pytest

from aurora.languages import lookup
from aurora.languages.necessary import Filter, necessary
from aurora.languages.refusals import _filled

_parser: Any = importlib.import_module("re._parser")
LETTERS = "abcdeinorst åäहनकतのませい"
CLASSES = {"CATEGORY_WORD": LETTERS.replace(" ", "") + "_7", "CATEGORY_SPACE": " ", "CATEGORY_DIGIT": "07"}
CLASSES["CATEGORY_NOT_SPACE"], CLASSES["CATEGORY_NOT_WORD"] = CLASSES["CATEGORY_WORD"], " ,.!'"


def written(items: Any, draw: random.Random) -> str:
    """A text that a parsed pattern matches, but for its conditions."""
    parts = []
    for code, value in items:
        match str(code):
            case "LITERAL":
                parts.append(chr(value))
            case "NOT_LITERAL" | "ANY":
                parts.append(draw.choice(LETTERS))
            case "IN":
                parts.append(one_of(value, draw))
            case "BRANCH":
                parts.append(written(draw.choice(value[1]), draw))
            case "SUBPATTERN":
                parts.append(written(value[-1], draw))
            case "MAX_REPEAT" | "MIN_REPEAT":
                times = draw.randint(value[0], min(value[1], value[0] + 3))
                parts.append("".join(written(value[2], draw) for _ in range(times)))
    return "".join(parts)


def one_of(members: Any, draw: random.Random) -> str:
    if str(members[0][0]) == "NEGATE":
        return draw.choice([letter for letter in LETTERS if re.match("[^.!?,।।\\s]", letter)])
    code, value = draw.choice(members)
    match str(code):
        case "LITERAL":
            return chr(value)
        case "RANGE":
            return chr(draw.randint(*value))
        case _:
            return draw.choice(CLASSES[str(value)])


def around(text: str, draw: random.Random) -> str:
    before, after = draw.choice(["", "so ", "x", "हाँ "]), draw.choice(["", ".", " then", "x", "。"])
    return before + text + after


def matches(pattern: str, draw: random.Random, tries: int) -> list[str]:
    """Texts in which the pattern is found."""
    tree = _parser.parse(pattern)
    found = (around(written(tree, draw), draw) for _ in range(tries))
    return [text for text in found if re.search(pattern, text)]


@pytest.mark.parametrize("code", ["en", "fi", "hi", "ja", "sv", "vi"])
def test_no_match_of_any_refusal_is_lost(code: str) -> None:
    words = next(entry.language.refusals for entry in lookup.entries() if entry.language.language == code)
    assert words is not None
    patterns = [unicodedata.normalize("NFKC", _filled(pattern, words.parts)) for pattern in words.declining]
    may_match = Filter(patterns)
    draw = random.Random(code)
    made = [(number, text) for number, pattern in enumerate(patterns) for text in matches(pattern, draw, 60)]
    assert [(number, text) for number, text in made if number not in may_match(text)] == []
    assert len({number for number, _ in made}) >= 0.8 * len(patterns)


def made_up(draw: random.Random, deep: int = 2) -> str:
    """A pattern of everything that patterns of refusals are made of."""
    words = [*"abc", "no", "can't", "नहीं", "ません", " ", "not "]
    others = ["\\w", "[ab]", "[a-c]", "[^.]", "\\S", ".", "\\b", "^", "$", "\\B"]
    parts = []
    for _ in range(draw.randint(1, 4)):
        if deep and draw.random() < 0.4:
            inner = "|".join(made_up(draw, deep - 1) for _ in range(draw.randint(1, 3)))
            parts.append(f"(?:{inner}){draw.choice(['', '', '?', '{0,2}', '{1,2}', '{2}', '{1,4}'])}")
        elif draw.random() < 0.1:
            parts.append(f"(?{draw.choice(['!', '=', '<!'])}{draw.choice('abc')})")
        else:
            parts.append(draw.choice(words + others))
    return "".join(parts)


@pytest.mark.parametrize("seed", range(8))
def test_no_match_of_a_pattern_made_up_is_lost(seed: int) -> None:
    draw = random.Random(seed)
    told = 0
    for _ in range(150):
        patterns = [made_up(draw) for _ in range(draw.randint(1, 5))]
        may_match = Filter(patterns)
        for number, pattern in enumerate(patterns):
            told += bool(necessary(pattern))
            for text in matches(pattern, draw, 6):
                assert number in may_match(text), (pattern, text)
                conditions = [{piece.replace("\0", "") for piece in one} for one in necessary(pattern)]
                assert all(any(piece in text for piece in one) for one in conditions), (pattern, text)
    assert told > 100


@pytest.mark.parametrize(
    ("pattern", "text", "may"),
    [
        (r"\bi (?:can|will) not\b", "i can not", True),
        (r"\bi (?:can|will) not\b", "i scan not", False),
        (r"\bi (?:can|will) not\b", "it is late", False),
        (r"(?:できません|しません)", "それはできません", True),
        (r"(?:できません|しません)", "それはできます", False),
        (r"(?i)no", "NO", True),
        (r"(?i:no)", "NO", True),
        (r"\w+", "anything", True),
        (r"(?:no )?way", "way", True),
        (r"(?:no|never)? ?(?:a{2,9})", "aa", True),
    ],
)
def test_what_may_match(pattern: str, text: str, may: bool) -> None:
    assert Filter([pattern])(text) == ([0] if may else [])


def test_the_numbers_of_several() -> None:
    may_match = Filter([r"\bno\b", r"\w", r"\bnot\b", "せん", "へん"])
    assert may_match("not no") == [0, 1, 2]
    assert may_match("ません no") == [0, 1, 3]
    assert Filter([])("no") == []
