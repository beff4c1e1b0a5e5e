"""`aurora corpus`: a corpus built, shown as text, data and page, and files judged where they lie."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aurora.errors import UserError
from commands.conftest import invoke


def ledger(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "corpus/ledger.json").read_text(encoding="utf-8"))
    return found


def test_a_corpus_that_is_built_is_told_and_not_built_again(built: Path) -> None:
    before = (built / "corpus/ledger.json").stat().st_mtime_ns
    done = invoke("corpus", "build", built.with_name("small.yaml"), "--output", built, "--json")
    assert json.loads(done.stdout) == ledger(built)
    assert (built / "corpus/ledger.json").stat().st_mtime_ns == before
    assert "Nothing to do" in done.stderr


def test_a_run_and_its_corpus_are_shown_alike(built: Path) -> None:
    shown = [invoke("corpus", "inspect", path).stdout for path in (built, built / "corpus")]
    assert shown[0] == shown[1]
    assert f"{ledger(built)['documents']['in']:,}" in shown[0]
    assert json.loads(invoke("corpus", "inspect", built, "--json").stdout) == ledger(built)


def test_it_is_written_as_a_page(built: Path, tmp_path: Path) -> None:
    page = tmp_path / "corpus.html"
    assert invoke("corpus", "inspect", built, "--html", page).stdout == f"Wrote {page}.\n"
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_files_are_judged_where_they_lie(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"body": "Too short.", "in": "en"}, {"body": "Write to jane.doe@mail.example.", "in": "en"}]
    path.write_text("\n".join(map(json.dumps, rows)))
    asked = ("corpus", "scan", path, "--rules", "gopher-quality", "--text-key", "body", "--language-key", "in")
    found = json.loads(invoke(*asked, "--personal-data", "--json").stdout)
    assert found["documents"] == 2
    assert found["rules"]["gopher-quality"] == {"gopher-few-words": {"en": 2}}
    assert found["personal_data"] == {"email": {"en": 1}}
    assert "gopher-quality" in invoke(*asked).stdout
    of_all = invoke(*asked, "--language", "fi", "--json")
    assert list(json.loads(of_all.stdout)["languages"]) == ["fi"]
    assert [one.name for one in tmp_path.iterdir()] == ["a.jsonl"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--rules", "gopher"), "rule set"),
        (("--rules", "c4", "--language", "Finnish"), "is not a language label"),
    ],
)
def test_what_cannot_be_judged_is_a_user_s_mistake(more: tuple[str, ...], said: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "One.", "lang": "en"}\n')
    with pytest.raises(UserError, match=said):
        invoke("corpus", "scan", tmp_path / "a.jsonl", *more)


def test_documents_without_the_key_are_counted_as_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "One.", "lang": "en"}\n{"body": "Two."}\n')
    done = invoke("corpus", "scan", path, "--rules", "c4", "--json")
    assert (json.loads(done.stdout)["documents"], json.loads(done.stdout)["quarantined"]) == (2, 1)
    with pytest.raises(UserError, match=r"none of the 2 inputs can be read; the first, a\.jsonl:1: the key nothing is"):
        invoke("corpus", "scan", path, "--rules", "c4", "--text-key", "nothing", "--json")


def test_rules_must_be_said() -> None:
    done = invoke("corpus", "scan", "nowhere")
    assert done.exit_code == 2
    assert "Missing option '--rules'" in done.output


def test_a_folder_without_a_corpus_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=str(tmp_path)):
        invoke("corpus", "inspect", tmp_path)
