"""The patterns of `data/personal_data.yaml`, checked and compiled: what personal data looks like in a language.

One decision: a pattern sees text whose digits, hyphens and spaces are ASCII, folded one character for one, so that one
pattern serves Devanagari and full-width digits and a place in the folded text is the place in the text.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import regex

from aurora.corpus.personal.beginnings import Beginning, UnreachableError, beginnings, endings
from aurora.corpus.personal.check_digits import CHECKS, IBAN_LENGTHS
from aurora.corpus.personal.places import ADDRESS_LANGUAGES, ASSIGNED, AT, KINDS, TOKENS, Wanted, scan, wanted
from aurora.errors import UserError

_FILE = "personal_data.yaml"
_KEYS = {"type", "kind", "pattern", "langs", "but", "cue", "veto", "check", "digits", "name", "example"}
_CUE_REACH = 48  # characters before a value in which a word may say what it is, with no digit between
_VETO_REACH, _UNIT_REACH = 112, 40  # characters before and after it in which something may say that it is none
_NO_DIGIT = 0x20000  # code points from here on are no decimal digits
_LEAST_ENTROPY = 3.5  # bits a character; names of variables and file paths lie below
_MADE_UP = regex.compile(
    r"(?i)example|sample|dummy|placeholder|changeme|your[_-]?|x{4}|test|foo|bar|fake|12345678|abcdef"
)
_PART = regex.compile(r"(?<!\\[pP])\{([a-z]\w*)\}")
# What is left of a pattern when escapes and sets are gone has a repetition without end.
_ESCAPED, _SET = regex.compile(r"\\."), regex.compile(r"\[[^\[\]]*\]")
_ENDLESS = regex.compile(r"\*|\{\d*,\}|(?<![}*+?])\+")
_DEEPEST_PART = 4
# Typed for dashes between digits; elsewhere they are letters and lines.
_LONG_VOWEL = regex.compile(r"(?<=\d)[ー\uff70\u2500\u2501](?=\d)")
_NARROWED = (KINDS[AT], KINDS[TOKENS], KINDS[ASSIGNED])
_ENTROPY = "entropy"
# Checks that look at the separators, too.
_WHOLE = ("henkilotunnus", "public-address")


@dataclass(frozen=True)
class Kind:
    """A type of personal data: what is written in its place."""

    name: str
    placeholder: str
    fake: str
    head: str


@dataclass(frozen=True, eq=False)
class Pattern:
    """One form of one type."""

    kind: Kind
    place: str
    expression: Any
    value: int | str  # the group that is the piece, 0 for all of a match
    check: str
    cue: Any
    before: Any
    after: Any
    fewest: int
    most: int
    langs: tuple[str, ...]
    but: tuple[str, ...]
    example: str
    beginnings: tuple[Beginning, ...]
    endings: tuple[str, ...]
    entry: dict[str, Any]

    def speaks(self, lang: str) -> bool:
        """Whether the pattern is for texts in this language."""
        return (not self.langs or lang in self.langs) and lang not in self.but

    def accepts(self, text: str, start: int, end: int) -> bool:
        """Whether what stands at [start, end) of the folded text is what it looks like."""
        value = text[start:end]
        number = value.partition("x")[0]  # an extension's digits do not count
        if self.most and not self.fewest <= sum(map(str.isdigit, number)) <= self.most:
            return False
        if self.cue is not None and not self.cue.search(text[max(0, start - _CUE_REACH) : start].lower()):
            return False
        if self.check and not self._is_right(value):
            return False
        if self.before is not None and self.before.search(text[max(0, start - _VETO_REACH) : start].lower()):
            return False
        return self.after is None or not self.after.match(text[end : end + _UNIT_REACH].lower())

    def _is_right(self, value: str) -> bool:
        if self.check == _ENTROPY:
            return _is_random(value)
        return CHECKS[self.check](value if self.check in _WHOLE else regex.sub(r"[^0-9A-Za-z]", "", value))


@cache
def kinds() -> tuple[Kind, ...]:
    """All types, in the file's order."""
    return tuple(
        Kind(name, entry["placeholder"], entry["fake"], entry.get("head", ""))
        for name, entry in _data()["types"].items()
    )


@cache
def patterns(lang: str, place: str) -> tuple[Pattern, ...]:
    """The patterns for a language and a kind of place, most telling first."""
    return tuple(pattern for pattern in all_patterns() if pattern.place == place and pattern.speaks(lang))


