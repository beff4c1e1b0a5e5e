"""Sentences out of translation catalogues: GNU `.mo` files and JSON.

One decision: a catalogue's language is the one its path says, and a string counts only where it is translated, says
something (several words), and reads as text once placeholders and markup are gone.
"""

from __future__ import annotations

import gettext
import html
import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

# .../locale/ja_JP/LC_MESSAGES/x.mo, .../translations/fi-0a1b.json, .../messages_vi.json
_LANGUAGE_IN_PATH = re.compile(r"(?:^|[/._])([a-z]{2,3})(?:[_-][A-Z]{2})?(?=[/.-])(?=.*\.(?:mo|json)$)")
_MESSAGES = re.compile(r"(?:^|/)([a-z]{2,3})(?:[_-][A-Z]{2})?/LC_MESSAGES/")
_LABEL_FILES = re.compile(r"mathmaps|iso\d+|pycountry|countries|languages|emoji|fonts|icons")
# "{count, plural, one {a file} other {# files}}": the branch that every language has stands for all.
_BRANCHES = re.compile(
    r"\{\s*\w+\s*,\s*(?:plural|select|selectordinal)\s*,(?:[^{}]|\{[^{}]*\})*?other\s*\{([^{}]*)\}\s*\}"
)
_NOISE = re.compile(
    r"<[^<>]{1,300}>"  # tags
    r"|%\([\w.]+\)[-#0 +]*\d*\.?\d*[a-zA-Z]|%[-#0 +]*\d*\.?\d*[sdifrxu]\b"  # printf
    r"|\$\{[^{}]*\}|\{\{[^{}]*\}\}|\{[^{}]{0,60}\}"  # braces of all kinds
    r"|`{1,2}|\*{1,3}|\[\[|\]\]"  # markup of prose
)
_ROLE = re.compile(r":[\w.-]+(?::[\w.-]+)?:`~?([^`<]+)(?:<[^>]*>)?`")
_LINK = re.compile(r"\[([^\[\]]+)\]\([^()]*\)")
_ACCELERATOR = re.compile(r"\((?:&|_)\w\)|&(?=\w)(?!\w+;)|(?<!\w)_(?=\w)")
_SPACES = re.compile(r"[ \t\u00a0]+")
_ADDRESS = re.compile(r"https?:|www\.|@\w+\.")
_SCRIPTS = {"hi": re.compile("[\u0900-\u097f]"), "ja": re.compile("[\u3040-\u30ff\u3400-\u9fff]")}
# Three words say something; so do two long ones, where a language joins what others write apart.
LEAST_WORDS = 3
LEAST_CHARACTERS = 20
LEAST_CHARACTERS_UNSPACED = 8
UNSPACED = ("ja", "zh", "th")


def language_of(path: str) -> str | None:
    """The language a catalogue's path names, or None where the path is no catalogue's."""
    if not path.endswith((".mo", ".json")) or _LABEL_FILES.search(path):
        return None
    # A catalogue itself may have a short name ("ja/LC_MESSAGES/git.mo").
    found = _MESSAGES.findall(path) or _LANGUAGE_IN_PATH.findall(path)
    return found[-1] if found else None


def translations(path: str, content: bytes) -> Iterator[tuple[str, str]]:
    """(original or key, translation) pairs of a catalogue; raises ValueError for one that cannot be parsed."""
    if path.endswith(".mo"):
        yield from _mo(content)
    else:
        yield from _json(json.loads(content.decode("utf-8-sig")), "")


def clean(text: str) -> str:
    """A catalogue string without placeholders, markup and accelerators; empty where nothing readable is left."""
    # Taking one thing out can lay bare another ("&amp;amp;", "{{{x}}}"): until nothing changes.
    for _ in range(8):
        if _ADDRESS.search(text):
            return ""
        cleaned = _once(text)
        if cleaned == text:
            return text
        text = cleaned
    return ""


def _once(text: str) -> str:
    text = _BRANCHES.sub(r"\1", html.unescape(text))
    text = _LINK.sub(r"\1", _ROLE.sub(r"\1", text))
    text = _ACCELERATOR.sub("", _NOISE.sub(" ", text))
    lines = (_SPACES.sub(" ", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def says_something(text: str, language: str) -> bool:
    """Whether a cleaned string is more than a label, and in the script of its language."""
    if language in _SCRIPTS and 2 * len(_SCRIPTS[language].findall(text)) < sum(map(str.isalpha, text)):
        return False
    if language in UNSPACED:
        return len(text) >= LEAST_CHARACTERS_UNSPACED
    num_words = len(text.split())
    return num_words >= LEAST_WORDS or (num_words > 1 and len(text) >= LEAST_CHARACTERS)


def sentences(pairs: Iterable[tuple[str, str]], language: str, originals: frozenset[str]) -> Iterator[str]:
    """The cleaned translations of a catalogue that are text; `originals` are strings known to be untranslated."""
    for original, translation in pairs:
        if translation in (original, "") or translation in originals:
            continue
        cleaned = clean(translation)
        if says_something(cleaned, language):
            yield cleaned


def _mo(content: bytes) -> Iterator[tuple[str, str]]:
    try:
        catalogue = gettext.GNUTranslations(io.BytesIO(content))
    except Exception as error:  # struct, codec, plural-form and system errors: all say that it is broken
        raise ValueError(f"not a message catalogue ({type(error).__name__}: {error})") from error
    entries: dict[Any, str] = catalogue._catalog  # type: ignore[attr-defined]  # the only way to list a catalogue
    for key, translation in entries.items():
        original = key[0] if isinstance(key, tuple) else key
        if original:
            yield original.rpartition("\x04")[2], translation


def _json(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, item in value.items():
            if name:  # the empty key holds a catalogue's header
                yield from _json(item, str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _json(item, key)
