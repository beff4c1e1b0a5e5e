from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from aurora.corpus.document import Document, Quarantined
from aurora.corpus.sources import provenance, read_source
from aurora.errors import UserError
from aurora.recipe.sources import EnvironmentSource

MODULE = '''"""Reading and writing of ``small`` files, see :class:`small.Reader` for how.

Parameters
----------
path : str
    Where the file is.

>>> read("x")
"""


class Reader:
    """Reads a file from its beginning to its end, line by line.

    Label:
    """

    def read(self):
        """Reads the next line and gives it back without its line end."""
        if True:
            def inner():
                """An inner function may have words that are worth reading too."""


def last():
    """Reads a file from its beginning to its end, line by line."""
'''


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path of Python where two distributions are installed."""
    monkeypatch.syspath_prepend(tmp_path)
    install(tmp_path, "small", "License-Expression: BSD-3-Clause", {
        "small/z.py": MODULE, "small/a.py": "x = 1\n", "small/tests/test_a.py": MODULE, "small/_vendor/b.py": MODULE,
        "small/broken.py": "def (\n", "small/latin.py": "x = 'ä'\n".encode("latin-1"), "small/empty.py": "",
        "small/large.py": "x = 1\n" * 20_000, "../bin/tool.py": "x = 2\n",
    })  # fmt: skip
    install(tmp_path, "other", "Classifier: License :: OSI Approved :: MIT License", {"other.py": "y = 1\n" * 100})
    return tmp_path


def install(folder: Path, name: str, license: str, files: dict[str, Any]) -> None:
    for place, content in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    info = folder / f"{name}-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.5\n{license}\n")
    (info / "RECORD").write_text("".join(f"{place},,\n" for place in files))


def read(
    take: Literal["docstrings", "sources"], base: Path, *names: str, **keys: Any
) -> tuple[list[Document], list[Quarantined]]:
    source = EnvironmentSource(kind="environment", take=take, distributions=list(names), **keys)
    found = list(read_source("env", source, base, base))
    return [item for item in found if isinstance(item, Document)], [i for i in found if isinstance(i, Quarantined)]


def test_docstrings_are_prose_in_the_order_of_the_module(installed: Path) -> None:
    (document,), broken = read("docstrings", installed, "small")
    assert document.text.split("\n\n") == [
        "Reading and writing of small files, see small.Reader for how.",
        "Reads a file from its beginning to its end, line by line.",
        "Reads the next line and gives it back without its line end.",
        "An inner function may have words that are worth reading too.",
    ]
    assert (document.lang, document.license, document.url) == ("en", "BSD-3-Clause", "env:small==1.5/small/z.py")
    assert [item.where for item in broken] == ["env:small==1.5/small/broken.py", "env:small==1.5/small/latin.py"]


def test_sources_come_in_the_stated_order(installed: Path) -> None:
    documents, broken = read("sources", installed, "other", "small")
    assert [document.url for document in documents] == [
        "env:other==1.5/other.py",
        "env:small==1.5/small/a.py",
        "env:small==1.5/small/broken.py",
        "env:small==1.5/small/z.py",
    ]
    assert documents[0].license == "MIT"
    assert {document.lang for document in documents} == {"code"}
    assert [item.where for item in broken] == ["env:small==1.5/small/latin.py"]


def test_the_limit_ends_reading(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents, _ = read("sources", installed, "other", "small", limit_megabytes=0.0003)
    assert len(documents) == 1
    (installed / "small/a.py").unlink()  # would not be missed, as it is not reached
    assert read("sources", installed, "other", "small", limit_megabytes=0.0003)[0] == documents


def test_a_missing_distribution_is_named_before_any_is_read(installed: Path) -> None:
    with pytest.raises(
        UserError, match=r"corpus\.sources\.env\.distributions: no-such is not installed here: pip inst"
    ):
        read("sources", installed, "small", "no-such")


def test_provenance(installed: Path) -> None:
    source = EnvironmentSource(kind="environment", take="sources", distributions=["small", "other"])
    assert provenance("env", source, installed, installed) == {
        "kind": "environment",
        "packages": [
            {"name": "small", "version": "1.5", "license": "BSD-3-Clause"},
            {"name": "other", "version": "1.5", "license": "MIT"},
        ],
    }


def test_python_nested_too_deep_is_quarantined(installed: Path) -> None:
    install(installed, "deep", "License: MIT", {"deep.py": "x = " + "(" * 5000 + ")" * 5000})
    documents, broken = read("docstrings", installed, "deep")
    assert not documents
    assert [item.where for item in broken] == ["env:deep==1.5/deep.py"]


@pytest.mark.parametrize(
    ("stated", "license"),
    [
        ("License: Apache License 2.0", "Apache-2.0"),
        ("License: MIT", "MIT"),
        ("License: " + "All rights " * 20, "unknown"),
        ("Classifier: License :: OSI Approved :: Some New License", "unknown"),
        ("Summary: says nothing", "unknown"),
    ],
)
def test_licences_are_spdx_or_unknown(installed: Path, stated: str, license: str) -> None:
    install(installed, "third", stated, {"third.py": "z = 1\n"})
    (document,), _ = read("sources", installed, "third")
    assert document.license == license
