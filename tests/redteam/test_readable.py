from __future__ import annotations

import pytest

from aurora.redteam.readable import is_unusable, other_language

ENGLISH = "Press the button for five seconds, then let it go and wait until the light turns green again."
FINNISH = "Paina painiketta viisi sekuntia, päästä sitten irti ja odota, kunnes valo muuttuu taas vihreäksi."
JAPANESE = "ボタンを五秒間押してから放し、ランプが再び緑色に変わるまでお待ちください。その後、電源を入れ直します。"


@pytest.mark.parametrize("text", [ENGLISH, FINNISH, JAPANESE, "Yes.", "7", "", "x = [1, 2]\nfor i in x:\n    print(i)"])
def test_prose_short_answers_and_code_are_readable(text: str) -> None:
    assert not is_unusable(text)


@pytest.mark.parametrize(
    "text",
    [
        "and so on " * 10,
        "ab" * 40,
        " ".join(["yes", "no", "maybe"] * 12),
        "word привет नमस्ते word привет नमस्ते слово शब्द слово शब्द",
        "wxk qpt zzrh mmnb vvk llkj trwq ppoi xcvb nmqw",
        "selectCloudGenerator ruleProductSaver nameSpaceHolder runGate",
        "broken \N{REPLACEMENT CHARACTER} character inside of it",
        "a control \x07 character",
    ],
)
def test_repetition_mixed_alphabets_and_noise_are_unusable(text: str) -> None:
    assert is_unusable(text)


def test_only_the_last_character_of_a_cut_answer_may_be_broken() -> None:
    assert not is_unusable(f"{ENGLISH}\N{REPLACEMENT CHARACTER}")


def test_what_stands_beyond_the_first_glance_is_not_examined() -> None:
    prose = f"{ENGLISH} It may take a minute. Do not switch the power off while it blinks, or the update is lost. "
    more = "If nothing happens, hold the button for longer, and call the number on the back of the device at last. "
    beginning = prose + more + "Their office is open on weekdays from nine to five, and an answer costs nothing at all."
    assert len(beginning) < 400
    assert not is_unusable(beginning + " " * (400 - len(beginning)) + "ab" * 400)
    assert is_unusable("ab" * 400 + beginning)


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (FINNISH, "fi"), (JAPANESE, "ja")])
def test_the_language_is_told_only_where_it_is_another(text: str, language: str) -> None:
    assert other_language(text, language) is None
    assert other_language(text, "vi") == language


@pytest.mark.parametrize("text", ["Kyllä.", "def main():\n    return 'jotakin ihan muuta kuin englantia'", "3 + 4 = 7"])
def test_short_texts_and_code_are_in_no_other_language(text: str) -> None:
    assert other_language(text, "en") is None
