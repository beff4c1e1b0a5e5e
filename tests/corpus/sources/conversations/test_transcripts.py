from __future__ import annotations

import time

import pytest

from aurora.corpus.sources.conversations.transcripts import speakers_in


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n\nHuman: a\n\nAssistant: b", [("Human", "a"), ("Assistant", "b")]),
        ("Human: a\r\n\r\nAssistant: b\r\n\r\n", [("Human", "a"), ("Assistant", "b")]),
        ("\n\n\n\nHuman: a\n\n\n\nAssistant:", [("Human", "a"), ("Assistant", "")]),
        ("Human: say <bot>: x\n\nAssistant: Human: no", [("Human", "say <bot>: x"), ("Assistant", "Human: no")]),
        ("### Human: a### Assistant: b", [("Human", "a"), ("Assistant", "b")]),
        ("<human>: a\n<bot>: b\nc", [("human", "a"), ("bot", "b\nc")]),
        (
            "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>",
            [("system", "s"), ("user", "a"), ("assistant", "b")],
        ),
        ("Human: nobody answers", None),
        ("He said: Human: a\n\nAssistant: b", None),
        ("Human: a\nAssistant: b", None),
        ("", None),
    ],
)
def test_who_says_what(text: str, said: list[tuple[str, str]] | None) -> None:
    assert speakers_in(text) == said


@pytest.mark.parametrize("unit", ["\n", " ", "\n\n Human", "<|im_start|>", "### "])
def test_the_work_grows_with_the_length_alone(unit: str) -> None:
    start = time.process_time()
    assert speakers_in(f"Human: a{unit * 100_000}x") is None
    assert time.process_time() - start < 5
