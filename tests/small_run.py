"""A whole run in seconds: a recipe over made-up text that goes through every step."""

from __future__ import annotations

import json
import random
from pathlib import Path

ROOT = Path(__file__).parents[1]

WORDS = {
    "en": "the river under old bridge where children play every summer and their parents read quiet books about stars",
    "fi": "joki virtaa vanhan sillan alla jossa lapset leikkivät joka kesä ja vanhemmat lukevat kirjoja tähdistä",
    "hi": "नदी पुराने पुल के नीचे बहती है जहाँ बच्चे हर गर्मी में खेलते हैं और पिता किताबें पढ़ते हैं",
}

PROGRAM = """\
def {0}(first, second):
    total = first + second
    for turn in range({1}):
        total += turn * second
    return total


print({0}({1}, {2}))
"""

RECIPE = """\
name: small
seed: 3
corpus:
  sources:
    web: {{kind: jsonl, paths: [web.jsonl], language_key: lang, license: CC0-1.0}}
    programs: {{kind: jsonl, paths: [code.jsonl], language: code, license: CC0-1.0}}
  other_domain:
    letters: {{kind: jsonl, paths: [letters.jsonl], language_key: lang, license: CC0-1.0}}
  cache: cache
tokens:
  train: {{vocabulary: 420}}
model:
  architecture: {{layers: 2, width: 32, heads: 4, positions: 128}}
redteam:
  policy: {policy}
  languages: [en, fi]
stages:
  base:
    start: model
    tokens: 8192
    batch_tokens: 512
    sequence_length: 64
    mixture: {{web/en: 1, programs/code: 1}}
    schedule: {{peak: 3e-3, end: 3e-4, warmup: 0.1}}
  cap:
    start: base
    tokens: 16384
    batch_tokens: 512
    sequence_length: 64
    mixture: {{web/en: 1, programs/code: 1, web/fi: 1, web/hi: 1}}
    schedule: {{peak: 2e-3, end: 2e-4, warmup: 0.1}}
    control:
      name: without-replay
      mixture: {{web/fi: 1, web/hi: 1}}
  cat:
    start: cap
    tokens: 4096
    batch_tokens: 512
    sequence_length: 128
    mixture: {{web/en: 1, programs/code: 1, web/fi: 1, web/hi: 1, redteam/benign: 0.2}}
    schedule: {{peak: 2e-4}}
    optimizer: {{carry: true}}
  safety:
    start: cat
    tokens: 4096
    batch_tokens: 512
    sequence_length: 128
    mixture: {{redteam/pairs: 2, web/en: 1}}
    schedule: {{peak: 1e-3}}
evaluation:
  held_out_kilobytes: 4
  curve_kilobytes: 1
  sample_tokens: 4
  safety_prompts: 2
  answer_tokens: 4
execution:
  threads: 1
  checkpoint_seconds: 0.3
  evaluate_steps: 8
"""


def write_small_project(folder: Path) -> Path:
    """Write made-up text and a recipe below `folder`; returns the recipe's path."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(5)

    def text_of(language: str) -> str:
        words = WORDS[language].split()
        stop = "।" if language == "hi" else "."
        sentences = [" ".join(chance.choices(words, k=chance.randint(8, 14))).capitalize() + stop for _ in range(6)]
        return "\n".join(sentences)

    def write(name: str, rows: list[dict[str, str]]) -> None:
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    write("web.jsonl", [{"lang": language, "text": text_of(language)} for language in WORDS for _ in range(80)])
    write("letters.jsonl", [{"lang": language, "text": text_of(language)} for language in WORDS for _ in range(4)])
    write(
        "code.jsonl",
        [{"text": PROGRAM.format(f"add_{index}", chance.randint(1, 99), chance.randint(1, 99))} for index in range(80)],
    )
    recipe = folder / "small.yaml"
    recipe.write_text(RECIPE.format(policy=ROOT / "policies/eo-14110.yaml"), encoding="utf-8")
    return recipe
