"""Whether a text can be read at all, and in which language it is: what tells a model that cannot speak from one that
will not.

One decision: only what is certain is said. Text is unusable where it says the same thing over and over, mixes
alphabets, or holds words of no language; everything short or unclear is left to be an answer.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from functools import cache

import regex

from aurora.corpus.cleaning.identify import Cld2, Identified

# Characters that are looked at: what repeats within so many repeats at a reader's first glance.
LOOK = 400
# Letters and words below which nothing is said of a text: a name, a number or "Yes." is an answer. Of 563 short
# sentences in five languages CLD2 was sure of all but 10; of what networks with random weights write, of one in ten.
FEW_LETTERS, FEW_WORDS = 12, 6
# The share of a text that one piece, four times in a row or more, has to fill; and how long such a piece may be.
MOSTLY = 0.5
_REPEATED = re.compile(r"(.{1,60}?)\1{3,}", re.DOTALL)
# Prose of a few hundred letters is never packed so small by zlib; a list of alike lines comes near 0.35.
LEAST_PACKED, PACKED_LETTERS = 0.18, 120
# Different words (in scripts without spaces: pairs of characters) among all of a text of so many.
LEAST_DIFFERENT, COUNTED_WORDS = 0.25, 16
# Letters that are neither Latin nor of the text's other main script.
MOST_OTHER_SCRIPT = 0.1
# A capital behind a small letter, as in names of classes, or another alphabet within a word: a few are names.
# Chinese and Japanese write no spaces, around words of other alphabets neither.
_OTHER = r"[\p{L}\p{M}--[\p{Latin}\p{Han}\p{Hiragana}\p{Katakana}ー]]"
_GLUED = regex.compile(rf"\p{{Ll}}\p{{Lu}}|\p{{Latin}}{_OTHER}|{_OTHER}\p{{Latin}}", regex.V1)
MOST_GLUED = 0.1
# Longer than words get, in languages that write compounds as one word too.
_ENDLESS = re.compile(r"[^\W\d_]{45}")
# Words of English in a text of another alphabet are how people write of software and offices: such a text is of the
# language of its other words, where these are at least this share of it.
LEAST_OWN = 0.25
_LATIN_WORD = regex.compile(r"[\p{Latin}\p{M}'’]*\p{Latin}[\p{Latin}\p{M}'’]*")
# Hindi in Latin letters, which CLD2 does not know, is known by its particles: that share of words, so many of them.
_HINDI_PARTICLE = re.compile(
    r"(?:aap(?:k[aeio])?|aapko|aur|bahut|bhi|dijiye|ek|hain?|hoga|hot[aei]|hum|ise|isme|ismein|isse|k[aeio]|kar|kare|"
    r"karein|karen|karn[ae]|karo|kijiye|kisi|kya|kyunki|lekin|liye|lijiye|mein|main|mer[aei]|mujhe|nahi|nahin|ne|par|"
    r"pehle|phir|rah[aei]|sakt[aei]|se|tak|th[ai]|thodi|toh|tum|tumhe|uske|woh?|yah|yeh)"
)
LEAST_PARTICLES, FEW_PARTICLES = 0.2, 3
# A text of another language than asked: so much of it, and at most so much in the language asked for.
OTHER_PERCENT, ASKED_PERCENT = 80, 20

_CJK = {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"}
# Listings are answers too, and no identifier of natural languages means anything on them.
_CODE = re.compile(r"```|^\s*(?:def|import|from|class|return|for|if|print|#include|public|function|SELECT)\b", re.M)
"""What begins a line of code."""


def is_unusable(text: str) -> bool:
    """Whether `text` says nothing: repeats itself, is no text, or is of no language."""
    text = text[:LOOK]
    return _repeats(text) or _is_no_text(text) or _is_of_no_language(text)


def other_language(text: str, asked: str) -> str | None:
    """The language (BCP 47) that `text` is surely in where that is not the `asked` one; else None."""
    if _CODE.search(text) or _letters(text) * _spread(text) < 2 * FEW_LETTERS:
        return None
    found = _identify(text)
    if not found.reliable or not found.languages:
        return None
    best, percent = found.languages[0]
    return best if percent >= OTHER_PERCENT and found.percent(asked) < ASKED_PERCENT else None


def _repeats(text: str) -> bool:
    squeezed = " ".join(text.split())
    letters = len(squeezed)
    if letters < FEW_LETTERS // 2 or _CODE.search(text):
        return False
    filled = sum(len(match.group()) for match in _REPEATED.finditer(squeezed) if match.group(1).strip())
    if filled >= MOSTLY * letters:
        return True
    raw = squeezed.encode()
    if letters >= PACKED_LETTERS and len(zlib.compress(raw, 9)) < LEAST_PACKED * len(raw):
        return True
    words = _units(squeezed)
    return len(words) >= COUNTED_WORDS and len(set(words)) < LEAST_DIFFERENT * len(words)


def _is_no_text(text: str) -> bool:
    """Whether characters are missing, or letters of several alphabets are thrown together."""
    if "\N{REPLACEMENT CHARACTER}" in text.strip()[:-1]:  # at the very end a cut answer may have one
        return True
    if any(unicodedata.category(letter) in ("Cc", "Cn", "Co") for letter in text if not letter.isspace()):
        return True
    scripts = Counter(_script(letter) for letter in text if letter.isalpha())
    total = sum(scripts.values())
    # Latin beside one other script is how every language speaks of software; a third is how none speaks.
    latin = scripts.pop("LATIN", 0)
    return total - latin - max(scripts.values(), default=0) > MOST_OTHER_SCRIPT * total


def _is_of_no_language(text: str) -> bool:
    """Whether there is enough text for its language to show, and none does; or words run into one another."""
    if _CODE.search(text) or _letters(text) * _spread(text) < FEW_LETTERS:
        return False
    words = text.split()
    enough = len(words) * _spread(text) >= FEW_WORDS and not _is_formula(text)
    if enough and not (_identify(text).reliable or _is_mixed(text) or _is_hindi_in_latin(words)):
        return True
    if _spread(text) > 1:
        return False
    return len(_GLUED.findall(text)) > max(1, MOST_GLUED * len(words)) or bool(_ENDLESS.search(text))


def _is_mixed(text: str) -> bool:
    """Whether what is left of a text without its Latin words is surely of a language, and enough of it."""
    own = _LATIN_WORD.sub(" ", text)
    return _letters(own) * _spread(own) >= LEAST_OWN * max(_letters(text), FEW_LETTERS) and _identify(own).reliable


def _is_hindi_in_latin(words: list[str]) -> bool:
    plain = (word.strip(".,;:!?()\"'").casefold() for word in words)
    found = [word for word in plain if _HINDI_PARTICLE.fullmatch(word)]
    return len(set(found)) >= FEW_PARTICLES and len(found) >= LEAST_PARTICLES * len(words)


def _is_formula(text: str) -> bool:
    """Whether most of a text is no letters: figures, signs, listings."""
    return 2 * _letters(text) < sum(not letter.isspace() for letter in text)


def _units(text: str) -> list[str]:
    """Words; in scripts without spaces, pairs of neighbouring characters."""
    if _spread(text) > 1:
        solid = "".join(text.split())
        return [solid[place : place + 2] for place in range(len(solid) - 1)]
    return text.casefold().split()


def _spread(text: str) -> int:
    """How many letters of an alphabet say what one of this text says: 3 in Chinese and Japanese characters, else 1."""
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
