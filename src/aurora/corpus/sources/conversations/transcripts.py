"""Transcripts: one text in which marks say who speaks.

One decision: the mark at the beginning tells the kind of all others, and at least one turn of another side follows it;
so a text that quotes a mark is no transcript, and what is said may hold marks of another kind.
"""

from __future__ import annotations

import re

# By kind of mark: those of HH, of Guanaco, of OIG, and ChatML, whose turns have an end too.
_MARKS = tuple(
    re.compile(mark)
    for mark in (
        r"(?:\A|\n\r?\n)[ \t]{0,8}(Human|Assistant|System):[ \t]?",
        r"### (Human|Assistant|System):[ \t]?",
        r"(?:\A|\n)[ \t]{0,8}<(human|bot|system)>:[ \t]?",
        r"(?:\A|\n)<\|im_start\|>([\w-]{1,40})\r?\n",
    )
)
_CHATML, _END = _MARKS[-1], "<|im_end|>"


def speakers_in(text: str) -> list[tuple[str, str]] | None:
    """Who says what in a transcript, in order; None where a text is none."""
    text = text.strip()
    for mark in _MARKS:
        if not mark.match(text):
            continue
        pieces = mark.split(text)
        if len({name.lower() for name in pieces[1::2]}) < 2:
            return None
        said = [piece.strip() for piece in pieces[2::2]]
        if mark is _CHATML:
            said = [piece.removesuffix(_END).rstrip() for piece in said]
        return list(zip(pieces[1::2], said, strict=True))
    return None
