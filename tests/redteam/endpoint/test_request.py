"""What is sent, under which key its answer is kept, and what is an answer."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from aurora.redteam.endpoint.request import Malformed, Reply, Request, reply_of
from aurora.redteam.endpoint.settings import Endpoint
from endpoint_server import answer

ENDPOINT = Endpoint(url="https://example.org/v1", model="m")
REQUEST = Request("hello", "be kind", 0.5, 100)


def test_everything_that_is_sent_decides_the_key_and_limits_do_not() -> None:
    others = [
        replace(REQUEST, user="hallo"), replace(REQUEST, system=""), replace(REQUEST, temperature=0.6),
        replace(REQUEST, most_tokens=101), replace(REQUEST, number=1),
    ]  # fmt: skip
    keys = {one.key(ENDPOINT) for one in (REQUEST, *others)}
    keys |= {REQUEST.key(ENDPOINT.model_copy(update=change)) for change in ({"model": "n"}, {"url": "https://b.org"})}
    assert len(keys) == 8
    assert REQUEST.key(ENDPOINT.model_copy(update={"requests_a_minute": 5, "seconds": 3})) in keys


def test_a_system_message_comes_first_where_there_is_one() -> None:
    assert [one["role"] for one in REQUEST.body(ENDPOINT)["messages"]] == ["system", "user"]
    assert [one["role"] for one in Request("x").body(ENDPOINT)["messages"]] == ["user"]


def test_an_answer_is_its_text_and_its_tokens() -> None:
    assert reply_of(answer(" yes "), REQUEST) == Reply("yes", True, 10, 5, 0.0)
    broken = answer("yes")
    broken["choices"][0]["finish_reason"] = "length"
    assert not reply_of(broken, REQUEST).whole
    refused = answer("")
    refused["choices"][0]["message"] = {"content": None, "refusal": "No."}
    assert reply_of(refused, REQUEST).text == "No."
    assert reply_of(answer("kept"), REQUEST).kept() == {
        "text": "kept", "whole": True, "read": 10, "written": 5, "cost": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "usage", [None, [], {}, {"prompt_tokens": -1, "completion_tokens": "5"},
              {"prompt_tokens": 10**9, "completion_tokens": 10**9}, {"prompt_tokens": True, "completion_tokens": 0}],
    ids=["none", "list", "empty", "negative", "huge", "zero"],
)  # fmt: skip
def test_tokens_that_cannot_be_are_estimated(usage: Any) -> None:
    found = reply_of(answer("an answer of some words") | {"usage": usage}, REQUEST)
    assert (found.read, found.written) == (REQUEST.likely_read(), 7)


@pytest.mark.parametrize(
    "content",
    ["[]", '"x"', "{}", '{"choices": []}', '{"choices": [{}]}', '{"choices": [{"message": {"content": 3}}]}',
     '{"choices": [{"message": {"content": "\\ud83d"}}]}', '{"choices": [{"message": "x"}]}', "null"],
    ids=["list", "text", "empty", "no choice", "no message", "number", "half", "bare", "null"],
)  # fmt: skip
def test_what_is_no_answer_is_malformed(content: str) -> None:
    with pytest.raises(Malformed):
        reply_of(json.loads(content), REQUEST)
