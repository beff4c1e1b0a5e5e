"""The judge that is meant, and what the rules are worth: stated by one file, which is what is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.redteam.judge import Answered, Judge
from aurora.redteam.judging.calibration import calibrated, hashes
from aurora.redteam.judging.labelled import read_labelled
from aurora.redteam.judging.learned import LearnedJudge, train, write_judge
from aurora.redteam.judging.named import calibration_of, calibration_of_rules, judge_named, rules_sha256, worth_of
from redteam.judging.test_learned import answers


def test_a_name_is_the_rules_or_a_file(tmp_path: Path) -> None:
    assert judge_named("rules") == Judge()
    write_judge(train(answers()), tmp_path / "mine.safetensors")
    found = judge_named("mine.safetensors", tmp_path)
    assert isinstance(found, LearnedJudge)
    assert worth_of(found).words() == "learned mine, agreement with people not measured"
    assert calibration_of(found) is None


@pytest.mark.parametrize("content", [None, b"openings: {}\n"], ids=["none", "YAML"])
def test_another_file_is_refused_by_name(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"policy\.yaml does not exist|policy\.yaml, line 1: unknown key openings"):
        judge_named(str(path))


def test_the_rules_are_those_that_were_measured() -> None:
    """Whoever changes how a language refuses raises `VERSION`, and measures again: python benchmarks/judges.py."""
    found = calibration_of_rules()
    assert found.judge == Judge().name
    assert found.judge_sha256 == rules_sha256(), "raise VERSION, and run python benchmarks/judges.py --write"
    assert worth_of(Judge()) == found.worth()
    assert found.languages == ["en"]


@pytest.mark.shared
def test_what_reports_claim_of_the_rules_is_what_is_measured(shared_data: Path) -> None:
    claimed = calibration_of_rules()
    files = [shared_data / "safety/xstest" / name for name in claimed.files]
    rows = read_labelled(files)
    verdicts = Judge().outcomes([Answered(one.answer, one.language) for one in rows])
    found = calibrated(
        claimed.judge, claimed.judge_sha256, rows, verdicts, data="XSTest", files=hashes(files), by=list(claimed.by),
        note=claimed.note,
    )  # fmt: skip
    assert found == claimed
