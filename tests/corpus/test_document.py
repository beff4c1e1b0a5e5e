from __future__ import annotations

import json

from aurora.corpus.document import COLUMNS, document_id, new_document, schema, table_of


def test_identities_depend_on_source_place_and_text_alone() -> None:
    document = new_document("text", "en", "web", "MIT", "page", {"b": 1, "a": "ä"})
    assert document.meta == '{"a": "ä", "b": 1}'
    assert document.id == document_id("web", "page", "text") == new_document("text", "fi", "web", url="page").id
    ids = {document_id(*parts) for parts in (("web", "page", "x"), ("web", "x", "page"), ("webpage", "", "x"))}
    assert len(ids) == 3


def test_ids_are_the_same_on_every_machine() -> None:
    assert document_id("", "", "") == "4758ddac5f9ee9383325230e1f285505"


def test_a_label_becomes_a_tag_and_what_is_none_is_kept_beside_the_text() -> None:
    assert new_document("text", "__label__fin_Latn", "web").lang == "fi"
    assert new_document("text", "", "web").lang == "und"
    unknown = new_document("text", "Finnish \ud800" + "x" * 1000, "web", meta={"a": 1})
    assert unknown.lang == "und"
    assert json.loads(unknown.meta) == {"a": 1, "unknown_language_label": "Finnish ?" + "x" * 91}
    assert "unknown_language_label" not in new_document("text", "zxx_Zxxx", "web").meta


def test_tables_keep_every_column_and_the_order() -> None:
    documents = [new_document(text, "en", "web", "MIT", url) for text, url in (("b", "2"), ("a", "1"))]
    table = table_of(documents)
    assert table.schema == schema()
    assert tuple(table.column_names) == COLUMNS
    assert [(row["text"], row["id"]) for row in table.to_pylist()] == [(d.text, d.id) for d in documents]
    assert table_of([]).num_rows == 0
