"""Preference pairs to token stores.

One decision: the two sides of a pair are two conversations of the store, the chosen one first, each as any conversation
is encoded; so what is compared are exactly the ids that the model would be given and would write.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from aurora.console.progress import say
from aurora.corpus.conversation import ASSISTANT, Turn
from aurora.errors import UserError
from aurora.tokens.preferences.reading import Preference
from aurora.tokens.store import SideFile, StoreWriter, store_stem
from aurora.tokens.text.formats import Format
from aurora.tokens.text.text_facts import TextFacts


def encode_preferences(
    text: TextFacts, tokenizer_hash: str, name: str, pairs: Iterable[Preference], license: str, folder: Path
) -> SideFile:
    """Write the store `name` of preference pairs; those of two equal answers say nothing and are left out, and said.

    Raises `UserError` where no pair is left.
    """
    form, alike = Format(text), 0
    with StoreWriter(store_stem(folder, name), text.vocabulary, masked=True) as writer:
        for pair in pairs:
            if pair.chosen == pair.rejected:
                alike += 1
                continue
            for answer in (pair.chosen, pair.rejected):
                turns = [*pair.turns, Turn(ASSISTANT, answer)]
                ids, counted = form.conversation(turns, last_only=True)
                num_bytes = sum(len(turn.text.encode()) for turn in turns)
                writer.add(ids, np.array(counted, np.uint8), num_bytes=num_bytes, license=license)
        if not writer.num_documents:
            raise UserError(f"{name} holds no preference pair with two different answers: give it some, or remove it.")
        if alike:
            say(f"{alike:,} pairs of {name} are left out, as their two answers are the same.")
        source, language = name.split("/")
        return writer.close(source, language, tokenizer_hash, preferences=True)
