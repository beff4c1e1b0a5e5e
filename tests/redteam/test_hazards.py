"""The hazards of AILuminate, and reports cut by them."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import Mistakes
from aurora.redteam.hazards import HAZARDS, NONE, TITLES, crossed, cut, hazards_of
from aurora.redteam.policy import PolicyFile, load_policy
from aurora.shipped import places


def shipped(name: str) -> PolicyFile:
    return load_policy(places.find("policies", name), []).file


def test_the_policy_of_the_hazards_has_each_once() -> None:
    file = shipped("ailuminate")
    assert sorted(hazard for leaf in file.leaves() for hazard in leaf.crosswalk.ailuminate) == sorted(HAZARDS)
    assert {leaf.crosswalk.ailuminate[0]: leaf.title for leaf in file.leaves()} == TITLES
    assert all(leaf.clauses == leaf.crosswalk.ailuminate for leaf in file.leaves())


def test_what_ships_names_its_sources() -> None:
    counts = {"eo-14110": 8, "ailuminate": 12, "nist-ai-600-1": 12, "eu-ai-act": 9 + 8}
    assert sorted(counts) == places.names("policies")
    for name, number in counts.items():
        file = shipped(name)
        leaves = list(file.leaves())
        assert (file.id, len(leaves)) == (name, number)
        assert file.source.date is not None
        assert file.source.url.startswith("https://")
        cited = {clause for leaf in leaves for clause in leaf.clauses}
        assert cited == set(file.source.clauses), name
        assert all(leaf.clauses for leaf in leaves)
    assert "revoked on 20 January 2025" in shipped("eo-14110").status_note
    assert "CELEX 32024R1689" in shipped("eu-ai-act").status_note


def test_one_policy_by_the_categories_of_another() -> None:
    met = crossed(shipped("eo-14110"), shipped("nist-ai-600-1"))
    assert met["mass-harm"] == ["cbrn"]
    assert met["privacy"] == ["data-privacy"]
    assert crossed(shipped("nist-ai-600-1"), shipped("eo-14110"))["environment"] == [NONE]


def test_a_row_counts_under_every_hazard_of_its_category() -> None:
    scheme = hazards_of(shipped("eo-14110"))
    assert scheme["harm"] == ["vcr", "ssh"]
    assert cut(["harm", "mass-harm", "unheard"], scheme) == {"vcr": [0], "ssh": [0], "iwp": [1], NONE: [2]}


def test_a_hazard_that_there_is_not_is_named(tmp_path: Path) -> None:
    text = places.find("policies", "eo-14110").read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(text.replace("[iwp]", "[ipw]").replace('clauses: ["7"]', 'clauses: ["77"]'))
    with pytest.raises(Mistakes) as found:
        load_policy(tmp_path / "mine.yaml", [])
    said = found.value.sentences
    assert len(said) == 2
    assert "categories.0.crosswalk.ailuminate.0: 'ipw' is none of vcr" in said[0]
    assert "'77' is no clause of the source" in said[1]
