from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from aurora.corpus.document import Document, Quarantined
from aurora.corpus.sources import hub, provenance, read_source
from aurora.errors import AuroraError, UserError
from aurora.recipe.sources import HubSource

ROWS: list[dict[str, Any]] = [
    {"text": "yksi", "lang": "fi"},
    {"text": None, "lang": "fi"},
    {"text": "two", "lang": None},
]


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """A folder as the hub would hold it, with two configurations."""
    lines = "\n".join(map(json.dumps, ROWS))
    for place in ("data/train.jsonl", "other/test.jsonl"):
        (tmp_path / "set" / place).parent.mkdir(parents=True)
        (tmp_path / "set" / place).write_text(lines)
    (tmp_path / "set/README.md").write_text(
        "---\nconfigs:\n- config_name: main\n  default: true\n  data_files: data/train.jsonl\n"
        "- config_name: other\n  data_files:\n  - split: test\n    path: other/test.jsonl\n---\n"
    )
    return tmp_path


def source(**keys: Any) -> HubSource:
    return HubSource(kind="hub", **{"dataset": "set", **keys})


def read(given: HubSource, base: Path) -> list[Document | Quarantined]:
    return list(read_source("web", given, base, base))


def test_a_local_folder_in_hub_layout(layout: Path) -> None:
    found = read(source(language_key="lang", license="CC0-1.0"), layout)
    first, second, third = found
    assert isinstance(first, Document)
    assert (first.text, first.lang, first.license, first.url) == ("yksi", "fi", "CC0-1.0", "hub:set#1")
    assert isinstance(second, Quarantined)
    assert (second.where, second.error) == ("hub:set#2", "text is not text")
    assert isinstance(third, Document)
    assert third.lang == "und"
    assert len(read(source(configuration="other", split="test"), layout)) == 3


def test_mistakes_are_one_sentence(layout: Path) -> None:
    for keys in ({"configuration": "none"}, {"split": "none"}):
        with pytest.raises(UserError, match=r"^corpus\.sources\.web: set cannot be loaded \([^\n]*\.$"):
            read(source(**keys), layout)
    with pytest.raises(UserError, match=r"set has no column body; choose from text, lang\."):
        read(source(text_key="body"), layout)


def test_code_of_a_data_set_is_never_run(layout: Path) -> None:
    (layout / "set/set.py").write_text("import pathlib\npathlib.Path(__file__).with_name('ran').touch()\n")
    (layout / "set/README.md").unlink()
    with contextlib.suppress(UserError):  # refused, or read as the data beside it
        read(source(), layout)
    assert not (layout / "set/ran").exists()


def test_provenance_of_a_folder_and_of_the_hub(layout: Path) -> None:
    facts = provenance("web", source(), layout, layout)
    assert set(facts["files"]) == {"set/README.md", "set/data/train.jsonl", "set/other/test.jsonl"}
    remote = source(dataset="someone/texts", revision="abc")
    expected = {"kind": "hub", "dataset": "someone/texts", "revision": "abc"}
    assert provenance("web", remote, layout, layout) == expected


def test_the_newest_revision_is_pinned_before_reading(layout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    asked: list[dict[str, Any]] = []

    def load_dataset(*names: str, **options: Any) -> list[dict[str, str]]:
        asked.append({"names": names, **options})
        return [{"text": "hello"}]

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    monkeypatch.setattr(hub, "_newest", lambda dataset: "c0ffee")
    (found,) = read(source(dataset="someone/texts"), layout)
    assert isinstance(found, Document)
    assert found.url == "hub:someone/texts@c0ffee#1"
    assert asked[0]["revision"] == "c0ffee"
    assert asked[0]["streaming"] is True
    assert "trust_remote_code" not in asked[0]


def test_no_network(layout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(dataset: str) -> str:
        raise ConnectionError("cannot reach it")

    monkeypatch.setattr(hub, "_newest", fail)
    with pytest.raises(AuroraError, match="check the network") as caught:
        read(source(dataset="someone/texts"), layout)
    assert caught.value.exit_code == 1


def test_without_the_extra(layout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UserError, match="run `pip install datasets huggingface-hub` first"):
        read(source(), layout)


@pytest.mark.parametrize("name", ["text", "pandas", "json", "../absent", "/absent", "a/b/c", "-x", "https://a.b/c"])
def test_a_name_that_is_no_data_set_is_refused_before_anything_is_read(tmp_path: Path, name: str) -> None:
    source = HubSource(kind="hub", dataset=name)
    for use in (read_source, provenance):
        with pytest.raises(UserError, match=r"corpus\.sources\.a\.dataset: .* is neither a folder nor a data set"):
            list(use("a", source, tmp_path, tmp_path))
