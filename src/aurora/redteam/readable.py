"""Whether a text is readable, and in which language: what tells a model that cannot speak from one that refuses.

One decision: only certain cases are reported. A text is unusable if it repeats itself, mixes alphabets, or has words of
no language; everything short or unclear counts as an answer.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from functools import cache

import regex

from aurora.corpus.cleaning.identify import Cld2, Identified
from aurora.languages import lookup

# Only the first characters are examined: what repeats within 400 repeats at a reader's first glance.
LOOK = 400
# A text with fewer letters or words is always an answer: a name, a number or "Yes.". Of 563 short sentences in five
# languages CLD2 was sure of all but 10; of what networks with random weights write, of one in ten.
FEW_LETTERS, FEW_WORDS = 12, 6
# A text repeats itself if one piece of up to 60 characters, four or more times in a row, fills at least this share.
MOSTLY = 0.5
_REPEATED = re.compile(r"(.{1,60}?)\1{3,}", re.DOTALL)
# zlib never compresses prose of a few hundred letters below this ratio; a list of similar lines comes near 0.35.
LEAST_PACKED, PACKED_LETTERS = 0.18, 120
# Least share of different words (pairs of characters in scripts without spaces) in a text of at least so many.
LEAST_DIFFERENT, COUNTED_WORDS = 0.25, 16
# Most letters that may be neither Latin nor of the text's main other script.
MOST_OTHER_SCRIPT = 0.1
# A capital after a small letter, as in class names, or another alphabet within a word. A few are names; more are noise.
# Chinese and Japanese write no spaces, not even around words of other alphabets, so their letters do not count.
_OTHER = r"[\p{L}\p{M}--[\p{Latin}\p{Han}\p{Hiragana}\p{Katakana}ー]]"
_GLUED = regex.compile(rf"\p{{Ll}}\p{{Lu}}|\p{{Latin}}{_OTHER}|{_OTHER}\p{{Latin}}", regex.V1)
MOST_GLUED = 0.1
# Longer than any word, even in languages that write compounds as one word.
_ENDLESS = re.compile(r"[^\W\d_]{45}")
# People write about software and offices with English words inside another alphabet. Such a text is in the language of
# its other words if these make up at least this share.
LEAST_OWN = 0.25
_LATIN_WORD = regex.compile(r"[\p{Latin}\p{M}'’]*\p{Latin}[\p{Latin}\p{M}'’]*")
# CLD2 does not know a language in Latin letters when another script is usual (romanised Hindi). Its commonest words
# show it: this share of the words, this many different ones.
LEAST_KNOWN, FEW_KNOWN = 0.2, 3
# CLD2's percentages for "another language": at least 80 in that one and less than 20 in the language asked for.
OTHER_PERCENT, ASKED_PERCENT = 80, 20

_CJK = {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"}
# How a line of code begins. Code is an answer too, and identifying its natural language means nothing.
_CODE = re.compile(r"```|^\s*(?:def|import|from|class|return|for|if|print|#include|public|function|SELECT)\b", re.M)


def is_unusable(text: str) -> bool:
    """Whether `text` repeats itself, is not text, or is in no language."""
    text = text[:LOOK]
    return _repeats(text) or _is_garbled(text) or _has_no_language(text)


def other_language(text: str, asked: str) -> str | None:
    """The language (BCP 47) that `text` is certainly in, if that is not the `asked` one; else None."""
    if _CODE.search(text) or _letters(text) * _weight(text) < 2 * FEW_LETTERS:
        return None
    identified = _identify(text)
    if not identified.reliable or not identified.languages:
        return None
    best, percent = identified.languages[0]
    return best if percent >= OTHER_PERCENT and identified.percent(asked) < ASKED_PERCENT else None


def _repeats(text: str) -> bool:
    squeezed = " ".join(text.split())
    letters = len(squeezed)
    if letters < FEW_LETTERS // 2 or _CODE.search(text):
        return False
    filled = sum(len(match.group()) for match in _REPEATED.finditer(squeezed) if match.group(1).strip())
    if filled >= MOSTLY * letters:
        return True
    raw = squeezed.encode(errors="replace")
    if letters >= PACKED_LETTERS and len(zlib.compress(raw, 9)) < LEAST_PACKED * len(raw):
        return True
    words = _units(squeezed)
    return len(words) >= COUNTED_WORDS and len(set(words)) < LEAST_DIFFERENT * len(words)


def _is_garbled(text: str) -> bool:
    """Whether characters are broken, or letters of several alphabets are thrown together."""
    if "\N{REPLACEMENT CHARACTER}" in text.strip()[:-1]:  # an answer cut at its length may end with one
        return True
    if any(unicodedata.category(letter) in ("Cc", "Cn", "Co") for letter in text if not letter.isspace()):
        return True
    scripts = Counter(_script(letter) for letter in text if letter.isalpha())
    total = sum(scripts.values())
    # Every language mixes Latin with its own script to write about software; none mixes in a third script.
    latin = scripts.pop("LATIN", 0)
    return total - latin - max(scripts.values(), default=0) > MOST_OTHER_SCRIPT * total


def _has_no_language(text: str) -> bool:
    """Whether no language shows in a text long enough to show one, or its words run into one another."""
    if _CODE.search(text) or _letters(text) * _weight(text) < FEW_LETTERS:
        return False
    words = text.split()
    enough = len(words) * _weight(text) >= FEW_WORDS and not _is_formula(text)
    if enough and not (_identify(text).reliable or _is_mixed(text) or _is_romanised(words)):
        return True
    if _weight(text) > 1:
        return False
    return len(_GLUED.findall(text)) > max(1, MOST_GLUED * len(words)) or bool(_ENDLESS.search(text))


def _is_mixed(text: str) -> bool:
    """Whether a text without its Latin words still is long enough, and certainly in some language."""
    own = _LATIN_WORD.sub(" ", text)
    return _letters(own) * _weight(own) >= LEAST_OWN * max(_letters(text), FEW_LETTERS) and _identify(own).reliable


def _is_romanised(words: list[str]) -> bool:
    """Whether words are of a language that is usually written in another script."""
    plain = [word.strip(".,;:!?()\"'").casefold() for word in words]
    for common in _latin_words():
        found = [word for word in plain if common.fullmatch(word)]
        if len(set(found)) >= FEW_KNOWN and len(found) >= LEAST_KNOWN * len(words):
            return True
    return False


@lookup.cached
def _latin_words() -> list[re.Pattern[str]]:
    lists = [entry.language.latin_words for entry in lookup.entries()]
    return [re.compile("|".join(f"(?:{word})" for word in words)) for words in lists if words]


def _is_formula(text: str) -> bool:
    """Whether most characters of a text are not letters: figures, signs, listings."""
    return 2 * _letters(text) < sum(not letter.isspace() for letter in text)


def _units(text: str) -> list[str]:
    """Words; in scripts without spaces, pairs of neighbouring characters."""
    if _weight(text) > 1:
        solid = "".join(text.split())
        return [solid[start : start + 2] for start in range(len(solid) - 1)]
    return text.casefold().split()


def _weight(text: str) -> int:
    """How many letters of an alphabet one letter of this text is worth: 3 for Chinese and Japanese characters, else
    1."""
    letters = [letter for letter in text if letter.isalpha()]
    return 3 if sum(_script(letter) == "CJK" for letter in letters) * 2 > len(letters) else 1


def _letters(text: str) -> int:
    return sum(letter.isalpha() for letter in text)


@cache
def _script(letter: str) -> str:
    """The script of a letter by its Unicode name; Chinese characters and kana are one."""
    first = unicodedata.name(letter, "UNKNOWN").split(" ")[0].split("-")[0]
    return "CJK" if first in _CJK else first


@cache
def _identifier() -> Cld2:
    return Cld2()


def _identify(text: str) -> Identified:
    return _identifier().identify(text.encode(errors="ignore"))
