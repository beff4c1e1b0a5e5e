"""What the pass over the bytes finds in a few texts, for the tests of its modules."""

from __future__ import annotations

import numpy as np

from aurora.corpus.personal.addresses import address_languages
from aurora.corpus.personal.patterns import sought
from aurora.corpus.personal.places import KINDS, scan


def places(*texts: str | bytes, lang: str = "und") -> list[tuple[int, str, bytes]]:
    """(document, kind, bytes) of every place."""
    encoded = [text if isinstance(text, bytes) else text.encode() for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)]).astype(np.int64)
    data = np.frombuffer(b"".join(encoded), np.uint8)
    languages = np.full(len(texts), address_languages().get(lang, 0), np.uint8)
    found, owners = scan(offsets, data, languages, sought())
    return [
        (int(owner), KINDS[kind], bytes(data[start:end]))
        for (kind, start, end), owner in zip(found, owners, strict=True)
    ]


def places_of(text: str, *kinds: str) -> list[str]:
    """The places of these kinds in a text."""
    return [place.decode() for _, kind, place in places(text) if kind in kinds]
