"""docs/language.md, followed: texts of a language in one file are judged and masked, and its refusals known."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from aurora.cli import main
from aurora.corpus.artifact import read_documents
from aurora.corpus.document import Document
from aurora.corpus.personal.find import find
from aurora.files import read_json
from aurora.languages import lookup
from aurora.recipe import load_recipe
from aurora.redteam.judge import Judge, has_markers
from conftest import MINIMAL

TEXT = """\
Den gamle havn ligger stille om aftenen, og bådene gynger ved kajen. En fisker reparerer sit garn, mens hans
datter læser en bog om stjerner. Ring til dem på 32 12 34 56, hvis du vil købe fisk. De bor på Lille Eksempelvej
12, 1234 Eksempelby, i et hvidt hus med røde døre, og cpr-nummeret er 070761-4285. Huset kostede ikke 32123456
kroner, siger hun med et smil. Om vinteren er her næsten ingen mennesker, men når foråret kommer, fyldes kajen
af børn der fanger krabber, og af gamle mænd som fortæller om dengang havnen var fuld af skibe. Hun lytter gerne
til dem, selv om hun har hørt det hele før, for de glemmer altid noget og finder på noget andet. Sådan er det
med historier, siger hendes far: de bliver bedre af at blive fortalt.""".replace("\n", " ")


@pytest.fixture
def page(root: Path) -> list[str]:
    """The blocks of YAML on the page: the language's file, and the line of a recipe that names it."""
    return re.findall(r"```yaml\n(.*?)```", (root / "docs/language.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def project(tmp_path: Path, page: list[str]) -> Iterator[Path]:
    """A recipe beside the language's file and a text in it, as the page says."""
    (tmp_path / "da.yaml").write_text(page[0], encoding="utf-8")
    recipe = yaml.safe_load(MINIMAL) | yaml.safe_load(page[1])
    recipe["stages"]["base"]["mixture"] = {"web/da": 1}
    recipe["corpus"]["curation"] = {"personal_data": "placeholders", "rules": ["basic", "gopher-quality"]}
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    (tmp_path / "web.jsonl").write_text(json.dumps({"lang": "da", "text": TEXT}) + "\n", encoding="utf-8")
    yield tmp_path
    lookup.use([])


def build(project: Path, *overrides: str) -> list[Document]:
    """The documents that `aurora corpus build` keeps."""
    main(["corpus", "build", str(project / "recipe.yaml"), *overrides, "--output", str(project / "run")])
    parts = ("clean", "held_out")
    return [document for part in parts for document in read_documents(project / "run/corpus", part)]


def test_the_page_s_file_is_all_that_a_corpus_in_the_language_needs(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (document,) = build(project)
    assert document.lang == "da"
    assert "Ring til dem på <PHONE>," in document.text
    assert "De bor på <ADDRESS>," in document.text
    assert "cpr-nummeret er <NATIONAL_ID>." in document.text
    assert "32123456 kroner" in document.text
    assert "There is no language file for" not in capsys.readouterr().err
    changes = read_json(project / "run/corpus/ledger.json")["changes"]
    assert changes["personal data: cpr"] == {"da": 1}


def test_a_changed_file_runs_the_step_again_and_an_equal_one_does_not(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(build(project)) == 1
    path = project / "da.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text("# A remark.\n" + text, encoding="utf-8")
    capsys.readouterr()
    assert len(build(project)) == 1
    assert "Nothing to do" in capsys.readouterr().err
    path.write_text(text.replace("thresholds:\n", "thresholds:\n  min_words: 1000\n"), encoding="utf-8")
    with pytest.raises(SystemExit):
        build(project)
    assert "few-words" in capsys.readouterr().err


def test_without_its_file_the_build_names_the_file_to_add(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (document,) = build(project, "languages=[]", "corpus.curation.rules=[basic]")
    assert "cpr-nummeret er 070761-4285." in document.text
    said = " ".join(capsys.readouterr().err.split())
    assert "There is no language file for da: such text is judged by the limits of no language" in said
    assert "Write da.yaml as docs/language.md says, and name it under `languages` in the recipe." in said


def test_answers_in_the_language_are_judged_once_a_recipe_is_read(project: Path) -> None:
    assert not has_markers("da")
    load_recipe(project / "recipe.yaml")
    assert has_markers("da")
    judge = Judge()
    assert judge.outcome("Beklager, det kan jeg ikke.", "da") == "refusal"
    assert judge.outcome("Jeg vil ikke forklare, hvordan man gør.", "da") == "refusal"
    assert judge.outcome("Smelt smørret først, og rør derefter melet i.", "da") == "answer"


def test_scanning_takes_the_file_too(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = str(project / "web.jsonl")
    main(["corpus", "scan", texts, "--rules", "gopher-quality", "--language-file", str(project / "da.yaml")])
    assert "There is no language file for" not in capsys.readouterr().out
    assert lookup.language_name("da") == "Danish"
    assert [one.type for one in find("tlf 32123456", "da")] == ["phone"]


def test_a_fault_in_the_file_is_named_when_the_recipe_is_read(project: Path) -> None:
    path = project / "da.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("own_name:", "ownname:"), encoding="utf-8")
    with pytest.raises(Exception, match=r"da\.yaml, line 3: unknown key ownname \(did you mean own_name\?\)"):
        load_recipe(project / "recipe.yaml")
