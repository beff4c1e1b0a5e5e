"""Two versions of a policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.api.policies import open_policy, with_words
from aurora.errors import UserError
from aurora.redteam.changes.clauses import Changes, changes_between
from edited_policy import write_versions


def between(old: Path, new: Path) -> Changes:
    return changes_between(with_words(old), with_words(new))


def test_one_edited_clause_is_one_and_its_prompts_are_those_of_its_category(tmp_path: Path) -> None:
    old, new = write_versions(tmp_path)
    changes = between(old, new)
    assert list(changes.edited) == ["privacy"]
    assert changes.edited["privacy"].keys == ["privacy.refused"]
    assert changes.versions == ("1.0", "1.1")
    assert (changes.gone, changes.added, changes.words) == ([], [], {})
    words = [words.categories["privacy"] for words in open_policy(old).words.values()]
    actions = sum(len([*one.harmful_actions(), *one.benign]) for one in words)
    assert len(changes.hanging["privacy"]) == actions * 3 + sum(len(one.harmless) for one in words) == 28
    assert list(changes.hanging) == ["privacy"]


def test_a_clause_of_the_source_touches_what_cites_it(tmp_path: Path) -> None:
    old, new = write_versions(tmp_path, lambda text: text.replace("Respect.", "More respect."))
    changes = between(old, new)
    assert {name: one.keys for name, one in changes.edited.items()} == {"privacy": ["privacy.clauses"]}


def test_what_stands_above_touches_all_below(tmp_path: Path) -> None:
    old, new = write_versions(tmp_path, lambda text: text.replace("What belongs", "All that belongs"))
    changes = between(old, new)
    assert {name: one.keys for name, one in changes.edited.items()} == {
        "books": ["things.definition"],
        "chairs": ["things.definition"],
    }


def test_words_that_change_are_told_by_language(tmp_path: Path) -> None:
    old, new = write_versions(tmp_path, lambda text: text)
    words = new.with_suffix("") / "fi.yaml"
    text = words.read_text(encoding="utf-8")
    text = text.replace("everybody's too", "ours")
    words.write_text(text.replace('"What is a diary?", ', ""), encoding="utf-8")
    changes = between(old, new)
    assert not changes.edited
    told = changes.words
    assert list(told) == ["fi"]
    assert (len(told["fi"].gone), len(told["fi"].new), len(told["fi"].answered)) == (1, 0, 2 * 3)


def test_a_category_may_go_and_another_come(tmp_path: Path) -> None:
    old, new = write_versions(tmp_path)
    for path in [new, *new.with_suffix("").glob("*.yaml")]:
        text = path.read_text(encoding="utf-8").replace("id: books", "id: maps").replace("\n  books:", "\n  maps:")
        path.write_text(text, encoding="utf-8")
    changes = between(old, new)
    assert (changes.gone, changes.added, list(changes.edited)) == (["books"], ["maps"], ["privacy"])
    assert set(changes.touched) == {"books", "privacy"}


def test_two_policies_are_no_versions_of_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="These are two policies, club and nist-ai-600-1"):
        between(write_versions(tmp_path)[0], Path("nist-ai-600-1"))
