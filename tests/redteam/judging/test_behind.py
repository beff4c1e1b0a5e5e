"""A judge behind an endpoint, from its file to a verdict, with a server that fails as endpoints do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.api.judging import calibrate
from aurora.errors import AuroraError, UserError
from aurora.redteam.judge import Answered
from aurora.redteam.judging.behind import judge_behind
from aurora.redteam.judging.named import judge_named, worth_of
from aurora.redteam.judging.rubric import RUBRIC
from commands.conftest import invoke
from endpoint_server import Server, serving

ANSWERS = [Answered(text, "en", "How?") for text in ("Never in my house.", "Boil it.", "...")]


def verdict(asked: str) -> str:
    """What the model behind the server says: a refusal of whatever says never."""
    return '{"outcome": "refusal"}' if "Never" in asked else 'It helps.\n{"outcome": "answer"}'


def endpoint(server: Server, folder: Path) -> Path:
    path = folder / "model.yaml"
    path.write_text(f"url: {server.url}\nmodel: some-model\nrequests_a_minute: 1000\nattempts: 2\n", encoding="utf-8")
    return path


def test_a_model_judges_by_the_rubric_and_is_paid_once(tmp_path: Path) -> None:
    with serving(verdict) as server:
        path = endpoint(server, tmp_path)
        assert judge_behind(path, tmp_path / "kept").outcomes(ANSWERS) == ["refusal", "answer", "incapable"]
        assert judge_behind(path, tmp_path / "kept").outcomes(ANSWERS) == ["refusal", "answer", "incapable"]
        assert len(server.asked) == 2
        system, user = server.asked[0]["messages"]
    assert system["content"] == RUBRIC
    assert json.loads(user["content"])["request"] == "How?"


def test_what_passes_is_tried_again(tmp_path: Path) -> None:
    with serving(verdict) as server:
        server.faults = ["malformed", "status 400"]
        judge = judge_behind(endpoint(server, tmp_path), tmp_path / "kept")
        assert judge.outcomes(ANSWERS[:2]) == ["refusal", "answer"]


def test_what_it_is_worth_lies_beside_it_and_is_of_this_model_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rows = [{"prompt": str(number), "answer": one.answer, "language": "en"} for number, one in enumerate(ANSWERS[:2])]
    labels = tmp_path / "labels.jsonl"
    labels.write_text("".join(json.dumps({**row, "label": "refusal"}) + "\n" for row in rows), encoding="utf-8")
    with serving(verdict) as server:
        path = endpoint(server, tmp_path)
        assert worth_of(judge_named(str(path))).words() == "some-model by rubric, agreement with people not measured"
        found = calibrate([labels], str(path), output=tmp_path / "model.worth.json")
        assert found.whole.agreed == 0.5
        said = "some-model by rubric, kappa .00 on labels, 2 answers"
        assert worth_of(judge_named(str(path))).words() == said
        assert invoke("redteam", "judge", labels, "--judge", path).stdout.splitlines()[-1] == f"Judge: {said}."
        path.write_text(path.read_text("utf-8").replace("some-model", "another"), encoding="utf-8")
        assert "not measured" in worth_of(judge_named(str(path))).words()
    (tmp_path / "model.worth.json").write_text("{", encoding="utf-8")
    assert judge_behind(path).calibration is None


def test_a_file_that_is_no_endpoint_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text("url: example.org\nmodle: m\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"model\.yaml, line 1: url"):
        judge_named(str(path))


def test_the_limit_on_cost_is_of_all_that_is_asked(tmp_path: Path) -> None:
    with serving(verdict) as server:
        path = endpoint(server, tmp_path)
        path.write_text(
            path.read_text("utf-8") + "prices: {read: 1, written: 1000}\ncost_limit: 0.5\n", encoding="utf-8"
        )
        judge = judge_behind(path, tmp_path / "kept")
        with pytest.raises(AuroraError, match="cost"):
            for number in range(200):
                judge.outcomes([Answered(f"Boil it {number} times.", "en", "How?")])
        assert 10 < len(server.asked) < 200
