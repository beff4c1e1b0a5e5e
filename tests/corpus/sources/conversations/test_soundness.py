from __future__ import annotations

from typing import Any

import pytest

from aurora.corpus.conversation import ASSISTANT, SYSTEM, USER, Turn
from aurora.corpus.sources.conversations.layouts import Said
from aurora.corpus.sources.conversations.soundness import is_answer, sound
from aurora.recipe.sources import ConversationsSource

ASKED, ANSWERED = Turn(USER, "Why?"), Turn(ASSISTANT, "So.")
SHOWN = ANSWERED._replace(learnt=False)
WHY, SO = Said("user", "Why?"), Said("assistant", "So.")


def source(**keys: Any) -> ConversationsSource:
    return ConversationsSource(kind="conversations", paths=["a.jsonl"], **keys)


@pytest.mark.parametrize(
    ("said", "turns", "unanswered"),
    [
        ([WHY, SO], [ASKED, ANSWERED], False),
        ([Said("user", "Well."), WHY, SO], [Turn(USER, "Well.\n\nWhy?"), ANSWERED], False),
        ([WHY, SO, Said("assistant", "Really.")], [ASKED, Turn(ASSISTANT, "So.\n\nReally.")], False),
        ([WHY, Said("assistant", ""), SO], [ASKED, ANSWERED], False),
        ([Said("system", " "), WHY, SO], [ASKED, ANSWERED], False),
        ([Said("system", None), WHY, SO], [ASKED, ANSWERED], False),
        ([Said("developer", "Be brief."), WHY, SO], [Turn(SYSTEM, "Be brief."), ASKED, ANSWERED], False),
        ([WHY, SO, WHY], [ASKED, ANSWERED], True),
        ([WHY, SO] * 20, [ASKED, ANSWERED] * 20, False),
        ([Said(" ＵＳＥＲ", "Why?"), Said("GPT", "So.")], [ASKED, ANSWERED], False),
        ([Said("user", [{"type": "text", "text": "Wh"}, "y?"]), SO], [ASKED, ANSWERED], False),
        ([WHY, Said("assistant", "So.", weight=0), WHY, SO], [ASKED, SHOWN, ASKED, ANSWERED], False),
        ([WHY, Said("assistant", " \n")], [ASKED, Turn(ASSISTANT, " \n")], False),
    ],
)  # fmt: skip
def test_what_can_be_read_in_one_way_is_mended(said: list[Said], turns: list[Turn], unanswered: bool) -> None:
    assert sound(said, source()) == (turns, unanswered)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([], "it has no answer"),
        ([WHY], "it has no answer"),
        ([SO, WHY, SO], "it begins with an answer"),
        ([WHY, Said("assistant", None)], r"turn 2 \(assistant\) has no text \(null\)"),
        ([Said("user", "\n"), SO], r"turn 1 \(user\) is empty"),
        ([Said("user", 7), SO], r"turn 1 \(user\) is not text"),
        ([Said("user", [{"type": "image_url", "image_url": "x"}]), SO], r"part that is not text \(image_url\)"),
        ([Said("user", [{"parts": ["a"]}]), SO], r"part that is not text \(parts\)"),
        ([WHY, SO, Said("system", "Now rhyme."), WHY, SO], "turn 3 is a second system turn"),
        ([Said("käyttäjä", "Miksi?"), SO], "turn 1 has the role 'käyttäjä', which is unknown: name it in `roles`"),
        ([WHY, Said("tool", "{}"), SO], "turn 2 calls or answers for a tool: see `tool_turns`"),
        ([WHY, Said("assistant", None, calls=[{"name": "f"}]), SO], "turn 2 calls"),
    ],
)
def test_all_else_is_refused_with_its_reason(said: list[Said], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        sound(said, source())


def test_tools_as_text() -> None:
    said = [WHY, Said("assistant", None, calls=[{"name": "f"}]), Said("tool", "42"), SO]
    turns = [ASKED, Turn(ASSISTANT, '[{"name": "f"}]'), Turn(USER, "42"), ANSWERED]
    assert sound(said, source(tool_turns="text")) == (turns, False)


def test_the_first_prompt_with_its_answer() -> None:
    said = [Said("system", "Be brief."), WHY, SO, WHY, Said("assistant", "Again.")]
    assert sound(said, source(take="first")) == ([Turn(SYSTEM, "Be brief."), ASKED, ANSWERED], False)


def test_who_answers() -> None:
    assert [is_answer(said, source()) for said in (WHY, SO)] == [False, True]


def test_parts_of_each_kind_of_text_are_text() -> None:
    asked, answered = [{"type": "input_text", "text": "Why?"}], [{"type": "output_text", "text": "So."}]
    assert sound([Said("user", asked), Said("assistant", answered)], source()) == ([ASKED, ANSWERED], False)
