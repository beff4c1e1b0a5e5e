"""What the rules know of a language: thresholds, stop words, ends of sentences, phrases; all of it data files.

One decision: a language without an entry takes `default`, and so does one in another script than it is usually written
in (hi-Latn), for which nothing was measured; a region (en-GB) takes its language's.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from aurora.languages.labels import CODE, in_usual_script, primary


@cache
def thresholds(lang: str) -> dict[str, Any]:
    """The table of a language; languages without one use `default`."""
    tables = _load("quality.yaml")
    return tables[CODE] if lang == CODE else tables["default"] | _own(tables, lang)


def stop_words(lang: str) -> tuple[str, ...]:
    """Words that ordinary text of a language has; none for a language we have no list of."""
    return tuple(_entry(lang).get("stop_words", "").split())


def terminals(lang: str) -> tuple[str, str]:
    """(characters that end a sentence, quotation marks and brackets that may follow them)."""
    entry = _entry(lang)
    return entry["ending"], entry["closing"]


def phrases(lang: str) -> dict[str, tuple[str, ...]]:
    """Phrases in lower case that mark a line as no prose, or code as generated or licensed, by kind."""
    entry = _entry(lang)
    kinds = ("filler", "script", "policy", "generated", "licence")
    return {kind: tuple(entry[kind]) for kind in kinds if kind in entry}


def _own(tables: dict[str, dict[str, Any]], lang: str) -> dict[str, Any]:
    return tables.get(primary(lang), {}) if in_usual_script(lang) else {}


def _entry(lang: str) -> dict[str, Any]:
    tables = _load("languages.yaml")
    return tables["default"] | _own(tables, lang)


@cache
def _load(name: str) -> dict[str, dict[str, Any]]:
    import yaml

    return yaml.safe_load((files("aurora.corpus") / "data" / name).read_text(encoding="utf-8"))  # type: ignore[no-any-return]
