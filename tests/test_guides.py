"""The guides, followed: the files of each page are written, and its commands carried out, as a reader would."""

from __future__ import annotations

import json
import random
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from aurora.model.folder import save_model
from aurora.model.huggingface import export_model
from aurora.model.network import Network
from aurora.recipe.model import Architecture
from small_tokenizers import byte_level

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# A block of YAML whose first line is a comment with a path is that file.
FILE = re.compile(r"# ([\w./-]+\.ya?ml)\n")


# What makes the demo's stages a matter of seconds.
SHORT = [
    "corpus.sources.docstrings.distributions=[click]",
    "corpus.sources.sources.distributions=[click]",
    "tokens.train.vocabulary=500",
    "model.architecture.layers=1",
    "model.architecture.width=32",
    *(f"stages.{stage}.tokens=4096" for stage in ("base", "cap", "cat", "safety")),
    "evaluation.held_out_kilobytes=2",
    "evaluation.safety_prompts=2",
    "evaluation.answer_tokens=4",
    "evaluation.sample_tokens=4",
]
# The demo's new languages come out of packages that are downloaded.
POLICY_ALONE = [
    "corpus.sources.catalogues=null",
    "corpus.other_domain.web=null",
    *(f"stages.{stage}.mixture={{docstrings/en: 1, sources/code: 1}}" for stage in ("cap", "cat")),
    "stages.cap.control.mixture={sources/code: 1}",
    "stages.safety.mixture={redteam/pairs: 3, docstrings/en: 1}",
]


def follow(page: Path, instead: dict[str, list[str]]) -> dict[str, str]:
    """Do in the current folder what a page says; returns what the commands of Aurora printed.

    `instead` adds arguments to those commands that begin so, because they would take minutes.
    """
    done = {}
    for language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "yaml" and (named := FILE.match(text)):
            Path(named[1]).parent.mkdir(parents=True, exist_ok=True)
            Path(named[1]).write_text(text, encoding="utf-8")
        for command in text.splitlines() if language == "sh" else []:
            if not command.startswith("aurora "):
                subprocess.run(["bash", "-c", command], check=True, capture_output=True)
                continue
            more = next((arguments for start, arguments in instead.items() if command.startswith(start)), [])
            done[command] = carry_out([*shlex.split(command, comments=True)[1:], *more])
    return done


def carry_out(arguments: list[str]) -> str:
    """A command as from a shell, with one prompt for whoever reads prompts; returns what it printed."""
    command = [sys.executable, "-m", "aurora", *arguments]
    done = subprocess.run(command, input="Hej\n", capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{arguments}: {done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_your_policy(root: Path) -> None:
    said = follow(root / "docs/policy.md", {"aurora run": [*SHORT, *POLICY_ALONE]})
    assert [command.split()[1] for command in said] == ["check", *["redteam"] * 3, "run", "chat"]
    assert "That is against our house rules." in Path("runs/house-rules/redteam/train.jsonl").read_text(
        encoding="utf-8"
    )
    report = json.loads(Path("runs/house-rules/report.json").read_text(encoding="utf-8"))
    assert report["safety"]["policy"]["name"] == "house"
    assert report["safety"]["after"]["by_language"].keys() == {"en"}


def write_texts(number: int = 60) -> None:
    """Made-up articles and letters in Swedish, and English and Finnish ones."""
    chance = random.Random(7)
    for folder, language in (("articles", "sv"), ("english", "en"), ("finnish", "fi")):
        Path(folder).mkdir(exist_ok=True)
        with open(f"{folder}/one.jsonl", "w", encoding="utf-8") as rows:
            for _ in range(number):
                rows.write(json.dumps({"text": text_of(language, chance)}, ensure_ascii=False) + "\n")
    Path("letters").mkdir(exist_ok=True)
    for count in range(4):
        Path(f"letters/{count}.txt").write_text(text_of("sv", chance), encoding="utf-8")


WORDS = {
    "sv": "den gamla bron över ån där barnen leker varje sommar och deras föräldrar läser långa böcker om stjärnor",
    "fi": "vanha silta joen yli jonka luona lapset leikkivät joka kesä ja heidän vanhempansa lukevat pitkiä kirjoja",
    "en": "the old bridge over the river where children play every summer and their parents read long books",
}


def text_of(language: str, chance: random.Random) -> str:
    words = WORDS[language].split()
    return "\n".join(" ".join(chance.choices(words, k=12)).capitalize() + "." for _ in range(6))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_your_language(root: Path) -> None:
    write_texts()
    short = [setting for setting in SHORT if "stages.cat" not in setting] + ["stages.cap.retention=null"]
    said = follow(root / "docs/your-language.md", {"aurora run": short})
    assert len(said) == 11
    assert "    mine:" in said["aurora run mine/recipe.yaml --show"]
    report = json.loads(Path("runs/mine/report.json").read_text(encoding="utf-8"))
    assert report["stages"][-1]["bits_per_byte"].keys() == {"code", "en", "sv"}
    assert report["stages"][-1]["change_intervals"].keys() >= {"sv"}
    assert Path("swedish-model/config.json").is_file()


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small Llama as others publish it, in models/base."""
    form = {"family": "llama", "rotary": {}, "norm": "rms", "gated": True, "biases": [], "key_value_heads": 1}
    size = {"layers": 1, "width": 32, "heads": 2, "positions": 512, "activation": "silu", "tied": False}
    model = Network(Architecture.model_validate(form | size), 420)
    model.initialise(torch.Generator().manual_seed(1))
    Path("own").mkdir()
    byte_level("smollm", 420).save("own/tokenizer.json")
    save_model(model, Path("own/model"), Path("own/tokenizer.json"))
    export_model(Path("own/model"), Path("models/base"))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("base")
def test_your_base_model_and_then_one_gpu(root: Path) -> None:
    write_texts()
    short = ["stages.cap.tokens=8192", "stages.cap.batch_tokens=2048", "evaluation.held_out_kilobytes=2"]
    said = follow(root / "docs/your-base.md", {"aurora run": short})
    assert "llama" in said["aurora ls models"]
    report = json.loads(Path("runs/continued/report.json").read_text(encoding="utf-8"))
    assert report["base"]["bits_per_byte"].keys() == {"en", "sv"}
    assert Path("continued-model/config.json").is_file()
    said = follow(root / "docs/one-gpu.md", {"aurora run": short})
    assert "parameters" in said["aurora train gpu.yaml --stage cap --dry-run"]
