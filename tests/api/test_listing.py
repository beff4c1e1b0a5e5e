"""What comes with Aurora, as lists."""

from __future__ import annotations

import pytest

from aurora.api.listing import KINDS, listing
from aurora.commands.looking_up import KINDS as COMMANDS
from aurora.corpus.rules.rule_sets import SETS
from aurora.languages import lookup
from aurora.model.families import FAMILIES
from aurora.shipped import places


def test_the_command_knows_every_kind() -> None:
    assert tuple(KINDS) == COMMANDS


@pytest.mark.parametrize("kind", [*KINDS])
def test_everything_is_named_once_and_told_in_a_line(kind: str) -> None:
    found = listing(kind)
    assert len({one.name for one in found}) == len(found) > 0
    for one in found:
        assert one.says.strip(), one.name
        assert "\n" not in one.says
        assert one.path is None or one.path.is_file()


def test_each_list_is_what_a_recipe_may_name() -> None:
    def named(kind: str) -> list[str]:
        return [one.name for one in listing(kind)]

    assert named("recipes") == places.names("recipes")
    assert named("policies") == places.names("policies")
    assert named("languages") == lookup.codes()
    assert named("rules") == [*SETS]
    assert named("models") == [*FAMILIES]
    assert {"jsonl", "parquet", "hub", "conversations"} <= {*named("sources")}
