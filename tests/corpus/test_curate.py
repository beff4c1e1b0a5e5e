from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aurora.corpus.artifact import read_documents
from aurora.corpus.curate import PARTS, build_corpus
from aurora.corpus.rules import judging
from aurora.errors import UserError
from aurora.files import read_json
from aurora.recipe.corpus import Corpus
from corpus.sample_texts import CODE_TEXT, TEXTS, text_hash

Row = dict[str, Any] | str
SOURCE = {"kind": "jsonl", "paths": ["web.jsonl"], "language_key": "lang", "license": "CC0-1.0"}
NOTHING_LEFT = re.compile("has no documents|read as a document|no document was kept|may_lose")
MEASURED = "A sentence that is only ever measured on and never trained on."


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def build(folder: Path, rows: Sequence[Row], name: str = "out", **keys: Any) -> dict[str, Any]:
    """The ledger of a corpus built from the rows of one source; `keys` are further keys of the recipe's table."""
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder / "web.jsonl", rows)
    corpus = Corpus.model_validate({"sources": {"web": SOURCE}, **keys})
    return build_corpus(corpus, folder, folder / "cache", 1, folder / name)


def numbered(language: str, count: int) -> list[Row]:
    return [{"lang": language, "text": f"{TEXTS[language]} ({number})"} for number in range(count)]


def test_unknown_labels_are_counted_and_the_text_decides(tmp_path: Path) -> None:
    rows = [{"lang": label, "text": f"{TEXTS['fi']} {label}"} for label in ("Finnish", "fin_Latn", "zxx", "suomi")]
    ledger = build(tmp_path, rows)
    assert ledger["by_source"]["web"].keys() == {"fi"}
    assert ledger["documents"]["kept"] == 4
    assert ledger["changes"]["unknown language labels"] == {"fi": 2}


def texts(folder: Path, part: str) -> list[str]:
    return [document.text for document in read_documents(folder, part)]


def test_every_fate_has_its_place(tmp_path: Path) -> None:
    rows: list[Row] = [
        *({"lang": language, "text": text} for language, text in TEXTS.items()),
        {"lang": "code", "text": CODE_TEXT},
        {"text": TEXTS["fi"] + "\r\nja sama jatkuu."},
        {"lang": "fi", "text": TEXTS["ja"]},
        {"lang": "fi", "text": "Liian lyhyt."},
        {"lang": "en", "text": TEXTS["en"] + " \n"},
        {"text": "#" * 200},
        "{broken",
        {"no": "text"},
        '"no object"',
        {"lang": "en", "text": "lone \ud800 surrogate " * 20},
    ]
    ledger = build(tmp_path, rows)
    assert ledger["documents"] == {"in": 15, "kept": 7, "dropped": 4, "quarantined": 4}
    assert [(loss["step"], loss["rule"], loss["language"]) for loss in ledger["losses"]] == [
        ("duplicates", "exact", "en"),
        ("language", "contradicts", "fi"),
        ("language", "unknown", "und"),
        ("quality", "too-short", "fi"),
    ]
    out = tmp_path / "out"
    kept = [*read_documents(out, "clean"), *read_documents(out, "held_out")]
    assert sorted(document.lang for document in kept) == ["code", "en", "fi", "fi", "hi", "ja", "vi"]
    assert {document.license for document in kept} == {"CC0-1.0"}
    assert TEXTS["fi"] + "\nja sama jatkuu." in [document.text for document in kept]
    dropped = pq.read_table(out / "dropped" / "web.parquet").to_pylist()
    assert [(row["rule"], row["value"]) for row in dropped] == [
        ("contradicts", "ja"), ("too-short", "11"), ("exact", f"{text_hash(TEXTS['en']):032x}"), ("unknown", ""),
    ]  # fmt: skip
    quarantined = [json.loads(line) for line in (out / "quarantined" / "web.jsonl").read_text().splitlines()]
    assert [row["where"] for row in quarantined] == [f"web.jsonl:{line}" for line in (12, 13, 14, 15)]
    assert "surrogates not allowed" in quarantined[-1]["error"]
    assert ledger["sources"]["web"]["files"].keys() == {"web.jsonl"}
    assert read_json(out / "ledger.json") == ledger


FRAGMENTS = st.sampled_from([*TEXTS.values(), CODE_TEXT, MEASURED[:20], "\x00", "\ud800", "\u200b", "\n", " 7 "])
ANY_TEXT = st.one_of(st.lists(FRAGMENTS, max_size=4).map("".join), st.text(st.characters(), max_size=300))
ANY_ROW = st.one_of(
    st.fixed_dictionaries(
        {"text": ANY_TEXT},
        optional={
            "lang": st.sampled_from([*TEXTS, "code", "und", "sv", "", None, 3, "\ud800", "xx-\ud800"]),
            "license": st.sampled_from(["MIT", "\ud800", 5]),
        },
    ),
    st.sampled_from(["{", "[]", "7", "null", '{"text": 5}', "\x00", '{"text": "a"', "[" * 5000]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ANY_ROW, max_size=8), st.booleans(), st.booleans())
@example([{"text": TEXTS["en"], "lang": "\ud800"}, {"text": TEXTS["en"], "license": "\ud800"}], True, True)
def test_whatever_comes_in_is_kept_dropped_or_quarantined(rows: list[Row], quality: bool, normalise: bool) -> None:
    curation = {"rules": ["basic"] * quality, "normalise": normalise, "identify_language": quality}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            ledger = build(folder, rows, curation=curation)
        except UserError as error:
            if not NOTHING_LEFT.search(str(error)):
                raise
            return
        found = {part: list(read_documents(folder / "out", part)) for part in ("clean", "held_out", "dropped")}
        quarantined = (folder / "out" / "quarantined" / "web.jsonl").read_text().splitlines()
    kept = found["clean"] + found["held_out"]
    assert ledger["documents"] == {
        "in": len(rows), "kept": len(kept), "dropped": len(found["dropped"]), "quarantined": len(quarantined),
    }  # fmt: skip
    assert len(rows) == len(kept) + len(found["dropped"]) + len(quarantined)
    assert ledger["bytes"]["kept"] == sum(len(document.text.encode()) for document in kept)
    assert len({document.text for document in kept}) == len(kept)


