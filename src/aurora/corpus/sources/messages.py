"""Messages of programs as lines of text: without placeholders, markup and shortcuts, and without mere labels.

One decision: a message counts as text only if it still reads as such without everything that the program inserts; one
that was mostly placeholders, or is mostly symbols, is left out as a whole.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from aurora.corpus.sources.catalogues import Message
from aurora.languages import lookup

# Fewer words (in languages without spaces: characters) are a label of a button or menu.
LEAST_WORDS = 3
LEAST_CHARACTERS_UNSPACED = 8
LEAST_LETTER_SHARE = 0.75  # of visible characters
# With more than one hole for so many characters of text, a message reads as a form, not as a sentence.
CHARACTERS_A_HOLE = 25
LONGEST_MESSAGE = 20_000  # characters; longer ones are licences and manuals, and patterns are slow on them

_HOLE = "\ufffc"
# "{count, plural, one {a file} other {# files}}" becomes the branch `other`, which every language has.
_BRANCHES = re.compile(
    r"\{\s*\w+\s*,\s*(?:plural|select|selectordinal)\s*,(?:[^{}]|\{[^{}]*\}){0,200}?other\s*\{([^{}]*)\}\s*\}"
)
_PLACEHOLDER = re.compile(
    r"%\([\w.]+\)[-#0+]*\d*(?:\.\d+)?[a-zA-Z]"  # %(name)s
    r"|%\d*\$?[-#0+]*\d*(?:\.\d+)?[sdifrxuc](?![A-Za-z])|%\d{1,2}(?![\d.,])"  # %s, %1$s, %-5.2f, %1
    r"|[%#$]\{[^{}]*\}|\{\{[^{}]*\}\}|\{[^{}]{0,60}\}"  # ${name}, %{name}, {{ name }}, {0}
)
_BLOCK_TAG = re.compile(r"</?(?:p|br|li|ul|ol|div|h\d|tr|td|table|hr)\b[^<>]{0,300}>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z0-9_][^<>]{0,300}>|<!--(?:(?!-->|<!--).)*-->")
_ROLE = re.compile(r":[\w.-]+(?::[\w.-]+)?:`~?([^`<>]+)(?:<[^<>]*>)?`|`([^`<>]+)<[^<>]*>`_{1,2}")
_LINK = re.compile(r"!?\[([^\[\]]+)\]\([^()]*\)|\[\d+:([^\[\]]*)\]|\[\[([^\[\]]*)\]\]")
_MARKUP = re.compile(r"`+|\*+(?=\S)|(?<=\S)\*+|(?<!\w)__(?=\w)|(?<=\w)__(?!\w)|%(?=%)")
_ACCELERATOR = re.compile(r"\([&_]\w\)|&(?=[^\W\d_])(?<![A-Z]&)(?!\w+;)|(?<!\w)_(?=[^\W_])")
# Quotes and brackets that contain only holes are removed with them.
_ENCLOSED = re.compile(
    rf"[\"'“”„‘’«»「『（(\[]{{1,4}}[\s,/×x–-]{{0,9}}{_HOLE}[\s,/×x–{_HOLE}-]{{0,20}}[\"'“”‘’«»」』）)\]]{{1,4}}"
)
_EMPTY = re.compile(r"\(\s*\)|\[\s*\]|「\s*」|『\s*』|（\s*）|“\s*”|«\s*»|(?<!\S)\"\s*\"(?!\w)|(?<!\S)'\s*'(?!\w)")
_SPACES = re.compile(rf"[\s{_HOLE}]+")
_SPACE_BEFORE = re.compile(r"(?<=\S) +(?=[.,;:!?…)\]」』。、！？।](?!\w))")
_CJK = "\u3000-\u30ff\u3400-\u9fff\uff00-\uffef"
_SPACE_WITHIN = re.compile(rf"(?<=[{_CJK}]) +(?=[{_CJK}])")
_EDGES = " \t.,;:!?|/–—-•·*#>।。、"
_PARAGRAPH = re.compile(r"\n\s*\n|\r\n\s*\r\n")
# Addresses, code and paths: a text with one is not prose.
_NOT_TEXT = re.compile(
    r"://|\bwww\.|\w@\w+\.\w|[{}\\<|=^~\ufffd\x00-\x08]|::|->|\w\(\)|\$\w|(?<!\w)--[a-z]|/\w+/|\w\.\w+\.\w"
)


def lines(messages: Iterable[Message], language: str, untranslated: frozenset[str]) -> Iterator[str]:
    """The lines of text in a catalogue's translations; `untranslated` are texts known to be English."""
    for message in messages:
        translation = message.translation
        if translation == message.original or translation in untranslated:
            continue
        for paragraph in paragraphs(translation):
            if is_prose(paragraph, language):
                yield paragraph


