"""Messages from translation catalogues: GNU gettext (`.po`, `.mo`) and JSON.

One decision: a catalogue's language is the one that its path names, and a catalogue that breaks its format anywhere
yields nothing: the rest of a damaged file cannot be trusted.
"""

from __future__ import annotations

import codecs
import json
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aurora.languages.labels import canonical, without_region

# locale/ja_JP/LC_MESSAGES/x.mo is certain; i18n/hi/common.json, translations/fi-0a1b.json and messages_vi.json have one
# of the two-letter codes after a telling word.
_GETTEXT_PLACE = re.compile(r"(?:^|/)(?P<label>[a-z]{2,3}(?:[_@-][A-Za-z]+)*)/LC_MESSAGES/")
_WORD_PLACE = re.compile(r"(?:^|/)(?:locales?|translations?|i18n|lang|languages?|messages)(?=[/_.])")
_CODE_PLACE = re.compile(r"(?<=[/_.-])(?P<label>(?P<code>[a-z]{2})(?:[_-](?:[A-Z]{2}|[A-Z][a-z]{3}))?)(?=[/.-])")
_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv "
    "ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne "
    "ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st "
    "su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
_ISO_639_1 = frozenset(_CODES.split())
ENDINGS = (".po", ".mo", ".json")
# Lists of names, not messages.
_NAME_LISTS = re.compile(r"mathmaps|iso[_-]?\d+|pycountry|countries|languages\.|emoji|fonts|icons")
_CHARSET = re.compile(r"charset=([\w.:-]+)", re.IGNORECASE)
_QUOTED = re.compile(r'^(?:(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d+)\])?\s*)?"((?:[^"\\]|\\.)*)"$')
_ESCAPE = re.compile(r"\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "a": "", "b": "", "f": "", "v": ""}
CONTEXT = "\x04"
_NO_CHARACTER_SETS = frozenset({"idna", "punycode"})  # codecs of addresses, whose time grows with the square of a text


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a program and its translation; of a plural, the form for many."""

    original: str
    translation: str


def language_of(path: str) -> str | None:
    """The language that a catalogue's path names, without its region; None if it is not a catalogue's path."""
    match = _language_in(path)
    tag = canonical(match["label"]) if match else None
    return None if tag is None else without_region(tag)


def domain_of(path: str) -> str:
    """The path of a catalogue with `*` for its language: translations of the same messages share it."""
    match = _language_in(path)
    return path if match is None else f"{path[: match.start('label')]}*{path[match.end() :]}"


def _language_in(path: str) -> re.Match[str] | None:
    """The part of a path that names its language."""
    if not path.endswith(ENDINGS) or _NAME_LISTS.search(path):
        return None
    if match := _GETTEXT_PLACE.search(path):
        return match
    word = _WORD_PLACE.search(path)
    codes = _CODE_PLACE.finditer(path, word.end()) if word else iter(())
    return next((code for code in codes if code["code"] in _ISO_639_1), None)


def read_catalogue(path: str, content: bytes) -> list[Message]:
    """All messages of a catalogue in order; ValueError says where it breaks its format."""
    if path.endswith(".mo"):
        return list(_mo(content))
    if path.endswith(".po"):
        return list(_po(content))
    try:
        return list(_json(json.loads(content.decode("utf-8-sig")), ""))
    except RecursionError as error:
        raise ValueError("the JSON is nested too deep") from error


def _mo(content: bytes) -> Iterator[Message]:
    """The format of GNU gettext: two tables of (length, offset), of originals and of translations."""
    if content[:4] not in (b"\xde\x12\x04\x95", b"\x95\x04\x12\xde") or len(content) < 20:
        raise ValueError("not a GNU message catalogue: it does not begin like one")
    order = "<" if content[0] == 0xDE else ">"
    _, num_messages, originals, translations = struct.unpack_from(f"{order}4I", content, 4)
    if max(originals, translations) + 8 * num_messages > len(content):
        raise ValueError("cut short: its tables reach beyond its end")

    left = 2 * len(content)  # texts may share bytes, but a million entries must not each name the whole file

    def text(table: int, number: int) -> bytes:
        nonlocal left
        length, offset = struct.unpack_from(f"{order}2I", content, table + 8 * number)
        left -= length
        if left < 0:
            raise ValueError("its messages are longer than the file itself")
        if offset + length > len(content):
            raise ValueError(f"cut short: message {number + 1} is beyond its end")
        return content[offset : offset + length]

    pairs = [(text(originals, number), text(translations, number)) for number in range(num_messages)]
    header = next((translation for original, translation in pairs if not original), b"")
    charset = _charset(header)
    for original, translation in pairs:
        if original:
            # "singular NUL plural", each translated to as many forms as the language has.
            message = _decoded(original, charset).split("\0")[-1].rpartition(CONTEXT)[2]
            yield Message(message, _decoded(translation, charset).split("\0")[-1])


@dataclass(slots=True)
class _Entry:
    """A message of a `.po` file while its lines are read."""

    lines: dict[str, list[str]] = field(default_factory=dict)
    fuzzy: bool = False

    def message(self) -> Message | None:
        """The message; None for the header and for one that a translator marked as unsure."""
        fields = {key: "".join(lines) for key, lines in self.lines.items()}
        original = fields.get("msgid_plural") or fields.get("msgid", "")
        forms = [text for key, text in fields.items() if key.startswith("msgstr")]
        return Message(original, forms[-1]) if original and forms and not self.fuzzy else None


def _po(content: bytes) -> Iterator[Message]:
    """The source format of GNU gettext; obsolete messages (`#~`) are comments here."""
    entry = _Entry()
    current = ""
    for number, line in enumerate(_decoded(content.removeprefix(b"\xef\xbb\xbf"), _charset(content)).split("\n"), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            if "msgstr" in current:  # a comment belongs to the next entry
                if message := entry.message():
                    yield message
                entry, current = _Entry(), ""
            entry.fuzzy |= line.startswith("#,") and "fuzzy" in line
            continue
        quoted = _QUOTED.match(line)
        if quoted is None or not (quoted[1] or current):
            raise ValueError(f"line {number} is neither a message nor a comment")
        if quoted[1]:
            if quoted[1] in ("msgid", "msgctxt") and "msgstr" in current:
                if message := entry.message():
                    yield message
                entry = _Entry()
            current = f"{quoted[1]}[{quoted[2]}]" if quoted[2] else quoted[1]
        entry.lines.setdefault(current, []).append(_ESCAPE.sub(_unescaped, quoted[3]))
    if message := entry.message():
        yield message


def _unescaped(escape: re.Match[str]) -> str:
    code = escape[1]
    if code[0].isdigit() and code[0] < "8":
        return chr(int(code, 8))
    if code[0] == "x" and len(code) > 1:
        return chr(int(code[1:], 16))
    return _ESCAPED.get(code, code)


def _json(value: Any, key: str) -> Iterator[Message]:
    """Every text of a JSON catalogue, however deep, with its key; the empty key is the catalogue's header."""
    if isinstance(value, str):
        yield Message(key.rpartition(CONTEXT)[2], value)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name:
                yield from _json(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _json(item, key)


def _charset(header: bytes) -> str:
    stated = _CHARSET.search(header[:4000].decode("ascii", "replace"))
    return stated[1] if stated and stated[1] != "CHARSET" else "utf-8"  # CHARSET is gettext's unfilled template


def _decoded(content: bytes, charset: str) -> str:
    try:
        if codecs.lookup(charset).name in _NO_CHARACTER_SETS:
            raise LookupError(charset)
        return content.decode(charset)
    except LookupError as error:
        raise ValueError(f"its character set {charset} is unknown") from error
