from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.ledger import EXAMPLES_PER_RULE, EXCERPT, Ledger

FATES = st.sampled_from(["clean", "held_out", "drop", "quarantine"])
ENTRIES = st.lists(
    st.tuples(
        FATES, st.sampled_from(["a", "b"]), st.sampled_from(["en", "ja"]), st.integers(1, 9), st.integers(0, 10**6)
    )
)
Entry = tuple[str, str, str, int, int]


def enter(ledger: Ledger, entry: Entry) -> None:
    fate, source, lang, documents, size = entry
    if fate == "drop":
        ledger.drop(source, lang, "quality", "too-short", documents, size)
        ledger.example("quality", "too-short", lang, "text", size)
        ledger.change("normalised", lang, documents)
    elif fate == "quarantine":
        ledger.quarantine(source, lang, documents)
    else:
        ledger.keep(source, lang, fate, documents, size)


@given(ENTRIES)
def test_everything_that_came_in_is_accounted_for(entries: list[Entry]) -> None:
    ledger = Ledger()
    for entry in entries:
        enter(ledger, entry)
    closed = ledger.close({"a": {}, "b": {}})

    def documents(*fates: str) -> int:
        return sum(entry[3] for entry in entries if entry[0] in fates)

    size_held_out = sum(entry[4] for entry in entries if entry[0] == "held_out")
    assert closed["documents"] == {
        "in": sum(entry[3] for entry in entries),
        "kept": documents("clean", "held_out"),
        "dropped": documents("drop"),
        "quarantined": documents("quarantine"),
    }
    assert closed["bytes"]["in"] == closed["bytes"]["kept"] + closed["bytes"]["dropped"]
    assert closed["bytes"]["kept"] == sum(closed["bytes_kept"].values())
    assert closed["held_out"] == {"documents": documents("held_out"), "bytes": size_held_out}
    assert sum(loss["documents"] for loss in closed["losses"]) == documents("drop")
    assert sum(loss["bytes"] for loss in closed["losses"]) == closed["bytes"]["dropped"]
    assert sum(closed["changes"].get("normalised", {}).values()) == documents("drop")
    for table in closed["by_source"].values():
        for counts in table.values():
            assert counts["in"] == counts["kept"] + counts["dropped"] + counts["quarantined"]


@given(ENTRIES, st.integers(0, 9))
def test_ledgers_of_shards_add_up_to_one(entries: list[Entry], cut: int) -> None:
    whole, added = Ledger(), Ledger()
    for entry in entries:
        enter(whole, entry)
    for piece in (entries[:cut], entries[cut:]):
        shard = Ledger()
        for entry in piece:
            enter(shard, entry)
        added.add(json.loads(json.dumps(shard.state())))
    assert added.close({}) == whole.close({})


def test_examples_are_few_short_and_carry_their_value() -> None:
    ledger = Ledger()
    for number in range(10):
        ledger.example("quality", "too-short", "en", "x" * 1000, number)
    ledger.example("duplicates", "exact", "fi", "y", "ab")
    examples = ledger.close({})["examples"]
    assert [example["value"] for example in examples] == ["ab", *range(EXAMPLES_PER_RULE)]
    assert max(len(example["excerpt"]) for example in examples) == EXCERPT
    assert examples[0] == {"step": "duplicates", "rule": "exact", "language": "fi", "excerpt": "y", "value": "ab"}


@given(ENTRIES)
def test_the_order_of_entry_does_not_show(entries: list[Entry]) -> None:
    closed = []
    for order in (entries, entries[::-1]):
        ledger = Ledger()
        for fate, *rest in order:
            if fate != "drop":
                enter(ledger, (fate, *rest))  # type: ignore[arg-type]
        closed.append(json.dumps(ledger.close({})))
    assert closed[0] == closed[1]


def test_lost_documents_are_noticed() -> None:
    ledger = Ledger()
    ledger.keep("web", "en", "clean", 1, 1)
    ledger._by_source["web"]["en"]["in"] += 1
    with pytest.raises(AssertionError, match="documents were lost"):
        ledger.close({})
