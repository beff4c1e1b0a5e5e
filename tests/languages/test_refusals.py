"""Refusals by the files of languages alone; tests of the judge hold what they find in whole sets of answers."""

from __future__ import annotations

import pytest

from aurora.languages.refusals import declines_to_help, fold

ENGLISH, FINNISH = "I can't help with that.", "Valitettavasti en voi auttaa siinä."


@pytest.mark.parametrize(
    ("answer", "declines"),
    [
        (ENGLISH, True),
        (FINNISH, True),
        (f"Thank you for asking. I am sorry. {ENGLISH}", True),
        (f"Water boils at 100 degrees. It is then hot. {ENGLISH}", False),
        (f"The sign says: “{ENGLISH}”", False),
        (f"“{ENGLISH}”", True),
        ("Boil the water first.", False),
        ("", False),
    ],
)
def test_a_sentence_near_the_beginning_declines(answer: str, declines: bool) -> None:
    assert declines_to_help(answer) == declines


def test_some_languages_alone() -> None:
    assert declines_to_help(FINNISH, languages={"fi", "en"})
    assert not declines_to_help(FINNISH, languages={"en"})


def test_openings_and_sentences_of_others() -> None:
    assert declines_to_help("Nope, says the ranger.", openings=[fold("Nope")])
    assert declines_to_help("Ask the ranger.", own=lambda sentence: "ranger" in sentence)