@cache
def all_patterns() -> tuple[Pattern, ...]:
    """All patterns in order. Raises `UserError` for one that says nothing sensible, or that would never be reached."""
    read = tuple(_read(entry) for entry in _data()["patterns"])
    for pattern in read:
        for lang in pattern.langs or ("und",):
            if not pattern.example or _is_reached(pattern, lang):
                continue
            raise _refusal(
                pattern.entry,
                f"it would never be reached: in its example {pattern.example!r} the pass over a text finds no place of "
                f"kind {pattern.place!r} for it in language {lang!r}",
            )
    return read


@cache
def sought() -> Wanted:
    """How the secrets of all patterns begin, and how the names end that others are assigned to."""
    return wanted(
        (one for pattern in all_patterns() for one in pattern.beginnings),
        (one for pattern in all_patterns() for one in pattern.endings),
    )


def folded(text: str) -> str:
    """The text with ASCII digits, hyphens and spaces, character for character."""
    if text.isascii():
        return text
    dashed: str = _LONG_VOWEL.sub("-", text.translate(_folding()))
    return dashed


def narrowed(text: str) -> str:
    """The text with full-width forms and digits as ASCII, character for character."""
    return text if text.isascii() else text.translate(_narrowing())


@cache
def _data() -> dict[str, Any]:
    import yaml

    loaded: dict[str, Any] = yaml.safe_load(_text())
    return loaded


def _text() -> str:
    return (files("aurora.corpus") / "data" / _FILE).read_text(encoding="utf-8")


def _read(entry: dict[str, Any]) -> Pattern:
    """One entry of the file as a pattern."""
    data = _data()
    _check_keys(entry)
    place, name = entry["kind"], entry.get("name", "")
    source = _spelled(entry, entry["pattern"].replace("{name}", name))
    if _ENDLESS.search(_bare(source)):
        raise _refusal(entry, "it repeats something without an upper bound (*, + or {n,}); say how often at most")
    begun: tuple[Beginning, ...] = ()
    ended: tuple[str, ...] = ()
    try:
        if place == KINDS[TOKENS]:
            begun = tuple(beginnings(source))
        elif place == KINDS[ASSIGNED]:
            ended = tuple(endings(_spelled(entry, name)))
        expression = regex.compile(source, regex.V1)
    except (UnreachableError, regex.error) as error:
        raise _refusal(entry, f"its pattern {error}, so that it would never be reached") from error
    vetoes = [data["vetoes"][veto] for veto in entry.get("veto", ())]
    fewest, most = entry.get("digits", (0, 0))
    return Pattern(
        kind=next(kind for kind in kinds() if kind.name == entry["type"]),
        place=place,
        expression=expression,
        value="value" if "value" in expression.groupindex else 0,
        check=entry.get("check", ""),
        cue=_either(data["cues"][entry["cue"]], r"(?<![a-z])(?:", r")\D*$") if "cue" in entry else None,
        before=_either([one for veto in vetoes for one in veto.get("before", ())], "(?:", ")$"),
        after=_either([one for veto in vetoes for one in veto.get("after", ())], "(?:", ")"),
        fewest=fewest,
        most=most,
        langs=tuple(entry.get("langs", ())),
        but=tuple(entry.get("but", ())),
        example=entry.get("example", ""),
        beginnings=begun,
        endings=ended,
        entry=entry,
    )


def _check_keys(entry: dict[str, Any]) -> None:
    """That an entry has the keys it needs, and that they name what there is."""
    data = _data()
    if unknown := sorted(set(entry) - _KEYS):
        raise _refusal(entry, f"{unknown[0]!r} is no key of a pattern; the keys are {', '.join(sorted(_KEYS))}")
    place = entry.get("kind")
    named = [("type", entry.get("type"), data["types"]), ("kind", place, KINDS)]
    named += [("cue", entry["cue"], data["cues"])] if "cue" in entry else []
    named += [("check", entry["check"], {*CHECKS, _ENTROPY})] if "check" in entry else []
    named += [("veto", veto, data["vetoes"]) for veto in entry.get("veto", ())]
    for key, value, known in named:
        if value not in known:
            raise _refusal(entry, f"its {key} {value!r} is none of {', '.join(sorted(known))}")
    needed = {KINDS[TOKENS]: {"pattern"}, KINDS[ASSIGNED]: {"pattern", "name"}}
    if missing := sorted(needed.get(str(place), {"pattern", "example"}) - set(entry)):
        raise _refusal(entry, f"it has no {missing[0]!r}")
    if place == KINDS[ASSIGNED] and "{name}" not in entry["pattern"]:
        raise _refusal(entry, "its pattern has no {name}, so that it would never be reached")


