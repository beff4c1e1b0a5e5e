"""The policy that is written to be changed is one as it stands."""

from __future__ import annotations

from pathlib import Path

from aurora.redteam.policy import load_policy
from aurora.redteam.prompts import expand
from aurora.starting.policy import CONCERNS, languages_of_model, write_policy


def test_a_policy_to_change_is_sound_in_every_language_that_it_begins_with(tmp_path: Path) -> None:
    languages = languages_of_model()
    assert {"en", "fi", "sv"} <= set(languages)
    written = write_policy(tmp_path / "library/policy.yaml", languages, "library")
    assert written[0].read_text().startswith("# Your policy:")
    policy = load_policy(written[0], languages)
    assert sorted(category.id for category in policy.file.categories) == sorted(CONCERNS)
    assert (policy.file.id, policy.file.status) == ("library", "draft")
    assert policy.file.title == "Policy of library"
    assert {item.language for item in expand(policy)} == set(languages)
