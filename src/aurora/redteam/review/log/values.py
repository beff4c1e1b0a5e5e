"""The values an event may hold: texts, names, hashes and times, each of a stated form and size.

One decision: what could not be written, shown or hashed the same everywhere is refused when it is added, not when it is
exported: half characters, control characters, numbers that are none, and anything without a limit.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from aurora.languages.labels import required

LONGEST_TEXT = 100_000  # characters of a prompt, an answer or a draft
LONGEST_NOTE = 4_000
LONGEST_LINE = 4_000_000  # bytes of an event: an item with a few long drafts
# All control characters but line feed and tab, and halves of characters, which are no Unicode text.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Part(BaseModel):
    """A table of an event: unknown keys and numbers that are none are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


def plain(text: str) -> str:
    """The text itself; ValueError where it holds what is no text."""
    if odd := _UNWRITABLE.search(text):
        raise ValueError(f"there is a {_kind_of(odd[0])} (U+{ord(odd[0]):04X}) at character {odd.start() + 1}")
    return text


def _kind_of(letter: str) -> str:
    return "half of a character" if letter >= "\ud800" else "control character"


def cleaned(text: str) -> str:
    """A text from elsewhere as an event may hold it: line ends as line feeds, without control and half characters."""
    return _UNWRITABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT), AfterValidator(plain)]
Prompt = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT), AfterValidator(plain)]
Note = Annotated[str, StringConstraints(max_length=LONGEST_NOTE), AfterValidator(plain)]
Line = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\n\t]*$"), AfterValidator(plain)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\n\t]*$"), AfterValidator(plain)]
# Ids of people, labels, categories, policies and rooms: as names in a recipe, so each can be a key, a column or a file.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
ItemId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Version = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# The hash of a clause, by whoever made the policy; empty where a policy has none.
ClauseHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{0,64}$")]
Signature = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{128})?$")]
Time = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
# What a client makes up for each thing it sends, so that the same thing sent twice is done once.
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,64}$")]
Language = Annotated[str, StringConstraints(max_length=40), AfterValidator(required)]
Count = Annotated[int, Field(ge=0)]
