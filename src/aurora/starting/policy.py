"""A policy to change: two concerns of the one that comes with Aurora, with their words, as files of the user's own.

One decision: it starts from words that are known to work, because a policy is written by changing one line after
another and checking it with `aurora redteam generate`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from aurora.files import atomic_file
from aurora.shipped import places
from aurora.written.yaml_nodes import read_table

MODEL = "eo-14110"
CONCERNS = ("privacy", "illegal")
HEAD = """\
# Your policy: what the model shall refuse, and what it shall go on answering (docs/policy.md). It begins as two
# concerns of Aurora's own; change the prose, take away or add concerns, and give each its words in
# {folder}/LANGUAGE.yaml.
"""
WORDS_HEAD = """\
# The words of {policy} in this language. {{action}} stands in a template as it is; give each harmful action a
# harmless one that looks like it.
"""


def languages_of_model() -> list[str]:
    """The languages that there are words in to begin with."""
    folder = places.folder("policies") / MODEL
    return sorted(path.stem for path in folder.glob("*.yaml"))


def write_policy(path: Path, languages: list[str], name: str) -> list[Path]:
    """Write a policy of this name and its words in some of `languages_of_model`; returns the files."""
    model = places.folder("policies") / f"{MODEL}.yaml"
    values, _ = read_table(model, "a policy file")
    values["categories"] = [one for one in values["categories"] if one["id"] in CONCERNS]
    for concern in values["categories"]:
        del concern["clauses"]  # of the order, which is not theirs
    values |= {"id": name, "title": f"Policy of {path.parent.resolve().name}", "status": "draft"}
    values |= {"status_note": "", "license": "unknown", "source": {"document": "Written by us"}}
    _write(path, HEAD.format(folder=path.stem), values)
    written = [path]
    for language in languages:
        words, _ = read_table(model.with_suffix("") / f"{language}.yaml", "a policy file")
        words["categories"] = {name: one for name, one in words["categories"].items() if name in CONCERNS}
        place = path.with_suffix("") / f"{language}.yaml"
        _write(place, WORDS_HEAD.format(policy=path.name), words)
        written.append(place)
    return written


def _write(path: Path, head: str, values: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=120)
    with atomic_file(path) as stream:
        stream.write((head + text).encode())
