"""What each character is, as Unicode and the languages say it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.kernels import characters
from aurora.corpus.kernels.characters import flags


@given(st.characters(exclude_categories=["Cs", "Cn", "Co"]))
def test_flags_are_what_python_says_of_a_character(character: str) -> None:
    found = int(flags((), ".", '"')[ord(character)])
    assert bool(found & characters.SPACE) == character.isspace()
    assert bool(found & characters.LINE_END) == (len(f"a{character}b".splitlines()) == 2)


def test_a_language_has_its_script_and_its_sentence_ends() -> None:
    plain, hindi = flags((), ".", '"'), flags(("DEVANAGARI",), "।?", "”")
    assert hindi[ord("क")] & characters.SCRIPT
    assert not hindi[ord("a")] & characters.SCRIPT
    assert plain[ord("a")] & characters.SCRIPT  # without a script, any letter
    assert hindi[ord("।")] & characters.WIDE_ENDING  # no space need follow it
    assert hindi[ord("?")] & (characters.ENDING | characters.WIDE_ENDING) == characters.ENDING
    assert not hindi[ord(".")] & characters.ENDING
    assert plain[ord(".")] & characters.ENDING  # one language changes nothing of another
