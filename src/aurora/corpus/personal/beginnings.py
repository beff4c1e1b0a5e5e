"""How a secret begins, and how the name of what holds one ends, told from its pattern.

One decision: what the pass over the bytes looks for is derived from the patterns, so that a new kind of key is one line
of data, and a pattern that the pass would never reach is refused and not passed over in silence.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

# The parser of the standard library: `regex` shows no tree. Neither module has types.
_parser: Any = importlib.import_module("re._parser")
_codes: Any = importlib.import_module("re._constants")

FEWEST, MOST = 3, 8  # characters of a beginning: fewer stand everywhere, more tell nothing more
ENDING = 2  # characters of the ending of a name
LONGEST = 40_000  # characters of a secret: an armoured key with its signatures
_WIDEST_SET = 8  # characters of a set that are told one by one
_MOST_FORMS = 64  # of one pattern; where there would be more, they are told no further

_Forms = set[tuple[str, bool]]
"""What a part of a pattern certainly begins (or ends) with, in all its forms, and whether a form goes on behind it."""
_NOTHING: _Forms = {("", True)}
_UNKNOWN: _Forms = {("", False)}


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first characters of a secret, whether they begin a word, and how long the secret may be."""

    characters: str
    begins_word: bool
    longest: int


class UnreachableError(ValueError):
    """A pattern that the pass would not reach: what it does, as the end of a sentence."""


def beginnings(pattern: str) -> list[Beginning]:
    """All ways in which a match begins, in order. Raises `UnreachableError` where one is nothing to look for."""
    tree = _parsed(pattern)
    longest = int(tree.getwidth()[1])
    if longest > LONGEST:
        raise UnreachableError(f"may match more than {LONGEST:,} characters")
    begins_word = any(_forbids_words(*item) for item in _conditions(tree))
    forms = _forms(tree, _either_case(tree), MOST, last=False)
    return [Beginning(form, begins_word, longest) for form in _told(forms, FEWEST, "begins")]


def endings(pattern: str) -> list[str]:
    """The last characters of all matches, in lower case. Raises `UnreachableError` where some are not certain."""
    tree = _parsed(pattern)
    forms = _forms(tree, _either_case(tree), ENDING, last=True)
    return sorted({form.lower() for form in _told(forms, ENDING, "ends")})


def _parsed(pattern: str) -> Any:
    try:
        return _parser.parse(pattern)
    except re.error as error:
        raise UnreachableError(f"is none that the re module of Python reads ({error})") from error


def _either_case(tree: Any) -> bool:
    return bool(tree.state.flags & _codes.SRE_FLAG_IGNORECASE)


def _told(forms: _Forms, fewest: int, verb: str) -> list[str]:
    told = sorted({form for form, _ in forms})
    if any(len(form) < fewest for form in told):
        raise UnreachableError(f"{verb} with fewer than {fewest} certain ASCII characters, or not always")
    return told


def _conditions(items: Iterable[Any]) -> Iterator[Any]:
    """The conditions before the first character."""
    for code, value in items:
        if code is _codes.SUBPATTERN:
            yield from _conditions(value[-1])
        if code not in (_codes.ASSERT, _codes.ASSERT_NOT):
            return
        yield code, value


def _forbids_words(code: Any, value: Any) -> bool:
    """Whether a condition is that no letter, digit or `_` of ASCII stands before."""
    behind, parts = value
    if code is not _codes.ASSERT_NOT or behind > 0 or len(parts) != 1 or parts[0][0] is not _codes.IN:
        return False
    members = {chr(character) for character in _members(parts[0][1]) or ()}
    return {*"azAZ09_"} <= members


def _members(parts: Sequence[Any]) -> list[int] | None:
    """The characters of a set; None where it is told by what it is not, or by a class."""
    members: list[int] = []
    for code, value in parts:
        if code is _codes.LITERAL:
            members.append(value)
        elif code is _codes.RANGE:
            members += range(value[0], value[1] + 1)
        else:
            return None
    return members


def _forms(items: Sequence[Any], either_case: bool, most: int, last: bool) -> _Forms:
    """The forms of a sequence, of at most `most` characters: its first ones, or its `last`."""
    forms = _NOTHING
    for item in reversed(list(items)) if last else items:
        if not any(open_ for _, open_ in forms):
            break
        forms = _followed(forms, _of_item(item, either_case, most, last), most, last)
    return forms


def _followed(forms: _Forms, more: _Forms, most: int, last: bool) -> _Forms:
    """Each form that goes on, with each of `more` behind it (before it, where it is the last)."""
    grown: _Forms = set()
    for form, open_ in forms:
        for added, goes_on in more if open_ else _UNKNOWN:
            whole = (added + form)[-most:] if last else (form + added)[:most]
            grown.add((whole, goes_on and len(whole) < most))
    return grown if len(grown) <= _MOST_FORMS else {(form, False) for form, _ in forms}


def _of_item(item: Any, either_case: bool, most: int, last: bool) -> _Forms:
    code, value = item
    if code is _codes.LITERAL:
        if value > 0x7F:  # the pass looks at bytes
            return _UNKNOWN
        character = chr(value)
        return {(character.lower(), True), (character.upper(), True)} if either_case else {(character, True)}
    if code is _codes.IN:
        members = _members(value)
        if members is None or len(members) > _WIDEST_SET:
            return _UNKNOWN
        return {form for member in members for form in _of_item((_codes.LITERAL, member), either_case, most, last)}
    if code is _codes.BRANCH:
        return {form for branch in value[1] for form in _forms(branch, either_case, most, last)}
    if code is _codes.SUBPATTERN:
        _, added, removed, inner = value
        either_case = bool(added & _codes.SRE_FLAG_IGNORECASE) or (
            either_case and not removed & _codes.SRE_FLAG_IGNORECASE
        )
        return _forms(inner, either_case, most, last)
    if code is _codes.ATOMIC_GROUP:
        return _forms(value, either_case, most, last)
    if code in (_codes.MAX_REPEAT, _codes.MIN_REPEAT, _codes.POSSESSIVE_REPEAT):
        return _repeated(value[0], value[1], _forms(value[2], either_case, most, last), most, last)
    return _NOTHING if code in (_codes.ASSERT, _codes.ASSERT_NOT, _codes.AT) else _UNKNOWN


def _repeated(fewest: int, highest: int, once: _Forms, most: int, last: bool) -> _Forms:
    """The forms of what stands `fewest` to `highest` times; after `most` times nothing is added."""
    forms = _NOTHING
    found: _Forms = set()
    for times in range(min(highest, fewest + most) + 1):
        if times >= fewest:
            found |= forms
        if times > most or not any(open_ for _, open_ in forms):
            return found | forms
        forms = _followed(forms, once, most, last)
    return found
