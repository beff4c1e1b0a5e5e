"""Actions made of slots: every verb with every object, in the forms that a language needs.

One decision: an action is put together from whole words as written, never inflected by code. An entry of a slot may be
a table of its forms, and an action names the form that its verb governs (`{group.par}` in Finnish), so what is right in
a language is decided by whoever writes it, line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

PLAIN = ""  # the form of an entry that is written as one text
_SLOT = re.compile(r"\{(\w+)(?:\.(\w+))?\}")


def _forms(entry: Any) -> Any:
    """An entry as a table of its forms."""
    forms = {PLAIN: entry} if isinstance(entry, str) else entry
    if not isinstance(forms, dict) or not forms or not all(isinstance(one, str) and one for one in forms.values()):
        raise ValueError("this is neither a text nor a table of forms of one")
    return forms


Entry = Annotated[dict[str, str], BeforeValidator(_forms)]


class Ontology(BaseModel):
    """Actions with slots, and what each slot may hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    actions: list[Annotated[str, Field(min_length=1)]]
    slots: dict[str, list[Entry]]

    def expanded(self) -> Iterator[str]:
        """Every action with every choice of entries, in the written order; those with a slot that is not filled are
        left out, as `mistakes` names them."""
        for number, action in enumerate(self.actions):
            if not any(True for _ in self._wrong_with(number)):
                yield from _filled(action, self.slots)

    def mistakes(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """What is wrong with the slots and actions together: (key, what)."""
        used = {name for action in self.actions for name, _ in _SLOT.findall(action)}
        for number in range(len(self.actions)):
            yield from self._wrong_with(number)
        for name in self.slots:
            if name not in used:
                yield ("slots", name), f"no action has the slot {{{name}}}: add it to one, or remove this"

    def _wrong_with(self, number: int) -> Iterator[tuple[tuple[str, ...], str]]:
        key, action = ("actions", str(number)), self.actions[number]
        if set(_SLOT.sub("", action)) & {"{", "}"}:
            yield key, "a slot is written {name} or {name.form}, and there are other braces here"
        for name, form in _SLOT.findall(action):
            entries = self.slots.get(name)
            if not entries:
                yield key, f"the slot {{{name}}} has no entries: give some in `slots`"
                continue
            for place, entry in enumerate(entries):
                if form not in entry:
                    said = f"has no form {form}" if form else "has several forms, of which the action names none"
                    yield ("slots", name, str(place)), f"{next(iter(entry.values()))!r} {said}, as {action!r} needs"


def _filled(action: str, slots: Mapping[str, Sequence[Mapping[str, str]]]) -> Iterator[str]:
    names = list(dict.fromkeys(name for name, _ in _SLOT.findall(action)))
    for chosen in product(*(slots[name] for name in names)):
        entries = dict(zip(names, chosen, strict=True))
        parts = _SLOT.split(action)  # text, name, form, text, name, form, ..., text
        words = [entries[name][form or PLAIN] for name, form in zip(parts[1::3], parts[2::3], strict=True)]
        yield "".join(text + word for text, word in zip(parts[::3], [*words, ""], strict=True))
