"""Token ids to text while they come.

One decision: a character spread over several tokens is held back until it is whole, so what was shown is never taken
back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tokenizers import Tokenizer

UNFINISHED = "\N{REPLACEMENT CHARACTER}"  # what a part of a character is decoded to


def pieces(tokenizer: Tokenizer, ids: Iterable[int]) -> Iterator[str]:
    """Decode ids as they come; a character spread over several tokens is held back until it is whole."""
    known: list[int] = []
    shown = ""
    text = ""
    for token in ids:
        known.append(token)
        text = tokenizer.decode(known, skip_special_tokens=True)
        whole = text.rstrip(UNFINISHED)
        if len(whole) > len(shown):
            yield whole[len(shown) :]
            shown = whole
    if len(text) > len(shown):
        yield text[len(shown) :]
