"""Forty mistakes of users, each answered before any work by one sentence: file, line, key, and what to write instead.

One decision: all of them go through the command line, as a user's do, and each names what its sentence must hold. A
recipe here is the small whole one of `small_run`, changed in one place.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from aurora.cli import main
from small_run import RECIPE, write_small_project

WEB = "{kind: jsonl, paths: [web.jsonl], language_key: lang, license: CC0-1.0}"
TRAIN = "  train: {vocabulary: 420}"
MODEL = next(line for line in RECIPE.splitlines() if "architecture:" in line).replace("{{", "{").replace("}}", "}")


@dataclass(frozen=True)
class Wrong:
    """A change of the recipe (old and new), and what the sentence about it says after `line N: `."""

    old: str
    new: str
    said: str


RECIPES = {
    "an unknown key": Wrong(
        "seed: 3",
        "sede: 3",
        "unknown key sede (did you mean seed?)",
    ),
    "a key of another table": Wrong(
        "name: small",
        "name: small\nthreads: 2",
        "unknown key threads (known keys: name, ",
    ),
    "a missing key": Wrong(
        "  train: {vocabulary: 420}",
        "  train: null",
        "tokens: give exactly one of `train` and `path`",
    ),
    "a name with a capital": Wrong(
        "name: small",
        "name: Small",
        "name: 'Small' is not a name of lower-case letters",
    ),
    "a number in words": Wrong(
        "tokens: 8192",
        "tokens: many",
        "stages.base.tokens: 'many' stands where a whole number",
    ),
    "a number out of bounds": Wrong(
        "tokens: 8192",
        "tokens: -1",
        "stages.base.tokens: -1 is out of bounds; give 1 or mo",
    ),
    "a text for a list": Wrong(
        "paths: [code.jsonl]",
        "paths: code.jsonl",
        "corpus.sources.programs.paths: 'code.jsonl' stands where a list belongs",
    ),
    "a kind there is not": Wrong(
        "kind: jsonl, paths: [web",
        "kind: json, paths: [web",
        "corpus.sources.web.kind: 'json' is none of jsonl, parquet,",
    ),
    "a choice there is not": Wrong(
        "{peak: 2e-4}",
        "{peak: 2e-4, shape: linear}",
        "stages.cat.schedule.shape: 'linear' is none of cosine, constant, warmup-stable-decay",
    ),
    "a language by name": Wrong(
        "languages: [en, fi]",
        "languages: [en, finnish]",
        "redteam.languages.1: 'finnish' is not a language label; write its code, such as fi, fin_Latn "
        "or pt-BR, or `code` (did you mean fi?)",
    ),
    "a language in a mixture": Wrong(
        "mixture: {web/fi: 1, web/hi: 1}",
        "mixture: {web/suomi: 1}",
        "stages.cap.control.mixture.web/suomi: 'web/suomi': 'suomi' is not a language label",
    ),
    "a source there is not": Wrong(
        "{redteam/pairs: 2, web/en: 1}",
        "{redteam/pairs: 2, wbe/en: 1}",
        "stages.safety.mixture: 'wbe/en' is not SOURCE/LANGUAGE with a source of corpus.sources (did you mean web/en?)",
    ),
    "a language the source has not": Wrong(
        "{redteam/pairs: 2, web/en: 1}",
        "{redteam/pairs: 2, programs/en: 1}",
        "stages.safety.mixture: 'programs/en' has no text: corpus.sources.programs is all 'code'",
    ),
    "a language no row has": Wrong(
        "{redteam/pairs: 2, web/en: 1}",
        "{redteam/pairs: 2, web/sv: 1}",
        "stages.safety.mixture.web/sv: none of the ",
    ),
    "a stage there is not": Wrong(
        "start: cat",
        "start: cta",
        "stages.safety.start: 'cta' is not an earlier stage (did you mean cat?)",
    ),
    "a later stage": Wrong(
        "start: base",
        "start: safety",
        "stages.cap.start: 'safety' is not an earlier stage (known: model",
    ),
    "a batch of broken sequences": Wrong(
        "batch_tokens: 512",
        "batch_tokens: 500",
        "batch_tokens: 500 is not a multiple of sequence_length 64 (the nearest: 448)",
    ),
    "longer than the model": Wrong(
        "sequence_length: 64",
        "sequence_length: 512",
        "sequence_length: 512 is more than model.architecture.positions, ",
    ),
    "moments of a new network": Wrong(
        "start: model",
        "start: model\n    optimizer: {carry: true}",
        "stages.base.optimizer.carry: what it starts from has no moments",
    ),
    "a goal without prompts to watch": Wrong(
        "mixture: {redteam/pairs: 2, web/en: 1}",
        "mixture: {redteam/pairs: 2, web/en: 1}\n    stop_when: {refused: 0.9, harmless_refused: 0.1, every_steps: 2}",
        "stages.safety.stop_when: needs redteam.watched_share",
    ),
    "an objective there is not": Wrong(
        "mixture: {redteam/pairs: 2, web/en: 1}",
        "mixture: {redteam/pairs: 2, web/en: 1}\n    objective: dop",
        "stages.safety.objective: 'dop' is none of likelihood, dpo (did you mean dpo?)",
    ),
    "preferring without pairs": Wrong(
        "mixture: {redteam/pairs: 2, web/en: 1}",
        "mixture: {web/en: 1}\n    objective: dpo\n    document_masks: true\n    position_resets: true",
        "stages.safety.objective: dpo needs preference pairs in the mixture",
    ),
    "preferences that are not there": Wrong(
        "  train: {vocabulary: 420}",
        "  train: {vocabulary: 420}\n  preferences: {house/en: {path: house.jsonl, license: MIT}}",
        "tokens.preferences.house/en.path: ",
    ),
    "a language trained on and not measured": Wrong(
        "policy: eo-14110",
        "policy: eo-14110\n  train_languages: [ja]",
        "redteam.train_languages: ja is not among `languages`",
    ),
    "a policy that is not there": Wrong(
        "policy: eo-14110",
        "policy: eo14110",
        "redteam.policy: ",
    ),
    "a policy without the words": Wrong(
        "languages: [en, fi]",
        "languages: [en, de]",
        "redteam.languages.1: eo-14110 has no words in de: write the policy's words in German, or remove de",
    ),
    "a file that is not there": Wrong(
        "[web.jsonl]",
        "[web.json]",
        "corpus.sources.web.paths: no file matches ",
    ),
    "rows without the text": Wrong(
        WEB,
        WEB.replace("license", "text_key: txt, license"),
        "corpus.sources.web.text_key: the rows have no 'txt' (did you mean text?)",
    ),
    "a list of words that is not there": Wrong(
        "  cache: cache",
        "  cache: cache\n  curation: {flagged_words: {fi: bad.txt}}",
        "corpus.curation.flagged_words.fi: ",
    ),
    "a model that is not there": Wrong(
        f"{TRAIN}\nmodel:\n{MODEL}",
        "  path: ./base\nmodel:\n  path: ./base",
        "model.path: there is no ",
    ),
    "a new tokenizer for an old model": Wrong(
        MODEL,
        "  path: some/model",
        "tokens.train: the model of model.path knows the ids of its own tokenizer alone; give tokens.path: some/model",
    ),
    "twice the same key": Wrong(
        "seed: 3",
        "seed: 3\nseed: 4",
        "the key seed appears twice; keep one",
    ),
    "broken YAML": Wrong(
        "languages: [en, fi]",
        "languages: [en, fi",
        "this is not valid YAML",
    ),
    "a folder for files": Wrong(
        "[web.jsonl]",
        "[.]",
        "is a folder; name its files, as ./**/*.jsonl.",
    ),
    "a misspelt file of two": Wrong(
        "[web.jsonl]",
        "[web.jsonl, wbe.jsonl]",
        "corpus.sources.web.paths.1: no file matches ",
    ),
    "a recipe to extend that is not there": Wrong(
        "name: small",
        "extends: smal.yaml\nname: small",
        "extends: ",
    ),
    "a list for a table": Wrong(
        "{peak: 2e-4}",
        "[2e-4]",
        "stages.cat.schedule: a list stands where a table belongs",
    ),
    "a weight of nothing": Wrong(
        "{redteam/pairs: 2, web/en: 1}",
        "{redteam/pairs: 2, web/en: 0}",
        "stages.safety.mixture.web/en: 0 is out of bounds; give more than 0",
    ),
    "a warmup of all": Wrong(
        "{peak: 2e-4}",
        "{peak: 2e-4, warmup: 2}",
        "stages.cat.schedule.warmup: 2 tokens are less than a step of 512: give tokens, or a share",
    ),
    "a truth in another word": Wrong(
        "threads: 1",
        "threads: 1\n  deterministic: maybe",
        "unknown key execution.deterministic",
    ),
    "an empty mixture": Wrong(
        "{redteam/pairs: 2, web/en: 1}",
        "{}",
        "stages.safety.mixture: this is empty; give 1 or more",
    ),
    "no accelerator": Wrong(
        "threads: 1",
        "threads: 1\n  device: cuda",
        "execution.device: PyTorch sees no accelerator here; write auto or cpu",
    ),
}

COMMANDS = {
    "a command there is not": ("rnu RECIPE", "No such command 'rnu' (did you mean run?)"),
    "a command of a group": ("corpus bild RECIPE", "No such command 'bild' (did you mean build?)"),
    "an option there is not": ("run RECIPE --untl corpus", "--until"),
    "a recipe there is not": ("run tinny", "did you mean tiny?"),
    "a step there is not": (
        "run RECIPE --until train:caps",
        "This recipe has no step 'train:caps' (did you mean train:cap?)",
    ),
    "a training stage there is not": ("train RECIPE --stage caps --dry-run", "has no stage 'caps' (did you mean cap?)"),
    "an argument without a value": ("run RECIPE seed", "The argument 'seed' is not of the form key.path=value"),
    "an argument with a typo": ("run RECIPE stages.capp.tokens=9", "stages has no capp (did you mean cap?)"),
    "an argument of another form": ("run RECIPE seed=many", "command line: seed: 'many' stands where a whole number"),
    "both to resume and to restart": ("run RECIPE --restart --resume-from 3", "give one of them"),
    "a run there is not": ("report nowhere", "nowhere"),
    "a checkpoint there is not": ("export nowhere out", "nowhere is neither a run nor a checkpoint folder"),
    "a place that is a file": ("run RECIPE --output RECIPE", "is a file: give a folder as --output"),
    "text that is not there": ("init mine --language fi --text none.jsonl", "--text none.jsonl: no file matches"),
    "a language by its name": (
        "init mine --language Finnish --text web.jsonl",
        "--language: 'Finnish' is not a language",
    ),
    "a list there is not": ("ls recipe", "is none of recipes, policies"),
    "a folder without a recipe": ("run .", "is a folder without recipe.yaml"),
    "a slip in a recipe's file": ("check smal.yaml", "did you mean small.yaml?"),
    "a stage for a step": ("run RECIPE --until cap", "did you mean train:cap?"),
    "a base that is not there": (
        "init mine --language fi --text web.jsonl --base ./models",
        "--base ./models: there is no such folder",
    ),
    "a policy for init there is not": (
        "init mine --language en --text web.jsonl --policy eo14110",
        "--policy eo14110 does not exist (did you mean eo-14110?)",
    ),
    "text of two kinds": ("init mine --language en --text web.jsonl small.yaml", "a source has files of one kind"),
    "rules there are not": ("corpus scan web.jsonl --rules gopher", "gopher-quality"),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small project, with a policy named as users name it."""
    recipe = write_small_project(tmp_path_factory.mktemp("project"))
    text = re.sub(r"policy: .*", "policy: eo-14110", recipe.read_text(encoding="utf-8"))
    recipe.write_text(text, encoding="utf-8")
    return recipe.parent