def _refusal(entry: dict[str, Any], what: str) -> UserError:
    import yaml

    node: Any = yaml.compose(_text())
    lists = {key.value: value.value for key, value in node.value}
    place = next(index for index, one in enumerate(_data()["patterns"]) if one is entry)
    line = lists["patterns"][place].start_mark.line + 1
    named = str(entry.get("pattern", ""))
    return UserError(f"{_FILE}, line {line}: the pattern {named[:60]!r} is refused: {what}.")


def _spelled(entry: dict[str, Any], pattern: str) -> str:
    """A pattern with its parts in the place of their names."""
    parts = {**_data()["parts"], "iban": _accounts()}
    for _ in range(_DEEPEST_PART):
        if not (found := _PART.search(pattern)):
            return pattern
        if found[1] not in parts:
            raise _refusal(entry, f"{found[0]} is none of the parts ({', '.join(sorted(parts))})")
        pattern = _PART.sub(lambda match: parts.get(match[1], match[0]), pattern)
    raise _refusal(entry, f"its parts hold each other more than {_DEEPEST_PART} deep")


def _accounts() -> str:
    """What an IBAN looks like: the length of its country, in one piece or in groups of four."""
    forms = []
    for length, countries in IBAN_LENGTHS.items():
        groups, rest = divmod(length - 4, 4)
        form = "|".join(
            rf"(?:{mark}[A-Z0-9]{{4}}){{{groups}}}" + (rf"{mark}[A-Z0-9]{{{rest}}}" if rest else "")
            for mark in ("", " ", "-")
        )
        forms.append(rf"(?:{'|'.join(countries.split())})\d\d(?:{form})")
    return "(?:" + "|".join(forms) + ")"


def _bare(pattern: str) -> str:
    """A pattern without its escapes and sets."""
    pattern = _ESCAPED.sub("x", pattern)
    while (shorter := _SET.sub("x", pattern)) != pattern:
        pattern = shorter
    return pattern


def _either(sources: list[str], opened: str, closed: str) -> Any:
    return regex.compile(opened + "|".join(f"(?:{one})" for one in sources) + closed, regex.V1) if sources else None


def _is_reached(pattern: Pattern, lang: str) -> bool:
    """Whether the pattern matches in its example, where the pass finds a place for it."""
    text = f" {pattern.example} "
    data = np.frombuffer(text.encode(), np.uint8)
    code = np.array([ADDRESS_LANGUAGES.get(lang, 0)], np.uint8)
    places, _ = scan(np.array([0, len(data)], np.int64), data, code, wanted((), ()))
    if not (found := pattern.expression.search(fold(pattern.place)(text))):
        return False
    start, end = (len(text[:place].encode()) for place in found.span())
    kind = KINDS.index(pattern.place)
    return any(place == kind and first <= end and start <= last for place, first, last in places.tolist())


def fold(place: str) -> Callable[[str], str]:
    """How text is folded for the patterns of a kind of place: dashes are none in addresses of mail and secrets."""
    return narrowed if place in _NARROWED else folded


def _is_random(value: str) -> bool:
    """Whether a value of an assignment is a key and not a name: letters and digits, much entropy, nothing made up."""
    if _MADE_UP.search(value) or not (regex.search(r"\d", value) and regex.search(r"[A-Za-z]", value)):
        return False
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts) >= _LEAST_ENTROPY


@cache
def _narrowing() -> dict[int, str]:
    table = {code: str(unicodedata.digit(chr(code))) for code in range(128, _NO_DIGIT) if chr(code).isdecimal()}
    return table | {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}


@cache
def _folding() -> dict[int, str]:
    dashes = [*range(0x2010, 0x2016), 0x2212, 0xFE63]
    spaces = [0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000]
    return _narrowing() | dict.fromkeys(dashes, "-") | dict.fromkeys(spaces, " ")
