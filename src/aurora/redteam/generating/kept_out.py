"""Prompts of evaluation sets, which are never taken: what a model is measured on is not what it is tuned on.

One decision: the index that keeps benchmark items out of a corpus keeps them out here; and since it holds short texts
for chance, as sentences of a corpus are, a prompt that is wholly a text of a set counts too, or a turn of one: sets of
conversations hold what was asked within a transcript.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from aurora.corpus.contamination.items import ContaminationIndex
from aurora.corpus.contamination.sentences import bare_text
from aurora.corpus.contamination.sets import Item, read_set
from aurora.errors import UserError

SHORTEST = 8  # letters of a turn that is told from another by itself
MOST_OF_SETS = 0.5  # share of a file's prompts from which it is an evaluation set itself
_TURNS = re.compile(r"\n\s*\n")
_SPEAKER = re.compile(r"^\s*\w{2,12}:\s*")


class KeptOut:
    """The texts of evaluation sets: files or folders of JSON lines."""

    def __init__(self, sets: Sequence[Path]) -> None:
        items: list[Item] = []
        for path in sets:
            if not path.exists():
                raise UserError(f"--keep-out {path} does not exist: check the path of the evaluation set.")
            items += read_set(path.name, path)
        self._index = ContaminationIndex(items) if items else None
        parts = ((part, item.set) for item in items for text in item.texts for part in _parts(text))
        self._whole = {bare: name for part, name in parts if len(bare := bare_text(part)) >= SHORTEST}

    def sets_of(self, prompts: Sequence[str]) -> list[str | None]:
        """The set that each prompt belongs to, or None."""
        if self._index is None:
            return [None] * len(prompts)
        contained = self._index.find(pa.array(prompts, pa.large_string()))
        return [
            self._whole.get(bare_text(prompt)) or (held[0] if held else None)
            for prompt, held in zip(prompts, contained, strict=True)
        ]


def _parts(text: str) -> Iterator[str]:
    """A text, and its turns without their speakers."""
    yield text
    for turn in _TURNS.split(text):
        yield _SPEAKER.sub("", turn)