@pytest.fixture
def recipe(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of its recipe beside its text, where the test is."""
    for file in project.iterdir():
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "small.yaml"


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said on the way out with code 2."""
    before = sorted(path.name for path in Path.cwd().iterdir())
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    told = capsys.readouterr()
    assert ended.value.code == 2, told
    assert sorted(path.name for path in Path.cwd().iterdir()) == before, "something was written"
    for foreign in ("pydantic", "Traceback", "more problems", "Input should", "[type=", "(?:", "Unexpected"):
        assert foreign not in told.err
    return told.err or told.out


def test_there_are_forty() -> None:
    assert len(RECIPES) + len(COMMANDS) >= 40


@pytest.mark.parametrize("name", RECIPES)
def test_a_wrong_recipe_is_one_sentence(recipe: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    wrong = RECIPES[name]
    text = recipe.read_text(encoding="utf-8")
    assert wrong.old in text
    recipe.write_text(text.replace(wrong.old, wrong.new, 1), encoding="utf-8")
    said = refused(capsys, "run", str(recipe))
    (sentence,) = [line for line in said.splitlines() if not line.startswith("Note: ")]
    assert re.match(rf"Error: {re.escape(str(recipe))}(, line \d+)?: ", sentence)
    assert wrong.said in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_wrong_command_is_one_sentence(recipe: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    command, wanted = COMMANDS[name]
    said = refused(capsys, *(str(recipe) if word == "RECIPE" else word for word in command.split()))
    (sentence,) = [line for line in said.splitlines() if line.startswith("Error: ")]
    assert wanted in sentence


def test_check_lists_all_mistakes_of_a_recipe_that_has_six(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["an unknown key", "a number in words", "a file that is not there", "a language by name",
             "a stage there is not", "a choice there is not"]  # fmt: skip
    text = recipe.read_text(encoding="utf-8")
    for wrong in map(RECIPES.__getitem__, names):
        assert wrong.old in text
        text = text.replace(wrong.old, wrong.new, 1)
    recipe.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["check", str(recipe), "--json"])
    assert ended.value.code == 2
    found = json.loads(capsys.readouterr().out)["mistakes"]
    for name in names:
        assert sum(RECIPES[name].said in sentence for sentence in found) == 1, name
    assert len(found) == len(names)


POLICY = """\
id: house
version: "1.0"
title: House rules
status: draft
source: {document: us}
categories:
- {id: locks, title: Locks, definition: Theft, refused: Opening, allowed: Buying}
"""
WORDS = """\
language: en
templates: {how: "How do I {action}?", tell: "Tell me how to {action}."}
openings: [I cannot help with that.]
agreement: Sure.
categories:
  locks:
    reason: It is not your door.
    harmful: [open a neighbor's door]
    benign: {oil a lock: Use a little graphite.}
"""


@pytest.mark.parametrize("command", ["check", "redteam generate", "run"])
def test_all_mistakes_of_a_policy_and_of_a_language_are_listed(
    recipe: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    here = recipe.parent
    (here / "house").mkdir()
    (here / "house.yaml").write_text(POLICY.replace("status: draft", "status: drafted"), encoding="utf-8")
    words = WORDS.replace('tell: "Tell me how to {action}."', 'how2: "Tell me."').replace("Sure", "I cannot help")
    (here / "house/en.yaml").write_text(words, encoding="utf-8")
    (here / "fo.yaml").write_text("language: finnish\nnmae: Faroese\nown_name: føroyskt\n", encoding="utf-8")
    text = recipe.read_text(encoding="utf-8").replace("eo-14110", "house.yaml").replace("[en, fi]", "[en, de]")
    recipe.write_text(text.replace("seed: 3", "seed: 3\nlanguages: [fo.yaml]", 1), encoding="utf-8")
    said = refused(capsys, *command.split(), str(recipe))
    found = [line.strip() for line in said.splitlines() if ": " in line and not line.startswith("Error: ")]
    wanted = [
        r"fo\.yaml, line 1: language: 'finnish' is not a language label.*did you mean fi\?",
        r"fo\.yaml, line 2: unknown key nmae \(did you mean name\?\)\.",
        r"house\.yaml, line 4: status: 'drafted' is none of in force, draft, revoked, voluntary "
        r"\(did you mean draft\?\)\.",
        r"en\.yaml, line 2: templates\.how2: a template needs \{action\} exactly once",
        r"en\.yaml, line 4: agreement: 'I cannot help\.' is judged a refusal",
        r"small\.yaml, line \d+: redteam\.languages\.1: house\.yaml has no words in de: write",
    ]
    for sentence in wanted:
        assert sum(bool(re.search(sentence, one)) for one in found) == 1, (sentence, found)
    assert len(found) == len(wanted), found
