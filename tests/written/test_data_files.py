"""Files of data read into types: all that is wrong at once, and where keys stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from aurora.errors import Mistakes
from aurora.written.data_files import read_data
from aurora.written.mistakes import Mistake


class Shelf(BaseModel):
    model_config = ConfigDict(extra="forbid")
    label: str
    places: int = Field(ge=1)


class House(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    rooms: list[str]
    shelves: dict[str, Shelf] = Field(default_factory=dict)


SOUND = """\
name: ours
rooms:
- hall
- attic
shelves:
  books: {label: Books, places: 4}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "house.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def judged(house: House) -> Iterator[Mistake]:
    for number, room in enumerate(house.rooms):
        if room == "attic":
            yield Mistake(("rooms", str(number)), "an attic is no room; take it away")
    if "tools" not in house.shelves:
        yield Mistake(("shelves", "tools"), "there is no shelf of tools")


def test_a_sound_file_is_its_content_and_places(tmp_path: Path) -> None:
    path = written(tmp_path, SOUND.replace("attic", "kitchen"))
    file = read_data(path, House, "a house")
    assert file.checked().rooms == ["hall", "kitchen"]
    assert file.places.place("rooms", "1") == f"{path}, line 4"
    assert file.places.place("shelves", "books", "colour") == f"{path}, line 6"
    assert file.places.place("garden") == str(path)


def test_mistakes_of_form_and_meaning_are_told_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = (
        SOUND.replace("books:", "tools:")
        .replace("name", "nmae")
        .replace("- hall", "- 7")
        .replace("places: 4", "places: 0")
    )
    path = written(tmp_path, text)
    with pytest.raises(Mistakes) as refused:
        read_data(path, House, "a house").checked(judged)
    assert refused.value.sentences == [
        f"{path}, line 1: unknown key nmae (did you mean name?).",
        f"{path}, line 3: rooms.0: 7 stands where a text belongs; put it in quotes.",
        f"{path}, line 6: shelves.tools.places: 0 is out of bounds; give 1 or more.",
    ]


def test_what_is_mended_makes_no_mistakes_of_meaning(tmp_path: Path) -> None:
    path = written(tmp_path, SOUND.replace("books: {label: Books, places: 4}", "tools: 4"))
    told = read_data(path, House, "a house").sentences(judged)
    assert told == [
        f"{path}, line 4: rooms.1: an attic is no room; take it away.",
        f"{path}, line 6: shelves.tools: 4 stands where a table belongs.",
    ]


def test_a_file_beyond_mending_tells_its_form_alone(tmp_path: Path) -> None:
    path = written(tmp_path, SOUND.replace("name: ours\n", ""))
    assert read_data(path, House, "a house").sentences(judged) == [f"{path}: the key name is missing."]
    with pytest.raises(FileNotFoundError):
        read_data(tmp_path / "none.yaml", House, "a house")
