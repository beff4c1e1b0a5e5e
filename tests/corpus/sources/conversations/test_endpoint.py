"""An endpoint that answers, is busy, refuses, is not there, or says nonsense."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aurora.corpus.sources.conversations import endpoint as module
from aurora.corpus.sources.conversations.endpoint import Endpoint
from aurora.errors import AuroraError, UserError
from aurora.recipe.sources import Rephrase
from corpus.sources.conversations.small_endpoint import Answer, endpoint, said


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between attempts, which are not waited for."""
    waited: list[float] = []
    monkeypatch.setattr(module.time, "sleep", waited.append)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return waited


def model(address: str, cache: Path, **settings: Any) -> Endpoint:
    keys = {"question": "Ask: {text}"}
    return Endpoint("talks", Rephrase(**{"endpoint": address, "model": "m", "keys": keys, **settings}), cache)


def test_an_answer_is_asked_for_once(tmp_path: Path) -> None:
    with endpoint(lambda number, body: said(f"  Answer {number}.\n")) as small:
        asked = model(small.address, tmp_path)
        assert [asked.asked(words) for words in ("a", "b", "a")] == ["Answer 0.", "Answer 1.", "Answer 0."]
        assert model(small.address + "/", tmp_path).asked("b") == "Answer 1."
        assert model(small.address, tmp_path, temperature=0.5).asked("b") == "Answer 2."
        assert model(small.address, tmp_path, model="other").asked("b") == "Answer 3."
    assert small.bodies[0] == {
        "path": "/v1/chat/completions",
        "model": "m",
        "messages": [{"role": "user", "content": "a"}],
        "temperature": 0.0,
        "max_tokens": 512,
    }
    assert model("http://127.0.0.1:9/v1", tmp_path).asked("a") == "Answer 0."  # where nothing listens


def test_an_answer_that_was_changed_or_broken_off_is_asked_for_again(tmp_path: Path) -> None:
    with endpoint(lambda number, body: said(f"Answer {number}.")) as small:
        asked = model(small.address, tmp_path)
        asked.asked("a")
        (kept,) = tmp_path.glob("rephrased/*/*.json")
        for number, content in enumerate((json.dumps({**json.loads(kept.read_text()), "answer": "Else."}), "{", "[]")):
            kept.write_text(content)
            assert asked.asked("a") == f"Answer {number + 1}."


def test_a_busy_endpoint_is_asked_again_after_longer_and_longer(tmp_path: Path, waits: list[float]) -> None:
    busy: list[Answer] = [(429, "slow down", {"Retry-After": "7"}), (503, "", {}), (200, "no JSON", {}), said("Yes.")]
    with endpoint(lambda number, body: busy[number]) as small:
        assert model(small.address, tmp_path).asked("a") == "Yes."
    assert waits == [7.0, 14.0, 28.0]
    with endpoint(lambda number, body: (500, "down\nfor good", {})) as small:
        with pytest.raises(AuroraError, match=r"gave no answer in 3 attempts \(500: down for good\): check that it"):
            model(small.address, tmp_path, retries=2).asked("b")
        assert len(small.bodies) == 3
    with pytest.raises(AuroraError, match=r"corpus\.sources\.talks\.rephrase: http://127\.0\.0\.1:9/v1 gave no answer"):
        model("http://127.0.0.1:9/v1", tmp_path, retries=0).asked("c")


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        ((404, "no such model", {}), UserError, r"refuses the request \(404: no such model\): correct the address"),
        ((401, "who are you?", {}), UserError, r"401"),
        ((302, "", {"Location": "http://127.0.0.1:9/v1"}), UserError, r"302"),
        ((400, "not that", {}), ValueError, r"the endpoint refuses it \(400: not that\)"),
        ((200, {"choices": []}, {}), ValueError, "has no text"),
        ((200, ["a"], {}), ValueError, "has no text"),
        (said(None), ValueError, "has no text"),
        (said(" \n"), ValueError, "has no text"),
        (said("Too lo", "length"), ValueError, "longer than answer_tokens"),
    ],
    ids=["404", "401", "redirect", "400", "no choice", "no object", "null", "blank", "cut"],
)
def test_what_is_no_answer_is_not_asked_again(
    tmp_path: Path, answer: Answer, error: type[Exception], reason: str
) -> None:
    with endpoint(lambda number, body: answer) as small, pytest.raises(error, match=reason):
        model(small.address, tmp_path).asked("a")
    assert len(small.bodies) == 1
    assert list(tmp_path.rglob("*.json")) == []


def test_the_key_is_in_the_header_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADE_UP_KEY", "made-up-and-secret")
    with endpoint(lambda number, body: said("Yes.") if number == 0 else (403, "no", {})) as small:
        asked = model(small.address, tmp_path, key_variable="MADE_UP_KEY")
        asked.asked("a")
        with pytest.raises(UserError) as refused:
            asked.asked("b")
    assert small.headers[0]["Authorization"] == "Bearer made-up-and-secret"
    assert "made-up-and-secret" not in str(refused.value)
    for path in tmp_path.rglob("*.json"):
        assert "made-up-and-secret" not in path.read_text()
        assert "127.0.0.1" not in path.read_text()
    monkeypatch.delenv("MADE_UP_KEY")
    with pytest.raises(UserError, match="key_variable: MADE_UP_KEY is not set in the environment"):
        model("http://127.0.0.1:9/v1", tmp_path, key_variable="MADE_UP_KEY")
