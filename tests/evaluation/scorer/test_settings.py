from __future__ import annotations

from typing import Any

import pytest

from aurora.errors import UserError
from aurora.evaluation.scorer.settings import Settings, settings_of
from aurora.evaluation.scorer.writing import Sampling


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Settings((), 256, Sampling())),
        ({"until": "\n", "max_gen_toks": 9}, Settings(("\n",), 9, Sampling())),
        ({"until": ["a", "b"], "max_new_tokens": "7", "do_sample": False}, Settings(("a", "b"), 7, Sampling())),
        ({"do_sample": True, "temperature": 0.8, "top_p": 0.95}, Settings((), 256, Sampling(0.8, 0.95))),
        ({"do_sample": True}, Settings((), 256, Sampling(1.0))),
        ({"do_sample": False, "temperature": 0.7, "top_p": 0.5}, Settings((), 256, Sampling())),
        ({"temperature": 0.0, "num_beams": 1, "top_k": None}, Settings((), 256, Sampling())),
    ],
    ids=["nothing", "text", "greedy", "drawn", "drawn-plainly", "contradiction", "idle"],
)
def test_settings_mean_what_the_harness_means_by_them(given: dict[str, Any], expected: Settings) -> None:
    assert settings_of(given) == expected


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"num_beams": 4}, "num_beams=4"),
        ({"typical_p": 0.5}, "typical_p=0.5"),
        ({"max_gen_toks": 0}, "0 tokens"),
        ({"temperature": -1}, "temperature -1.0"),
        ({"do_sample": True, "top_p": 1.5}, "top_p 1.5"),
    ],
    ids=["beams", "unknown", "no-tokens", "temperature", "top-p"],
)
def test_a_setting_that_cannot_be_kept_is_named(given: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError, match=named):
        settings_of(given)
