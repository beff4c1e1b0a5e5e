"""Terminal output: everything that a command prints passes through here.

One decision: documents, labels, file names and a model's answers come from other people, and a terminal obeys some
characters instead of showing them. Here each such character becomes the replacement character, or its escape in JSON.
Characters that writing needs are kept: joiners, combining marks and direction marks; line breaks and tabs too, where a
text may have several lines.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# C0 (except tab and line feed), DEL and C1 control a terminal: ESC [ and its one-character form begin commands, a
# carriage return overwrites a line. Embeddings, overrides and isolates reorder the text that follows; U+2028 and U+2029
# break lines in some programs; half of a surrogate pair cannot be encoded.
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str) -> str:
    """`text` with the characters that control a terminal replaced."""
    return _STEERING.sub(REPLACEMENT, text.replace("\r\n", "\n"))


def line(text: str) -> str:
    """`text` on one line, so that no label or file name can imitate a line of Aurora's output."""
    return plain(" ".join(text.splitlines()).replace("\t", " "))


def write(text: str, *, err: bool = False, end: str = "\n") -> None:
    """Write `text` to standard output, or standard error."""
    _put(plain(text) + end, err)


def write_json(value: Any) -> None:
    """Write `value` to standard output as one line of JSON."""
    write_json_text(json.dumps(value, ensure_ascii=False) + "\n")


def write_json_text(text: str) -> None:
    """Write JSON text to standard output with escapes for control characters; its value stays the same."""
    _put(_STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", text), err=False)


def _put(text: str, err: bool) -> None:
    stream = sys.stderr if err else sys.stdout
    try:
        stream.write(text)
    except UnicodeEncodeError:  # an ASCII terminal, say; in JSON the escapes mean the same
        stream.write(text.encode(stream.encoding, "backslashreplace").decode(stream.encoding))
    stream.flush()
