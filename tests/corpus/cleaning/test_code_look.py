from __future__ import annotations

import pyarrow as pa
import pytest

from aurora.corpus.cleaning.code_look import code_share, label_code
from aurora.corpus.kernels.columns import buffers_of
from corpus.sample_texts import CODE_TEXT, TEXTS


def share(text: str) -> float:
    return float(code_share(*buffers_of(pa.array(["x = 1", text], pa.large_string()).slice(1)))[0][0])


@pytest.mark.parametrize(
    "line",
    [
        "}",
        "return x;",
        "if (a) {",
        "foo(bar,",
        "values = [",
        "@decorator",
        "#[derive(Debug)]",
        "// note",
        "/* note */",
        "    # a note",
        " * a note",
        "def f",
        "#include <a.h>",
        "from a.b import c",
        "import a",
        "x = 1",
        "a == b",
        "a != b",
        "a += b",
        "a && b",
        "a || b",
        "std::sort",
        "p->next",
        "(a) => b",
        "call(x)",
        "});",
        "} else",
        "x := 2",
        "from . import a",
    ],
)
def test_lines_of_code(line: str) -> None:
    assert share(line) == 1.0


@pytest.mark.parametrize(
    "line",
    [
        *TEXTS.values(),
        "He came; and went; and they saw him no more;",
        "see printf(3) and file(s)",
        "# A heading",
        "* an item",
        "from here to there",
        "import",
        "for a while",
        "----->",
        "======",
        "a = ",
        "-- and so on",
        "(in brackets)",
        "one, two,",
    ],
)
def test_lines_of_prose(line: str) -> None:
    assert share(line) == 0.0


def test_shares_are_of_bytes_and_fences_make_prose() -> None:
    assert share("x = 1\nprose\n\n  \n") == 0.5
    assert share(f"x = 1\n{'prose ' * 10}\n") < 0.1
    assert share("x = 1\n```\ny = 2") == 0.0
    assert share("") == 0.0


def test_only_documents_without_a_language_are_labelled() -> None:
    texts = pa.array([CODE_TEXT, CODE_TEXT, TEXTS["en"], "x = 1\ny = 2\nz = 3"], pa.large_string())
    assert label_code(texts, ["und", "en", "und", "und"]) == ["code", "en", "und", "und"]
