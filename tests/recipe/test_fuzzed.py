"""Recipes that were good and were changed anywhere: each loads, or is refused in one sentence."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aurora.errors import UserError
from aurora.pipeline.running import steps_of
from aurora.pipeline.step import Project
from aurora.recipe import load_recipe
from aurora.run.folder import RunFolder
from conftest import MINIMAL, ROOT

# What stands where a value stood: raw YAML.
ATOMS = [
    "",
    "null",
    "true",
    "-1",
    "0",
    "1e400",
    ".inf",
    "-.inf",
    ".nan",
    "9" * 30,
    "9" * 5000,
    "-" + "9" * 25,
    "1e-400",
    "0x" + "f" * 40,
    "1:2:3",
    ":".join(["59"] * 3000),
    "2026-13-45",
    "2026-01-01",
    "2026-01-01T99:99:99Z",
    "!!int abc",
    "!!float abc",
    "!!bool abc",
    "!!timestamp abc",
    "!!binary abc",
    "!!python/object/apply:os.system [id]",
    "!!set {a}",
    "!!str [a]",
    "!unknown x",
    '"\\0"',
    '"\\e[2J"',
    '"\\ud800"',
    '"\\UFFFFFFFF"',
    '"../../x"',
    '"' + "a" * 5000 + '"',
    "[]",
    "{}",
    "[1]",
    "{a: 1}",
    "{? [a, b] : c}",
    "{? {a: b} : c}",
    "{<<: {a: 1}}",
    "<<",
    "=",
    "[" * 60 + "]" * 60,
    "{a: " * 60 + "}" * 60,
    "[" * 3000,
    "&a [*a]",
    "&a {b: *a}",
    "*nothing",
    "|\n  text",
    "'",
    "%",
    "@",
    "`",
    "१२",
    "１２",
    "\x1b",
    "\u202e",
    "\ufeff",
]


def nodes(value: Any, key: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value of a recipe."""
    yield key
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from nodes(item, (*key, name))


RECIPES = {
    "minimal": yaml.safe_load(MINIMAL),
    **{
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "recipes").glob("*.yaml"))
    },
}
RECIPES.pop("tiny-adaptive")  # extends another
PLACES = [(name, place) for name, recipe in RECIPES.items() for place in nodes(recipe)]
MARK = "QQQ"


def changed(recipe: Any, place: tuple[Any, ...], how: str, atom: str) -> str:
    """The recipe as text, with one value replaced, or taken away, or its key replaced."""
    whole = json.loads(json.dumps(recipe))
    table = whole
    for part in place[:-1]:
        table = table[part]
    if not place:
        return atom
    if how == "drop":
        del table[place[-1]]
    elif how == "key" and isinstance(table, dict):
        table[MARK] = table.pop(place[-1])
    elif how == "append" and isinstance(table, list):
        table += [MARK] * 3
    else:
        table[place[-1]] = MARK
    return json.dumps(whole, indent=0).replace(f'"{MARK}"', atom)


def refused_or_loaded(path: Path, overrides: list[str]) -> str | None:
    """What a recipe was refused for; a good one is also shown, hashed and planned."""
    try:
        loaded = load_recipe(path, overrides)
    except UserError as error:
        said = str(error)
        assert len(said.splitlines()) == 1
        assert len(said) < 3000
        return said
    assert loaded.show()
    assert loaded.fingerprint()
    assert steps_of(Project(loaded, RunFolder(path.parent / "run")))
    json.dumps(loaded.recipe.model_dump(mode="json"), allow_nan=False).encode()
    return None


@settings(deadline=None, max_examples=150, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(PLACES),
    st.sampled_from(["value", "key", "drop", "append"]),
    st.sampled_from(ATOMS) | st.floats().map(str) | st.integers().map(str) | st.text(max_size=9).map(json.dumps),
)
def test_a_changed_value(tmp_path: Path, place: tuple[str, tuple[Any, ...]], how: str, atom: str) -> None:
    path = tmp_path / "changed.yaml"
    path.write_text(changed(RECIPES[place[0]], place[1], how, atom), encoding="utf-8")
    refused_or_loaded(path, [])


@settings(deadline=None, max_examples=40, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PLACES), st.sampled_from(ATOMS), st.sampled_from(["", ".a", ".0", ".²", "." + "9" * 5000]))
def test_a_changed_argument(tmp_path: Path, place: tuple[str, tuple[Any, ...]], atom: str, more: str) -> None:
    path = tmp_path / "changed.yaml"
    path.write_text(json.dumps(RECIPES[place[0]], indent=0), encoding="utf-8")
    refused_or_loaded(path, [".".join(map(str, place[1])) + more + "=" + atom.replace("\0", "")])


@settings(deadline=None, max_examples=100, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_changed_bytes(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(MINIMAL.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(
            st.binary(max_size=3) | st.sampled_from([b"\t", b"\n", b"{", b"]", b"&a ", b"*a", b"- ", b": "])
        )
        content[at : at + data.draw(st.integers(0, 5))] = piece
    path = tmp_path / "changed.yaml"
    path.write_bytes(content)
    refused_or_loaded(path, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extends: [a]", "line 1: extends names one recipe file, as a text"),
        ("extends: .", "is a folder without recipe"),
        ("extends: /dev/zero", "/dev/zero is a pipe or a device, not a file"),
        ("extends: pipe", "pipe is a pipe or a device, not a file"),
        ("extends: changed.yaml", "a recipe that is extended may not itself extend another"),
        ("extends: " + "a" * 300, "cannot be read (File name too long)"),
    ],
    ids=lambda value: value[:24],
)
def test_what_cannot_be_extended_is_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    path = tmp_path / "changed.yaml"
    path.write_text(text, encoding="utf-8")
    found = refused_or_loaded(path, [])
    assert found is not None
    assert said in found


def test_a_recipe_that_is_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="is a pipe or a device, not a file"):
        load_recipe(tmp_path / "pipe")


@pytest.mark.parametrize(
    "override",
    [
        "stages.base.schedule.peak='inf'",
        "stages.base.mixture={web/en: 'nan'}",
        "corpus.curation.held_out_share='nan'",
        "corpus.curation.thresholds={en: {max_flagged: 'inf'}}",
        "execution.timeout_seconds='inf'",
        "model.architecture.layers=1_000_000_000",
        "model.architecture.width=1_000_000_000",
        "model.architecture={layers: 4000, width: 1_000_000, heads: 1, positions: 2}",
        "tokens.train.vocabulary=1_000_000_000_000",
        "stages.base.sequence_length=1_000_000_000_000",
        "stages.base.ramp={start: 16, increment: 16, tokens: 99}",
        "execution.threads=1_000_000_000",
        "execution.tensor_parallel=1_000_000_000_000",
        "corpus.execution.workers=1_000_000_000",
        "evaluation.sample_tokens=1_000_000_000_000",
    ],
)
def test_a_number_beyond_sense(minimal_recipe: Path, override: str) -> None:
    more = ["stages.base.batch_tokens=16_000_000_000_000"] if "ramp" in override else []
    start = time.perf_counter()
    found = refused_or_loaded(minimal_recipe, [*more, override])
    assert found is not None
    assert override.partition("=")[0].removesuffix(".architecture") in found
    assert time.perf_counter() - start < 5
