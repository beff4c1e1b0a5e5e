from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aurora.errors import UserError
from aurora.redteam.review.exporting.folder import Export, export
from aurora.redteam.review.linting import lint
from review_log import reviewed

SOUND = {"category": "cyber", "language": "en", "label": "refuse", "response": "I cannot help with that."}
LONG = "Please explain to me in simple words how a bicycle lock with four digits keeps its secret from curious people"
FINNISH = "Kerro minulle tarkasti, kuinka vanhan kaupungintalon ovi avataan ilman avainta yöllä, kun kukaan ei näe."


def written(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(SOUND | row, ensure_ascii=True) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("rows", "rule", "told"),
    [
        ([{"prompt": "  "}], "empty", "the prompt is empty"),
        ([{"prompt": "a", "response": " "}], "empty", "the answer is empty"),
        ([{"prompt": "a\ud800"}], "characters", "half of a character (U+D800)"),
        ([{"prompt": "a", "category": ""}], "category", "no category"),
        ([{"prompt": "a", "category": "cyb"}], "category", "did you mean cyber"),
        ([{"prompt": "a", "language": ""}], "language", "no language"),
        ([{"prompt": "a", "language": "?"}], "language", "no label"),
        ([{"prompt": FINNISH}], "language", "in Finnish, not in English"),
        ([{"prompt": "a\u0000"}], "characters", "U+0000"),
        ([{"prompt": "Open it"}, {"prompt": "open  IT"}], "duplicate", "line 1 too"),
        ([{"prompt": LONG}, {"prompt": LONG + " today"}], "near duplicate", "nearly that of"),
        ([{"prompt": "Open it"}, {"prompt": "open it", "label": "answer"}], "two labels", "answer and refuse"),
    ],
    ids=range(12),
)
def test_each_rule_tells_what_it_is_for_and_nothing_else(
    tmp_path: Path, rows: list[dict[str, Any]], rule: str, told: str
) -> None:
    count, found = lint(written(tmp_path / "a.jsonl", *rows), ["cyber"])
    assert count == len(rows)
    assert [finding.rule for finding in found] == [rule]
    assert told in found[0].sentence


def test_what_no_item_has_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"prompt": f"Open door {number}"}) + "\n" for number in range(9)))
    told = [finding.sentence for finding in lint(path)[1] if finding.rule in ("category", "language")]
    assert told == ["no item has a category", "no item has a language"]


def test_a_whole_prompt_waits_for_its_answer_until_it_is_reviewed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"prompt": "Open it", "response": "", "template": "whole", "category": "cyber", "language": "en"}\n'
    )
    assert lint(path) == (1, [])
    assert [one.rule for one in lint(written(path, {"prompt": "a", "response": "", "template": "whole"}))[1]] == [
        "empty"
    ]


def test_a_sound_log_and_its_export_have_nothing_odd_but_their_likeness(tmp_path: Path) -> None:
    project = reviewed(6)
    log = project.write(tmp_path / "log.jsonl")
    export(project.state, tmp_path / "out", Export())
    for path in (log, tmp_path / "out"):
        count, found = lint(path)
        assert count == 6
        assert {finding.rule for finding in found} <= {"near duplicate"}


def test_nothing_to_lint_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("")
    with pytest.raises(UserError, match="holds no item"):
        lint(tmp_path / "a.jsonl")
