"""What reaches a terminal: the one place that all output of the commands goes through.

One decision: documents, labels, file names and answers of a model are other people's, and a terminal obeys some
characters instead of showing them. So every line is written here, where those become the replacement character, or
their escapes in JSON. All of writing itself is kept: joiners, combining marks and the marks that a script's direction
needs; line breaks and tabs are kept where a text may have several lines.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# C0 but tab and line feed, DEL and C1 steer a terminal (ESC [ and its one-character form begin its commands, a carriage
# return overwrites a line); embeddings, overrides and isolates turn round what follows; the separators break lines in
# some programs; half a character cannot be encoded.
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str) -> str:
    """`text` without what would steer a terminal."""
    return _STEERING.sub(REPLACEMENT, text.replace("\r\n", "\n"))


def line(text: str) -> str:
    """`text` in one line, so that no label or file name can look like a line of ours."""
    return plain(" ".join(text.splitlines()).replace("\t", " "))


def write(text: str, *, err: bool = False, end: str = "\n") -> None:
    """Write `text` to standard output, or standard error."""
    _put(plain(text) + end, err)


def write_json(value: Any) -> None:
    """Write `value` to standard output as one line of JSON."""
    write_json_text(json.dumps(value, ensure_ascii=False) + "\n")


def write_json_text(text: str) -> None:
    """Write a text of JSON to standard output; what it means stays the same."""
    _put(_STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text), err=False)


def _put(text: str, err: bool) -> None:
    stream = sys.stderr if err else sys.stdout
    try:
        stream.write(text)
    except UnicodeEncodeError:  # a terminal without our characters; in JSON their escapes mean the same
        stream.write(text.encode(stream.encoding, "backslashreplace").decode(stream.encoding))
    stream.flush()
