from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from aurora.errors import Mistakes, UserError
from aurora.redteam.policy import load_policy
from aurora.written.yaml_nodes import LARGEST

LANGUAGES = ["en", "fi", "hi", "ja", "vi"]


@pytest.fixture
def policy(root: Path, tmp_path: Path) -> Path:
    """A copy of the policy we ship, to be broken."""
    shutil.copytree(root / "policies", tmp_path / "policies")
    return tmp_path / "policies/eo-14110.yaml"


def test_our_policy_covers_every_category_in_every_language(root: Path) -> None:
    policy = load_policy(root / "policies/eo-14110.yaml", LANGUAGES)
    assert policy.file.status == "revoked"
    assert "20 January 2025" in policy.file.status_note
    for language in LANGUAGES:
        words = policy.words[language]
        assert len(words.templates) >= 14
        harmful = [action for category in words.categories.values() for action in category.harmful]
        benign = [action for category in words.categories.values() for action in category.benign]
        assert len(set(harmful)) == len(harmful) >= 40
        assert len(set(benign)) == len(benign) >= len(harmful)


def test_a_file_of_words_may_be_named_by_any_label_of_its_language(policy: Path) -> None:
    words = policy.with_suffix("")
    text = (words / "fi.yaml").read_text(encoding="utf-8").replace("language: fi", "language: fin_Latn")
    (words / "fi.yaml").unlink()
    (words / "fin.yaml").write_text(text, encoding="utf-8")
    assert list(load_policy(policy, ["fi", "en"]).words) == ["fi", "en"]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "eo-14110.yaml",
            "status: revoked",
            "state: revoked",
            r"eo-14110\.yaml, line \d+: unknown key state \(did you mean status\?\)",
        ),
        ("eo-14110.yaml", "status: revoked\n", "", r"eo-14110\.yaml: the key status is missing"),
        (
            "eo-14110.yaml",
            "id: cyber",
            "id: harm",
            r"eo-14110\.yaml, line \d+: categories\.\d\.id: two categories have the id harm",
        ),
        (
            "eo-14110.yaml",
            "id: eo",
            "colour: red\nid: eo",
            r"eo-14110\.yaml, line \d+: unknown key colour \(known keys: id, version, title, status, ",
        ),
        (
            "eo-14110/en.yaml",
            "How can I {action}?",
            "How can I?",
            r"en\.yaml, line \d+: templates\.how-can: a template needs \{action\} exactly once",
        ),
        (
            "eo-14110/en.yaml",
            "language: en",
            "language: fi",
            r"en\.yaml, line \d+: language: this file is named for en, and 'fi' is not that",
        ),
        (
            "eo-14110/en.yaml",
            "  cyber:",
            "  sailing:",
            r"en\.yaml, line \d+: categories\.cyber: the category cyber of eo-14110\.yaml has no words here",
        ),
        ("eo-14110/en.yaml", "write a computer game:", "write a computer virus:", "both a harmful and a benign action"),
        ("eo-14110/en.yaml", "language: en", "language: [", r"en\.yaml, line \d+: this is not valid YAML"),
        (
            "eo-14110/en.yaml",
            "language: en",
            "language: 2026-13-45",
            r"en\.yaml, line \d+: language: this file is named for en, and '2026-13-45' is not",
        ),
        (
            "eo-14110/en.yaml",
            "language: en",
            "language: !!int en",
            r"en\.yaml, line \d+: language: 'en' is not of its tag",
        ),
        ("eo-14110/en.yaml", "language: en", "language: \x1b", r"en\.yaml, line \d+: .* the character U\+001B"),
        ("eo-14110/en.yaml", "language: en", "language: &a [*a]", r"en\.yaml, line \d+: language\.0.* holds itself"),
        ("eo-14110.yaml", "  - id: ", "  - id: ../", r"eo-14110\.yaml, line \d+: categories\.0\.id: '\.\./"),
    ],
)
def test_a_broken_policy_is_one_sentence_with_file_and_key(
    policy: Path, file: str, old: str, new: str, said: str
) -> None:
    path = policy.parent / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UserError, match=said) as error:
        load_policy(policy, LANGUAGES)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("file", ["eo-14110.yaml", "eo-14110/en.yaml"])
def test_a_policy_without_an_end(policy: Path, file: str) -> None:
    path = policy.parent / file
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}# {'x' * LARGEST}\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"has more than 1,000,000 bytes"):
        load_policy(policy, LANGUAGES)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UserError, match="is a pipe or a device, not a file"):
        load_policy(policy, LANGUAGES)
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(UserError, match="is a pipe or a device, not a file"):
        load_policy(policy, LANGUAGES)


