"""The first rows of each source: whether they have a text, and in which language."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checking.conftest import SOURCE, checked, write_rows
from corpus.sources.conversations.small_endpoint import endpoint, said
from small_run import WORDS

FINNISH = f"{WORDS['fi']}. " * 3


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"body": "Some text.", "id": 1}, "the rows have no 'text' (did you mean body?)."),
        ({"texts": "Some text.", "id": 1}, "the rows have no 'text' (did you mean texts?)."),
        ({"a": 1, "b": 2}, "the rows have no 'text' (keys: a, b)."),
    ],
)
def test_rows_without_the_text_are_seen_before_the_corpus_is_built(
    recipe: Path, row: dict[str, object], said: str
) -> None:
    write_rows(recipe.parent / "web.jsonl", [row] * 60)
    assert checked(recipe).mistakes == [f"4: corpus.sources.web.text_key: {said}"]


def test_a_parquet_file_without_the_column_too(recipe: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"content": ["Some text."], "lang": ["en"]}), recipe.parent / "web.parquet")
    (only,) = checked(recipe, ("jsonl", "parquet")).mistakes
    assert only.startswith("4: corpus.sources.web")
    assert "content" in only


def test_a_mixture_that_reads_a_language_that_is_not_there(recipe: Path) -> None:
    assert checked(recipe, ("web/en: 1", "web/sv: 1")).mistakes == [
        "15: stages.base.mixture.web/sv: none of the 20 documents of web is 'sv' (did you mean web/en?)."
    ]
    rows = [{"text": f"{FINNISH} {number}"} for number in range(500)]
    write_rows(recipe.parent / "web.jsonl", rows)  # without a label they are identified, and there are more of them
    found = checked(recipe)
    assert found.mistakes == []
    assert (
        "15: stages.base.mixture.web/sv: none of the 250 documents looked at of web is 'sv'; they are fi."
        in found.notes
    )


def test_documents_in_another_language_than_declared_would_be_lost(recipe: Path) -> None:
    write_rows(recipe.parent / "web.jsonl", [{"text": f"{FINNISH} {number}"} for number in range(20)])
    assert checked(recipe, ("language_key: lang", "language: en")).mistakes == [
        "4: corpus.sources.web.language: 20 of the first 20 documents read as 'fi', not 'en', and would all be "
        "dropped; write fi, or take it out."
    ]


def test_no_endpoint_is_asked_before_a_run(recipe: Path) -> None:
    """A check, a dry run and a run that is refused cost nothing."""
    write_rows(recipe.parent / "web.jsonl", [{"text": f"{FINNISH} {number}"} for number in range(20)])
    with endpoint(lambda number, body: said("Kysymys?")) as small:
        source = {
            "kind": "conversations",
            "paths": ["web.jsonl"],
            "language": "fi",
            "templates": [{"prompt": "{question}", "response": "{text}"}],
            "rephrase": {"endpoint": small.address, "model": "m", "keys": {"question": "Kysy: {text}"}},
        }
        found = checked(recipe, (SOURCE, json.dumps(source)), ("web/en", "web/fi"))
        assert small.bodies == []
    assert found.mistakes == []
    missing = checked(recipe, ("web.jsonl", "wep.jsonl")).mistakes
    assert "wep.jsonl" in missing[0]  # its files are looked for all the same


def test_a_path_from_the_working_folder_is_told_as_the_recipe_must_state_it(
    recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (recipe.parent.parent / "here").mkdir()
    (recipe.parent.parent / "here/a.txt").write_text(FINNISH)
    monkeypatch.chdir(recipe.parent.parent)
    more = f"{SOURCE}\n  other_domain: {{letters: {{kind: text, paths: [here/a.txt], language: fi}}}}"
    (only,) = checked(recipe, (SOURCE, more)).mistakes
    assert only.startswith("5: corpus.other_domain.letters.paths: no file matches ")
    assert only.endswith("; check the path; paths start from the recipe's folder: write ../here/a.txt.")


def test_a_licence_that_no_program_reads_is_noted(recipe: Path) -> None:
    licensed = f"{SOURCE[:-1]}, license: CC BY 4.0}}"
    notes = checked(recipe, (SOURCE, licensed)).notes
    said = "'CC BY 4.0' is no SPDX expression, which programs read; write CC-BY-4.0."
    assert f"4: corpus.sources.web.license: {said}" in notes
    assert not [note for note in checked(recipe, ("CC BY 4.0", "MIT OR Apache-2.0")).notes if "SPDX" in note]
