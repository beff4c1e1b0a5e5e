from __future__ import annotations

import contextlib
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.sources.python_text import is_own, prose

MODULE = '''
"""A module that says in one sentence what it is for.

It goes on in a second paragraph which is also long enough.
"""

x = """A string that is no docstring, however much like prose it may read to you."""

if True:
    class Tool:
        """A tool whose description uses :class:`~package.Other` and ``marked`` words of the language.

        Args:
            width (int): a list of parameters is no prose, and this line is indented too.
        """

        async def work(self):
            """Work without end.

            >>> Tool().work()  # an example of several words which is not prose at all
            """

            def inner():
                """An inner function may well have a docstring of its own, and it is read."""
'''


def test_the_prose_of_docstrings_in_their_order() -> None:
    assert prose(MODULE, set()).split("\n\n") == [
        "A module that says in one sentence what it is for.",
        "It goes on in a second paragraph which is also long enough.",
        "A tool whose description uses package.Other and marked words of the language.",
        "An inner function may well have a docstring of its own, and it is read.",
    ]


def test_paragraphs_met_before_are_left_out() -> None:
    seen: set[str] = set()
    assert prose(MODULE, seen)
    assert prose(MODULE, seen) == ""


@pytest.mark.parametrize(
    "paragraph",
    [
        "Seven words are not enough for prose.",
        ".. note:: a directive of eight words or more is no prose",
        "| a | table | of | many | cells | in | one | row |",
        "x = [1, 2, 3]; y = {4: 5}; z = (6, 7); w = 8 + 9 - 10",
        "(a remark in brackets that begins with no letter, but has enough words)",
        "====== ======== ====== ======= ======",
    ],
)
def test_what_is_no_prose(paragraph: str) -> None:
    assert prose(f'"""{paragraph}"""', set()) == ""


@given(st.one_of(st.text(st.characters()), st.text(st.sampled_from(list('"()[]:\\\n\x00 defx=-')))))
def test_any_text_is_read_or_refused(source: str) -> None:
    with contextlib.suppress(SyntaxError, ValueError, RecursionError):
        assert isinstance(prose(source, set()), str)


@pytest.mark.parametrize("source", ["-" * 20_000 + "1", "(" * 500, "a." * 20_000 + "a", "\x00", "x = '\ud800'"])
def test_what_the_parser_cannot_take_is_refused(source: str) -> None:
    with pytest.raises((SyntaxError, ValueError, RecursionError)):
        prose(source, set())


@pytest.mark.filterwarnings("error")
def test_odd_escapes_are_not_warned_of() -> None:
    assert prose('"""The \\d of this docstring is an invalid escape in a sentence."""', set())


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("package/module.py", True),
        ("package/testimony.py", True),
        ("package/tests/module.py", False),
        ("package/test_module.py", False),
        ("package/module_test.py", False),
        ("package/conftest.py", False),
        ("package/_vendor/other.py", False),
        ("package/module.pyc", False),
        ("package/data.txt", False),
    ],
)
def test_tests_and_vendored_code_are_not_the_packages_own(path: str, own: bool) -> None:
    assert is_own(PurePosixPath(path)) is own
