"""The patterns of personal data, checked and compiled: what it looks like in a language.

One decision: a pattern that says nothing sensible, or that the pass over a text would never reach, is refused with its
file and line when it is loaded, and not passed over in silence.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import regex

from aurora.corpus.personal.addresses import address_languages, address_tables
from aurora.corpus.personal.beginnings import Beginning, UnreachableError, beginnings, endings
from aurora.corpus.personal.check_digits import CHECKS, last_follows
from aurora.corpus.personal.definitions import Definition, common, definitions, pieces, spelled, types
from aurora.corpus.personal.folded_text import folder
from aurora.corpus.personal.places import KINDS, scan
from aurora.corpus.personal.sought import Sought, sought_for
from aurora.languages import lookup
from aurora.languages.labels import UNDETERMINED

_CUE_REACH = 48  # characters before a value in which a word may say what it is, with no digit between
_VETO_REACH, _UNIT_REACH = 112, 40  # characters before and after it in which something may say that it is none
_LEAST_ENTROPY = 3.5  # bits a character; names of variables and file paths lie below
_MADE_UP = regex.compile(
    r"(?i)example|sample|dummy|placeholder|changeme|your[_-]?|x{4}|test|foo|bar|fake|12345678|abcdef"
)
# What is left of a pattern when escapes and sets are gone has a repetition without end.
_ESCAPED, _SET = regex.compile(r"\\."), regex.compile(r"\[[^\[\]]*\]")
_ENDLESS = regex.compile(r"\*|\{\d*,\}|(?<![}*+?])\+")
_ENTROPY = "entropy"
# Checks that look at the separators, too.
_WHOLE = ("public-address",)


@dataclass(frozen=True, eq=False)
class Pattern:
    """One form of one type, compiled."""

    definition: Definition
    expression: Any
    value: int | str  # the group that is the piece, 0 for all of a match
    cue: Any
    before: Any
    after: Any
    beginnings: tuple[Beginning, ...] = ()
    endings: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """The name of its type."""
        return self.definition.entry.type

    @property
    def kind(self) -> str:
        """The kind of place that it is looked for at."""
        return self.definition.entry.kind

    def accepts(self, text: str, start: int, end: int) -> bool:
        """Whether what stands at [start, end) of the folded text is what it looks like."""
        value = text[start:end]
        number = value.partition("x")[0]  # an extension's digits do not count
        fewest, most = self.definition.entry.digits
        if most and not fewest <= sum(map(str.isdigit, number)) <= most:
            return False
        if self.cue is not None and not self.cue.search(text[max(0, start - _CUE_REACH) : start].lower()):
            return False
        if not self._is_right(value):
            return False
        if self.before is not None and self.before.search(text[max(0, start - _VETO_REACH) : start].lower()):
            return False
        return self.after is None or not self.after.match(text[end : end + _UNIT_REACH].lower())

    def _is_right(self, value: str) -> bool:
        entry = self.definition.entry
        if entry.check == _ENTROPY:
            return _is_random(value)
        bare = regex.sub(r"[^0-9A-Za-z]", "", value)
        if entry.remainder is not None and not last_follows(bare, entry.remainder):
            return False
        return entry.check is None or CHECKS[entry.check](value if entry.check in _WHOLE else bare[-entry.check_last :])


@lookup.cached
def patterns(lang: str, kind: str) -> tuple[Pattern, ...]:
    """The patterns for a language and a kind of place, most telling first."""
    return tuple(pattern for pattern in all_patterns() if pattern.kind == kind and pattern.definition.speaks(lang))


@lookup.cached
def all_patterns() -> tuple[Pattern, ...]:
    """All patterns in order. Raises `UserError` for one that says nothing sensible, or that would never be reached."""
    read = tuple(_compiled(definition) for definition in definitions())
    for pattern in read:
        entry, lang = pattern.definition.entry, pattern.definition.language or UNDETERMINED
        if entry.example and not _is_reached(pattern, lang):
            raise pattern.definition.refused(
                f"it would never be reached: in its example {entry.example!r} the pass over a text finds no place of "
                f"kind {entry.kind!r} for it in language {lang!r}"
            )
    return read


@lookup.cached
def sought() -> Sought:
    """What the pass over a text looks for: how the secrets of all patterns begin, how names of others end, where
    addresses end."""
    return sought_for(
        (one for pattern in all_patterns() for one in pattern.beginnings),
        (one for pattern in all_patterns() for one in pattern.endings),
        address_tables(),
    )


def _compiled(definition: Definition) -> Pattern:
    entry = definition.entry
    _check(definition)
    source = spelled(entry.pattern.replace("{name}", entry.name), definition)
    if _ENDLESS.search(_bare(source)):
        raise definition.refused("it repeats something without an upper bound (*, + or {n,}); say how often at most")
    begun: tuple[Beginning, ...] = ()
    ended: tuple[str, ...] = ()
    try:
        if entry.kind == "tokens":
            begun = tuple(beginnings(source))
        elif entry.kind == "assigned":
            ended = tuple(endings(spelled(entry.name, definition)))
        expression = regex.compile(source, regex.V1)
    except (UnreachableError, regex.error) as error:
        raise definition.refused(f"its pattern {error}, so that it would never be reached") from error
    vetoes = [common().vetoes[veto] for veto in entry.veto]
    return Pattern(
        definition=definition,
        expression=expression,
        value="value" if "value" in expression.groupindex else 0,
        cue=_either([pieces()[entry.cue]], r"(?<![a-z])(?:", r")\D*$", definition) if entry.cue else None,
        before=_either([one for veto in vetoes for one in veto.before], "(?:", ")$", definition),
        after=_either([one for veto in vetoes for one in veto.after], "(?:", ")", definition),
        beginnings=begun,
        endings=ended,
    )


def _check(definition: Definition) -> None:
    """That a pattern has the keys it needs, and that they name what there is."""
    entry = definition.entry
    named: list[tuple[str, str, Collection[str]]] = [("type", entry.type, types())]
    named += [("cue", entry.cue, pieces())] if entry.cue else []
    named += [("check", entry.check, {*CHECKS, _ENTROPY})] if entry.check else []
    named += [("veto", veto, common().vetoes) for veto in entry.veto]
    for key, value, known in named:
        if value not in known:
            raise definition.refused(f"its {key} {value!r} is none of {', '.join(sorted(known))}")
    if entry.kind not in ("tokens", "assigned") and not entry.example:
        raise definition.refused("it has no 'example'")
    if entry.kind == "assigned" and not entry.name:
        raise definition.refused("it has no 'name'")
    if entry.kind == "assigned" and "{name}" not in entry.pattern:
        raise definition.refused("its pattern has no {name}, so that it would never be reached")


def _bare(pattern: str) -> str:
    """A pattern without its escapes and sets."""
    pattern = _ESCAPED.sub("x", pattern)
    while (shorter := _SET.sub("x", pattern)) != pattern:
        pattern = shorter
    return pattern


def _either(sources: list[str], opened: str, closed: str, definition: Definition) -> Any:
    if not sources:
        return None
    whole = opened + "|".join(f"(?:{spelled(one, definition)})" for one in sources) + closed
    try:
        return regex.compile(whole, regex.V1)
    except regex.error as error:
        raise definition.refused(f"a word or veto that it names is no regular expression ({error})") from error


def _is_reached(pattern: Pattern, lang: str) -> bool:
    """Whether the pattern matches in its example, where the pass finds a place for it."""
    text = f" {pattern.definition.entry.example} "
    data = np.frombuffer(text.encode(), np.uint8)
    code = np.array([address_languages().get(lang, 0)], np.uint8)
    places, _ = scan(np.array([0, len(data)], np.int64), data, code, sought_for((), (), address_tables()))
    if not (found := pattern.expression.search(folder(pattern.kind)(text))):
        return False
    start, end = (len(text[:place].encode()) for place in found.span())
    kind = KINDS.index(pattern.kind)
    return any(place == kind and first <= end and start <= last for place, first, last in places.tolist())


def _is_random(value: str) -> bool:
    """Whether a value of an assignment is a key and not a name: letters and digits, much entropy, nothing made up."""
    if _MADE_UP.search(value) or not (regex.search(r"\d", value) and regex.search(r"[A-Za-z]", value)):
        return False
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts) >= _LEAST_ENTROPY
