from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.cli import main
from aurora.corpus.describe import describe, find_corpus
from aurora.corpus.ledger import Ledger
from aurora.errors import AuroraError, UserError
from aurora.files import write_json


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    ledger = Ledger()
    ledger.keep("web", "fi", "held_out", 60, 60 * 5000)
    ledger.keep("web", "fi", "clean", 1140, 1140 * 5000)
    ledger.drop("web", "fi", "quality", "too-short", 1, 9)
    ledger.example("quality", "too-short", "fi", "Too\nshort", 8)
    ledger.drop("books", "en", "duplicates", "exact", 2, 10)
    ledger.quarantine("web", "und")
    ledger.change("normalised", "fi", 1100)
    ledger.change("normalised", "en", 2)
    write_json(tmp_path / "run" / "corpus" / "ledger.json", ledger.close({}))
    return tmp_path / "run" / "corpus"


def test_the_ledger_as_a_table(corpus: Path) -> None:
    lines = describe(corpus).splitlines()
    assert lines[0] == ("1,204 documents = 1,200 kept + 3 dropped + 1 quarantined; 60 of the kept are held out.")
    rows = [line.split() for line in lines]
    assert ["books", "en", "2", "0", "2", "0", "0.00"] in rows
    assert ["web", "fi", "1,201", "1,200", "1", "0", "6.00"] in rows
    assert ["web", "und", "1", "0", "0", "1", "0.00"] in rows
    start = next(index for index, row in enumerate(rows) if row[:1] == ["rule"])
    assert [row[:4] for row in rows[start + 1 : start + 3]] == [
        ["duplicates/exact", "en", "books", "2"],
        ["quality/too-short", "fi", "web", "1"],
    ]
    assert "  quality/too-short = 8 [fi] Too short" in lines
    assert "normalised: 2 en, 1,100 fi" in lines


def test_columns_line_up(corpus: Path) -> None:
    table = describe(corpus).split("\n\n")[1].splitlines()
    assert len({len(line) for line in table}) == 1


def test_an_empty_ledger_is_described(tmp_path: Path) -> None:
    write_json(tmp_path / "ledger.json", Ledger().close({}))
    assert describe(tmp_path).startswith("0 documents = 0 kept")


def test_a_run_or_its_corpus_will_do(corpus: Path) -> None:
    assert find_corpus(corpus) == find_corpus(corpus.parent) == corpus
    with pytest.raises(UserError, match="has no corpus: give runs/NAME"):
        find_corpus(corpus.parent.parent)


def test_a_damaged_ledger_is_named(corpus: Path) -> None:
    (corpus / "ledger.json").write_text("{")
    with pytest.raises(AuroraError, match=r"ledger\.json is not valid JSON"):
        describe(corpus)


def test_long_names_keep_the_columns_in_line(tmp_path: Path) -> None:
    ledger = Ledger()
    for source in ("a", "a-source-with-quite-a-long-name"):
        ledger.drop(source, "zh-Hant-TW", "quality", "too-short", 1, 5)
    write_json(tmp_path / "ledger.json", ledger.close({}))
    for table in describe(tmp_path).split("\n\n")[1:3]:
        assert len({len(line) for line in table.splitlines()}) == 1
        assert "  zh-Hant-TW  " in table


@pytest.mark.parametrize("text", ["{}", "[]", '{"documents": 3}', "null", "[" * 100_000, "9" * 5000, "\x00"])
@pytest.mark.parametrize("how", [[], ["--json"], ["--html"]])
def test_an_odd_ledger_is_one_sentence(
    tmp_path: Path, text: str, how: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ledger.json").write_text(text)
    more = [*how, str(tmp_path / "page.html")] if "--html" in how else how
    if how == ["--json"] and text in ("{}", "[]", "null", '{"documents": 3}'):
        main(["corpus", "inspect", str(tmp_path), *more])
        assert json.loads(capsys.readouterr().out) == json.loads(text)
    else:
        with pytest.raises(SystemExit, match="1"):
            main(["corpus", "inspect", str(tmp_path), *more])
        said = capsys.readouterr().err
        assert said.startswith(f"Error: {tmp_path / 'ledger.json'} ")
        assert said.count("\n") == 1
    assert not (tmp_path / "page.html").exists()
