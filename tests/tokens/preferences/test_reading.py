from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aurora.corpus.conversation import SYSTEM, USER, Turn
from aurora.errors import AuroraError, UserError
from aurora.tokens.preferences.reading import Preference, preference, read_preferences

ASKED = {"role": "user", "content": "Why?"}
PAIR = Preference([Turn(USER, "Why?")], "So.", "Because.")


def answer(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Why?", "chosen": "So.", "rejected": "Because."},
        {"prompt": [ASKED], "chosen": [answer("So.")], "rejected": [answer("Because.")]},
        {"prompt": [ASKED], "chosen": "So.", "rejected": "Because.", "score": 3},
        {"chosen": [ASKED, answer("So.")], "rejected": [ASKED, answer("Because.")]},
    ],
    ids=["texts", "messages", "mixed", "implicit prompt"],
)
def test_every_form_in_use_is_the_same_pair(row: dict[str, Any]) -> None:
    assert preference(row) == PAIR


def test_what_was_said_before_is_kept() -> None:
    before = [{"role": "system", "content": "Be brief."}, ASKED, answer("Hm?"), {"role": "user", "content": "Well?"}]
    found = preference({"prompt": before, "chosen": "So.", "rejected": "No."})
    assert [turn.role for turn in found.turns] == [SYSTEM, USER, "assistant", USER]
    assert (found.chosen, found.rejected) == ("So.", "No.")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (["Why?"], "it is not a table"),
        ({"prompt": "Why?", "chosen": "So."}, "it has no rejected"),
        ({"prompt": "Why?"}, "it has no chosen and no rejected"),
        ({"chosen": "So.", "rejected": "No."}, "it begins with an answer"),
        ({"prompt": "Why?", "chosen": "", "rejected": "No."}, "`chosen` is empty"),
        ({"prompt": "Why?", "chosen": "So.", "rejected": 3}, "a int stands where"),
        ({"prompt": "", "chosen": "So.", "rejected": "No."}, r"turn 1 \(user\) is empty"),
        ({"chosen": [ASKED, answer("So.")], "rejected": [ASKED]}, "it has no answer"),
        ({"prompt": [ASKED], "chosen": [answer("So."), ASKED], "rejected": "No."}, "`chosen` does not end with an an"),
        (
            {"chosen": [ASKED, answer("So.")], "rejected": [{"role": "user", "content": "How?"}, answer("No.")]},
            "its two answers are not to the same prompt",
        ),
    ],
)
def test_what_is_no_pair_is_refused_with_its_reason(row: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        preference(row)


def test_a_file_is_read_line_by_line_and_its_first_mistake_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    row = {"prompt": "Why\u2028not?", "chosen": "So.", "rejected": "No."}
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(row, ensure_ascii=False).encode() + b"\n\n")
    (found,) = read_preferences(path)
    assert found.turns[0].text == "Why\u2028not?"
    for bad in (b"{", b'{"prompt": "Why?"}', b"\xff"):
        path.write_bytes(json.dumps(row).encode() + b"\n" + bad)
        with pytest.raises(UserError, match=r"pairs\.jsonl, line 2: this is not a preference pair"):
            list(read_preferences(path))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no\.jsonl cannot be read .*: check tokens\.preferences"):
        list(read_preferences(tmp_path / "no.jsonl"))
    with pytest.raises(AuroraError, match="is a folder"):
        list(read_preferences(tmp_path))
