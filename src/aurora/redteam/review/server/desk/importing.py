"""Items from a file into the log: all of a file or nothing.

One decision: an item that is there already, unchanged, is passed over, so the same file can be imported again; one that
differs under the same id is refused, because labels hang on its text.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from aurora.errors import UserError
from aurora.redteam.review.importing.files import READ
from aurora.redteam.review.importing.items import Assumed, read_items
from aurora.redteam.review.log.contents import Item
from aurora.redteam.review.server.keeping.accounts import Person
from aurora.redteam.review.server.keeping.store import Store


def add_items(store: Store, person: Person, name: str, content: bytes) -> dict[str, int | str]:
    """Import a file that was uploaded under a name; of the name only the ending is used."""
    ending = Path(name).suffix.lower()
    if ending not in READ:
        raise UserError(f"This is of no kind that is read: send a file that ends in {', '.join(READ)}.")
    with tempfile.TemporaryDirectory(prefix="aurora-import-") as folder:
        path = Path(folder) / f"items{ending}"
        path.write_bytes(content)
        try:
            found = read_items(path, _assumed(store, "upload"))
        except UserError as error:  # the temporary place says nothing to whoever sent the file
            raise UserError(str(error).replace(f"{folder}/", "")) from error
    return _add(store, person.reviewer, found)


def import_path(store: Store, who: str, path: Path) -> dict[str, int | str]:
    """Import a file or a folder."""
    return _add(store, who, read_items(path, _assumed(store, path.name)))


def _assumed(store: Store, source: str) -> Assumed:
    with store.turn:
        return Assumed(policy=next(iter(store.state.policies)), source=source)


def _add(store: Store, who: str, found: list[tuple[str, Item]]) -> dict[str, int | str]:
    added = 0
    with store.writing() as writer:
        for id, item in found:
            known = store.state.items.get(id)
            if known is None:
                writer.add("import", who, item, id)
                added += 1
            elif known.item != item:
                raise UserError(
                    f"The item {id} is there already and reads otherwise: give the new one an id of its own."
                )
    there = len(found) - added
    said = f"{added:,} items imported" + (f"; {there:,} were there already." if there else ".")
    return {"added": added, "there": there, "said": said}
