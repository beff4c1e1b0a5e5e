"""Articles and sentences, made up here, become items of the flat schema; WMT20 is read as sacreBLEU leaves it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.evaluation.tasks import hub
from aurora.evaluation.tasks.files import read_task
from aurora.evaluation.tasks.prepared import hub_items


def test_an_article_and_its_summary_are_an_item() -> None:
    row = {"id": "x", "url": "u", "title": "t", "text": "猫がいる。", "summary": "猫。"}
    assert hub.xlsum_ja([row])[0] == {
        "id": "x", "text": "猫がいる。", "answers": ["猫。"], "lang": "ja", "cluster": "x",
    }  # fmt: skip


def test_lines_of_wmt_are_items_with_the_last_ones_as_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said, meant = tmp_path / "said", tmp_path / "meant"
    said.write_text("".join(f"Line {number}.\n" for number in range(130)))
    meant.write_text("".join(f"{number}行。\n" for number in range(130)))
    monkeypatch.setattr("sacrebleu.utils.get_source_file", lambda *_: str(said))
    monkeypatch.setattr("sacrebleu.utils.get_reference_files", lambda *_: [str(meant)])
    items = hub_items(read_task("wmt20_en_ja"))
    assert (len(items.scored), len(items.examples)) == (114, 16)
    assert items.scored[1]["text"] == "Line 1."
    assert (items.scored[1]["answers"], items.scored[1]["lang"]) == (["1行。"], "ja")


def test_lines_that_cannot_be_fetched_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object) -> str:
        raise ConnectionError("no route")

    monkeypatch.setattr("sacrebleu.utils.get_source_file", absent)
    with pytest.raises(UserError, match=r"The data of the task wmt20_ja_en .* cannot be had .*no route"):
        hub_items(read_task("wmt20_ja_en"))