def paragraphs(text: str) -> Iterator[str]:
    """The cleaned paragraphs of a message that have text, each on one line."""
    if len(text) <= LONGEST_MESSAGE:
        for part in _PARAGRAPH.split(_BLOCK_TAG.sub("\n\n", text)):
            if cleaned := clean(part):
                yield cleaned


def clean(text: str) -> str:
    """A paragraph on one line, without placeholders and markup; empty if it does not read as text without them.

    Cleaning twice changes nothing.
    """
    num_holes = 0
    # Repeated, since removing one layer can expose another ("&amp;amp;", "{{{x}}}"). Deeper ones are not messages.
    for _ in range(8):
        cleaned, more_holes = _once(text)
        num_holes += more_holes
        if cleaned == text:
            reads = not _NOT_TEXT.search(text) and len(text) >= CHARACTERS_A_HOLE * num_holes
            return text if reads else ""
        text = cleaned
    return ""


def _once(text: str) -> tuple[str, int]:
    """The text without one layer of markup, and the number of its placeholders."""
    text = _BRANCHES.sub(lambda match: match[1].replace("#", _HOLE), html.unescape(text))
    text = _LINK.sub(_inner, _ROLE.sub(_inner, text))
    text = _endings().sub(_HOLE, _PLACEHOLDER.sub(_HOLE, text))
    num_holes = text.count(_HOLE)
    text = _TAG.sub("", _BLOCK_TAG.sub(" ", text))
    text = _ACCELERATOR.sub("", _MARKUP.sub("", text))
    text = _EMPTY.sub(" ", _ENCLOSED.sub(_HOLE, text))
    text = _SPACE_BEFORE.sub("", _SPACES.sub(" ", text))
    return _SPACE_WITHIN.sub("", text).lstrip(_EDGES).rstrip(" \t/|–—-•·*#>"), num_holes


@lookup.cached
def _endings() -> re.Pattern[str]:
    """A placeholder with an ending that a language writes to it behind a colon ("%s:lle") and that goes with it."""
    found = (entry.language.messages.ending for entry in lookup.entries())
    return re.compile(rf"{_HOLE}:(?:{'|'.join(filter(None, found)) or '(?!)'})\b")


def _inner(match: re.Match[str]) -> str:
    return next((group for group in match.groups() if group is not None), "")


def is_prose(text: str, language: str) -> bool:
    """Whether a cleaned line is more than a label, consists mostly of letters, and is in the script of its language."""
    num_letters = sum(map(_is_letter, text))
    if num_letters < LEAST_LETTER_SHARE * sum(not character.isspace() for character in text):
        return False
    if (known := lookup.find(language)) is not None:
        letters, telling = known.messages.letters, known.messages.telling
        if letters and 2 * len(re.findall(letters, text)) < num_letters:
            return False
        if telling and not re.search(telling, text):
            return False
    if not lookup.is_spaced(language):
        return num_letters >= LEAST_CHARACTERS_UNSPACED
    return sum(any(map(str.isalpha, word)) for word in text.split()) >= LEAST_WORDS


def _is_letter(character: str) -> bool:
    # Vowel signs of Indic scripts are marks, not letters, to Unicode.
    return character.isalpha() or "\u0900" <= character <= "\u0dff"