def test_two_builds_are_byte_identical_wherever_they_lie(tmp_path: Path) -> None:
    rows = [row for language in TEXTS for row in numbered(language, 30)] + ["{broken", {"lang": "en", "text": "short"}]
    other = {"letters": {"kind": "jsonl", "paths": ["letters.jsonl"], "language": "en"}}
    for place in ("here", "there/below"):
        (tmp_path / place).mkdir(parents=True)
        write_rows(tmp_path / place / "letters.jsonl", [{"text": MEASURED}])
        build(tmp_path / place, rows, other_domain=other)
    # Left-overs of an interrupted attempt change nothing.
    (tmp_path / "here" / "out" / "clean" / "old.parquet").write_bytes(b"left over")
    build(tmp_path / "here", rows, other_domain=other)

    def contents(folder: Path) -> dict[str, bytes]:
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    first, second = contents(tmp_path / "here" / "out"), contents(tmp_path / "there/below" / "out")
    assert {name.split("/")[0] for name in first} == {*PARTS, "ledger.json"}
    assert first == second


def test_a_mask_hides_no_measured_sentence(tmp_path: Path) -> None:
    sentence = "Write to the office at office@letters.example for all that is measured."
    write_rows(tmp_path / "letters.jsonl", [{"text": sentence}])
    other = {"letters": {"kind": "jsonl", "paths": ["letters.jsonl"], "language": "en"}}
    rows: list[Row] = [{"lang": "en", "text": f"{TEXTS['en']} {sentence} {TEXTS['en']}"}]
    with pytest.raises(UserError, match=r"contains a sentence of corpus\.other_domain"):
        build(tmp_path, rows, other_domain=other, curation={"personal_data": "placeholders"})


def test_broken_inputs_of_the_other_domain_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(tmp_path / "letters.jsonl", [{"text": MEASURED}, "{", {"text": "\ud800" * 50}])
    letters = {"kind": "jsonl", "paths": ["letters.jsonl"], "language": "en"}
    with pytest.raises(UserError, match=r"corpus\.other_domain\.letters: 2 of its 3 inputs cannot be read"):
        build(tmp_path, numbered("en", 1), other_domain={"letters": letters})
    other = {"letters": {**letters, "may_lose": 0.7}}
    build(tmp_path, numbered("en", 1), other_domain=other)
    assert texts(tmp_path / "out", "other_domain") == [MEASURED]
    assert "left out 2 unreadable inputs of corpus.other_domain.letters" in capsys.readouterr().err


def test_a_step_that_raises_costs_one_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measure = judging.measure

    def fragile(texts: pa.LargeStringArray, langs: Sequence[str]) -> Any:
        if any("(1)" in text for text in texts.to_pylist()):
            raise ZeroDivisionError("as a bug would")
        return measure(texts, langs)

    monkeypatch.setattr(judging, "measure", fragile)
    ledger = build(tmp_path, numbered("vi", 3))
    assert ledger["documents"] == {"in": 3, "kept": 2, "dropped": 0, "quarantined": 1}
    assert ledger["by_source"]["web"]["vi"]["quarantined"] == 1
    (row,) = map(json.loads, (tmp_path / "out" / "quarantined" / "web.jsonl").read_text().splitlines())
    assert (row["where"], row["error"]) == ("web.jsonl:2", "ZeroDivisionError: as a bug would")


def test_steps_can_be_left_out(tmp_path: Path) -> None:
    rows: list[Row] = [{"lang": "fi", "text": "short \x00"}, {"lang": "fi", "text": "short \x00"}]
    nothing = {"normalise": False, "identify_language": False, "rules": [], "duplicates": "none"}
    ledger = build(tmp_path, rows, curation=nothing)
    assert ledger["documents"]["kept"] == 2
    kept = texts(tmp_path / "out", "clean") + texts(tmp_path / "out", "held_out")
    assert kept == ["short \x00"] * 2


def test_a_missing_file_names_source_and_key(tmp_path: Path) -> None:
    source = {**SOURCE, "paths": ["absent/*.jsonl"]}
    with pytest.raises(UserError, match=r"corpus\.sources\.web\.paths: no file matches .*absent"):
        build(tmp_path, [], sources={"web": source})


def test_code_is_never_identified(tmp_path: Path) -> None:
    ledger = build(tmp_path, [{"lang": "code", "text": f"# {TEXTS['fi']}\n{CODE_TEXT}"}])
    assert ledger["bytes_kept"].keys() == {"code"}


def test_mojibake_is_repaired_and_counted(tmp_path: Path) -> None:
    wrong = TEXTS["fi"].encode().decode("latin-1")
    rows: list[Row] = [*numbered("fi", 3), {"lang": "fi", "text": wrong}]
    ledger = build(tmp_path, rows)
    assert ledger["changes"]["mojibake repaired"] == {"fi": 1}
    assert TEXTS["fi"] in texts(tmp_path / "out", "clean") + texts(tmp_path / "out", "held_out")
    kept = build(tmp_path, rows, "kept", curation={"repair_encoding": False})
    assert "mojibake repaired" not in kept["changes"]