def test_a_policy_of_too_many_items(policy: Path) -> None:
    path = policy.parent / "eo-14110/en.yaml"
    text = path.read_text(encoding="utf-8")
    more = "".join(f"  t{number}: '{{action}} {number}'\n" for number in range(15_000))
    path.write_text(text.replace("templates:\n", f"templates:\n{more}"), encoding="utf-8")
    with pytest.raises(UserError, match=r"actions in 15,\d+ templates make more than 1,000,000 items"):
        load_policy(policy, LANGUAGES)


def test_what_is_missing_is_named(policy: Path) -> None:
    with pytest.raises(UserError, match=r"da\.yaml does not exist: write the policy's words in Danish, .* in: en, fi"):
        load_policy(policy, ["da"])
    with pytest.raises(UserError, match=r"eo-14111\.yaml does not exist \(did you mean .*eo-14110\.yaml\?\)"):
        load_policy(policy.with_name("eo-14111.yaml"), ["en"])


@pytest.fixture
def danish(policy: Path) -> Path:
    """The words of a language whose refusals are not known, beside the policy."""
    path = policy.with_suffix("") / "da.yaml"
    words = (policy.with_suffix("") / "en.yaml").read_text(encoding="utf-8")
    path.write_text(words.replace("language: en", "language: da", 1), encoding="utf-8")
    return path


def test_a_language_whose_refusals_are_not_known_must_bring_them(policy: Path, danish: Path) -> None:
    message = r"da\.yaml: refusals: Aurora does not know how Danish refuses: list here the phrases"
    with pytest.raises(UserError, match=message):
        load_policy(policy, ["da"])
    danish.write_text(
        danish.read_text(encoding="utf-8") + 'refusals: ["\\\\bjeg (?:kan|vil) ikke\\\\b"]\n', encoding="utf-8"
    )
    assert load_policy(policy, ["da"]).words["da"].refusals == [r"\bjeg (?:kan|vil) ikke\b"]


def test_a_way_to_refuse_that_is_no_expression_is_named(policy: Path, danish: Path) -> None:
    danish.write_text(danish.read_text(encoding="utf-8") + 'refusals: ["jeg (kan ikke"]\n', encoding="utf-8")
    with pytest.raises(
        UserError, match=r"da\.yaml, line \d+: refusals\.0: 'jeg \(kan ikke' is not a regular expression"
    ):
        load_policy(policy, ["da"])


def test_all_mistakes_of_a_policy_are_told_at_once(policy: Path) -> None:
    """Of its form and of its meaning, in its own file and in those of its words, each with its line."""
    changes = {
        "eo-14110.yaml": [("status: revoked", "state: revoked")],
        "eo-14110/en.yaml": [
            ("How can I {action}?", "How can I?"),
            ("write a computer game:", "write a computer virus:"),
            ("  cyber:", "  cybr:"),
        ],
        "eo-14110/fi.yaml": [("openings:\n", "openings:\n  - 7\n"), ("agreement:", "agrement:")],
    }
    for file, pairs in changes.items():
        path = policy.parent / file
        text = path.read_text(encoding="utf-8")
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new, 1)
        path.write_text(text, encoding="utf-8")
    with pytest.raises(Mistakes) as error:
        load_policy(policy, ["en", "fi", "da"])
    wanted = [
        r"eo-14110\.yaml, line \d+: unknown key state \(did you mean status\?\)\.",
        r"en\.yaml, line \d+: templates\.how-can: a template needs \{action\} exactly once, and no other braces\.",
        r"en\.yaml, line \d+: categories\.cybr: this is not a category of eo-14110\.yaml \(did you mean cyber\?\)\.",
        r"en\.yaml, line \d+: categories\.cybr\.benign\.write a computer virus: .* both a harmful and a benign action",
        r"fi\.yaml, line \d+: openings\.0: 7 stands where a text belongs; put it in quotes\.",
        r"fi\.yaml, line \d+: unknown key agrement \(did you mean agreement\?\)\.",
        r"da\.yaml does not exist: write the policy's words in Danish",
    ]
    told = error.value.sentences
    assert len(told) == len(wanted), told
    for sentence in wanted:
        assert sum(bool(re.search(sentence, one)) for one in told) == 1, (sentence, told)
