from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.document import Document, Quarantined, new_document
from aurora.corpus.ledger import EXAMPLES_PER_RULE, EXCERPT, Ledger

FATES = st.sampled_from(["keep", "hold out", "drop", "quarantine"])
ENTRIES = st.lists(
    st.tuples(FATES, st.sampled_from(["a", "b"]), st.sampled_from(["en", "ja"]), st.text(st.characters()))
)


@given(ENTRIES)
def test_everything_that_came_in_is_accounted_for(entries: list[tuple[str, str, str, str]]) -> None:
    ledger = Ledger()
    for fate, source, lang, text in entries:
        document = new_document(text, lang, source)
        if fate == "drop":
            ledger.drop(document, "quality", "too-short", len(text))
        elif fate == "quarantine":
            ledger.quarantine(Quarantined(source, "here", "broken", lang=lang))
        else:
            ledger.keep(document, fate == "hold out")
    closed = ledger.close({"a": {}, "b": {}})
    fates = [entry[0] for entry in entries]
    held_out = [len(text.encode("utf-8", "surrogatepass")) for fate, _, _, text in entries if fate == "hold out"]
    assert closed["documents"] == {
        "in": len(entries),
        "kept": fates.count("keep") + len(held_out),
        "dropped": fates.count("drop"),
        "quarantined": fates.count("quarantine"),
    }
    assert closed["bytes"]["in"] == closed["bytes"]["kept"] + closed["bytes"]["dropped"]
    assert closed["bytes"]["kept"] == sum(closed["bytes_kept"].values())
    assert closed["held_out"] == {"documents": len(held_out), "bytes": sum(held_out)}
    assert sum(loss["documents"] for loss in closed["losses"]) == fates.count("drop")
    assert sum(loss["bytes"] for loss in closed["losses"]) == closed["bytes"]["dropped"]
    for table in closed["by_source"].values():
        for counts in table.values():
            assert counts["in"] == counts["kept"] + counts["dropped"] + counts["quarantined"]


def test_examples_are_few_short_and_carry_their_value() -> None:
    ledger = Ledger()
    for number in range(10):
        ledger.drop(new_document("x" * 1000, "en", "web", url=str(number)), "quality", "too-short", number)
    ledger.drop(new_document("y", "fi", "web"), "duplicates", "exact", "ab")
    examples = ledger.close({})["examples"]
    assert [example["value"] for example in examples] == ["ab", *range(EXAMPLES_PER_RULE)]
    assert max(len(example["excerpt"]) for example in examples) == EXCERPT
    assert examples[0] == {"step": "duplicates", "rule": "exact", "language": "fi", "excerpt": "y", "value": "ab"}


def test_a_document_can_be_held_out_later() -> None:
    documents = [new_document("ä" * size, "fi", "web") for size in (1, 2)]
    late, early = Ledger(), Ledger()
    for document in documents:
        late.keep(document, False)
    late.hold_out(documents[1])
    early.keep(documents[0], False)
    early.keep(documents[1], True)
    assert late.close({}) == early.close({})
    assert late.close({})["held_out"] == {"documents": 1, "bytes": 4}


def test_the_order_of_entry_does_not_show() -> None:
    documents = [new_document(text, lang, source) for text in "ab" for lang in ("ja", "en") for source in ("z", "a")]

    def closed(order: list[Document]) -> str:
        ledger = Ledger()
        for document in order:
            ledger.keep(document, False)
        return str(ledger.close({}))

    assert closed(documents) == closed(documents[::-1])


def test_lost_documents_are_noticed() -> None:
    ledger = Ledger()
    ledger.keep(new_document("a", "en", "web"), False)
    ledger._by_source["web"]["en"]["in"] += 1
    with pytest.raises(AssertionError, match="documents were lost"):
        ledger.close({})
