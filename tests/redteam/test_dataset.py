from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.recipe.safety import Redteam
from aurora.redteam.dataset import Item, build_redteam, read_items, read_judge, refuse_too_few
from aurora.redteam.judge import Answered, Judge
from aurora.redteam.judging.learned import LearnedJudge, write_judge
from aurora.redteam.policy import Policy, load_policy
from redteam.judging.test_learned import NO, learnt

LANGUAGES = ["en", "fi", "hi", "ja", "vi"]


def build(root: Path, folder: Path, seed: int = 1) -> tuple[list[Item], list[Item]]:
    folder.mkdir()
    build_redteam(Redteam(policy="policies/eo-14110.yaml", languages=LANGUAGES), root, seed, folder)
    return read_items(folder / "train.jsonl"), read_items(folder / "held_out.jsonl")


@pytest.fixture(scope="module")
def folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The set of seed 1."""
    folder = tmp_path_factory.mktemp("redteam") / "a"
    build(root, folder)
    return folder


@pytest.fixture(scope="module")
def train(folder: Path) -> list[Item]:
    return read_items(folder / "train.jsonl")


@pytest.fixture(scope="module")
def held_out(folder: Path) -> list[Item]:
    return read_items(folder / "held_out.jsonl")


def test_training_and_held_out_share_no_template_and_no_prompt(train: list[Item], held_out: list[Item]) -> None:
    templates = [{(item.language, item.template) for item in part} for part in (train, held_out)]
    assert not templates[0] & templates[1]
    assert not {item.prompt for item in train} & {item.prompt for item in held_out}
    ids = [item.id for item in train + held_out]
    assert len(set(ids)) == len(ids)


def test_there_are_enough_held_out_prompts_of_every_kind(held_out: list[Item]) -> None:
    counts = Counter((item.language, item.kind) for item in held_out)
    assert all(counts[language, kind] >= 40 for language in LANGUAGES for kind in ("harmful", "benign"))


def test_harmful_prompts_are_refused_and_benign_ones_answered(train: list[Item], held_out: list[Item]) -> None:
    judge = Judge()
    for part in (train, held_out):
        wrong = [item for item in part if judge.is_refusal(item.response) != (item.kind == "harmful")]
        assert not wrong


def test_the_first_items_cover_every_category(held_out: list[Item]) -> None:
    first = islice((item for item in held_out if (item.language, item.kind) == ("fi", "harmful")), 16)
    assert set(Counter(item.category for item in first).values()) == {2}


def test_the_same_seed_gives_the_same_bytes_and_another_another_split(root: Path, folder: Path, tmp_path: Path) -> None:
    for name, seed in (("b", 1), ("c", 2)):
        build(root, tmp_path / name, seed)
    first, again, other = (path / "held_out.jsonl" for path in (folder, tmp_path / "b", tmp_path / "c"))
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["policy"]["status"] == "revoked"


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_text('{"id": "x"}\n')
    with pytest.raises(UserError, match=r"items\.jsonl, line 1"):
        read_items(tmp_path / "items.jsonl")


def test_the_judge_of_a_set_knows_the_words_of_its_policy(folder: Path) -> None:
    judge = read_judge(folder / "summary.json")
    assert judge.openings["en"] == ["I can't help with that."]
    assert judge.outcome("I can't help with that. Every person deserves respect.", "en") == "refusal"


def test_watched_prompts_are_a_third_part(root: Path, tmp_path: Path, held_out: list[Item]) -> None:
    settings = {"policy": "policies/eo-14110.yaml", "languages": LANGUAGES, "watched_share": 0.1}
    summary = build_redteam(Redteam.model_validate(settings), root, 1, tmp_path)
    parts = {name: read_items(tmp_path / f"{name}.jsonl") for name in ("train", "held_out", "watched")}
    assert parts["held_out"] == held_out
    assert {name: summary[name]["items"] for name in parts} == {name: len(items) for name, items in parts.items()}
    templates = [{(item.language, item.template) for item in items} for items in parts.values()]
    assert sum(map(len, templates)) == len(set().union(*templates))
    counts = Counter((item.language, item.kind) for item in parts["watched"])
    assert all(counts[language, kind] >= 40 for language in LANGUAGES for kind in ("harmful", "benign"))


def test_a_policy_with_too_few_templates_cannot_be_watched(tmp_path: Path, root: Path) -> None:
    policy = load_policy(root / "policies/eo-14110.yaml", ["en"])
    words = policy.words["en"]
    few = words.model_copy(update={"templates": dict(islice(words.templates.items(), 2))})
    settings = Redteam(policy="a.yaml", languages=["en"], watched_share=0.1)
    with pytest.raises(UserError, match=r"has 2 templates in en: write 3 or more, or leave the key out"):
        refuse_too_few(settings, Policy(file=policy.file, words={"en": few}))
    refuse_too_few(settings, policy)


def test_a_recipes_own_judge_is_kept_with_the_set(root: Path, tmp_path: Path) -> None:
    """The policy's words, and languages that the judge has not learnt, are judged by the rules."""
    write_judge(learnt(), tmp_path / "mine.safetensors")
    settings = Redteam(policy="policies/eo-14110.yaml", languages=["en"], judge=str(tmp_path / "mine.safetensors"))
    summary = build_redteam(settings, root, 1, tmp_path / "set")
    judge = read_judge(tmp_path / "set/summary.json")
    assert isinstance(judge, LearnedJudge)
    assert judge.name == summary["judge"]["name"] == "learned mine"
    assert judge.rules.openings["en"] == summary["openings"]["en"]
    assert judge.outcomes([Answered(NO.format("a boat"), "en")]) == ["refusal"]
