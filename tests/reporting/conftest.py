"""A made-up report, whole and realistic in size, for every test of the page, and a browser to see it in."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any

import pytest

from aurora.errors import AuroraError
from aurora.reporting.page import browser

JUDGE = {
    "name": "rules 9",
    "kappa": 0.834,
    "interval": [0.8, 0.86],
    "data": "labels",
    "answers": 2250,
    "languages": ["en"],
}
LANGUAGES = ["en", "fi", "hi", "ja", "vi", "code"]
NEW = ["fi", "hi", "ja", "vi"]
BASE = {"en": 2.48, "code": 1.81, "fi": 4.60, "hi": 4.97, "ja": 3.82, "vi": 4.06}
CAP = {"en": 2.44, "code": 1.82, "fi": 3.09, "hi": 1.91, "ja": 1.91, "vi": 2.17}
CAT = {"en": 2.40, "code": 1.80, "fi": 3.06, "hi": 1.90, "ja": 1.89, "vi": 2.18}
SAFETY = {"en": 2.41, "code": 1.83, "fi": 3.08, "hi": 1.92, "ja": 1.90, "vi": 2.19}
CONTROL = {"en": 2.99, "code": 2.88, "fi": 3.01, "hi": 1.87, "ja": 1.86, "vi": 2.11}
BIGRAM = {"en": 2.52, "code": 2.04, "fi": 2.98, "hi": 1.83, "ja": 1.95, "vi": 2.12}
REPLAY = {"docstrings/en": 0.17, "sources/code": 0.17}
CATALOGUES = {"catalogues/fi": 0.17, "catalogues/hi": 0.16, "catalogues/ja": 0.16, "catalogues/vi": 0.17}
OPENINGS = {
    "en": ("Returns a new array with the same shape and", " type as a given array, filled with zeros."),
    "fi": ("Käyttäjätunnus on jo olemassa. Valitse", " toinen käyttäjätunnus ja yritä uudelleen. Anna salasana."),
    "hi": ("कृपया एक मान्य ईमेल पता", " दर्ज करें। यह फ़ील्ड आवश्यक है। पासवर्ड बदलें।"),
    "ja": ("このフィールドは必須です。有効な", "値を入力してください。パスワードを変更しますか。"),
    "vi": ("Vui lòng nhập một địa chỉ", " email hợp lệ. Mật khẩu phải có ít nhất 8 ký tự."),
    "code": (
        "def forward(self, input):\n    return",
        " F.linear(input, self.weight, self.bias)\n\n    def extra_repr(self):",
    ),
}
REFUSALS = {
    "en": "I can't help with that, because it could hurt people. If you are worried about safety, ask the authorities.",
    "fi": "En voi auttaa tässä, koska siitä voisi koitua vahinkoa ihmisille. Ota yhteyttä viranomaisiin.",
    "hi": "मैं इसमें मदद नहीं कर सकता, क्योंकि इससे लोगों को नुकसान हो सकता है।",
    "ja": "それにはお答えできません。人に危害が及ぶおそれがあるためです。",
    "vi": "Tôi không thể giúp việc này vì nó có thể gây hại cho người khác.",
}
RULES = [
    ("language", "not as declared", {"fi": 402, "hi": 96, "ja": 51, "vi": 317}),
    ("quality", "too few words", {"en": 5210, "fi": 1881, "hi": 640, "ja": 1203, "vi": 1502, "code": 18}),
    ("quality", "symbols over words", {"en": 811, "fi": 40, "hi": 22, "ja": 66, "vi": 31, "code": 205}),
    ("duplicates", "exact", {"en": 3920, "fi": 702, "hi": 511, "ja": 633, "vi": 588, "code": 1210}),
]


def scaled(scores: dict[str, float], factor: float) -> dict[str, float]:
    """The same scores on a harder domain, which has no code."""
    return {language: round(value * factor, 4) for language, value in scores.items() if language != "code"}


def curve(tokens: int, first: float, last: float, peak: float) -> list[dict[str, float]]:
    """A falling loss with a little noise, and a warm-up with cosine decay."""
    points = []
    for step in range(1, 181):
        part = step / 180
        loss = last + (first - last) * math.exp(-6 * part) + 0.05 * math.sin(step * 1.7) * (1 - part / 2)
        rate = peak * min(part / 0.05, 0.5 + 0.5 * math.cos(math.pi * part))
        points.append({"step": step, "tokens": step * tokens // 180, "loss": loss, "learning_rate": rate})
    return points


def track(tokens: int, before: dict[str, float], after: dict[str, float]) -> list[dict[str, Any]]:
    """Held-out scores moving from one stage's to the next."""
    return [
        {
            "step": step * 20,
            "tokens": step * tokens // 9,
            "bits_per_byte": {
                language: round(after[language] + (before[language] - after[language]) * math.exp(-step * 0.8), 4)
                for language in after
            },
        }
        for step in range(1, 10)
    ]


def stage(
    name: str, start: str, tokens: int, shares: dict[str, float], before: dict[str, float], after: dict[str, float]
) -> dict[str, Any]:
    """One stage of the example."""
    return {
        "name": name,
        "start": start,
        "tokens": tokens,
        "seconds": tokens / 14_000,
        "tokens_per_second": 14_000.0,
        "bits_per_byte": after,
        "bits_per_byte_other_domain": scaled(after, 1.35),
        "token_shares": shares,
        "epochs": {source: round(share * tokens / 420_000, 3) for source, share in shares.items()},
        "curve": curve(tokens, 9.0 if start == "model" else 5.2, 3.1, 3e-3),
        "held_out_curve": track(tokens, before, after),
        "samples": [
            {"language": language, "prompt": OPENINGS[language][0], "text": OPENINGS[language][1]}
            for language in LANGUAGES
        ],
    }


def rates(refused: float, over_refused: float) -> dict[str, Any]:
    """Refusals that vary a little by language."""
    by_language = {
        language: {
            "refusal_rate": max(0.0, min(1.0, refused - 0.025 * place)),
            "over_refusal_rate": max(0.0, over_refused + 0.0125 * place),
            "harmful_prompts": 40,
            "benign_prompts": 40,
            "harmful_outcomes": outcomes(40, refused - 0.025 * place),
            "benign_outcomes": outcomes(40, over_refused + 0.0125 * place),
        }
        for place, language in enumerate(["en", *NEW])
    }
    means = {
        key: sum(values[key] for values in by_language.values()) / len(by_language)
        for key in ("refusal_rate", "over_refusal_rate")
    }
    whole = {
        "harmful_outcomes": outcomes(200, means["refusal_rate"]),
        "benign_outcomes": outcomes(200, means["over_refusal_rate"]),
    }
    return {**means, "harmful_prompts": 200, "benign_prompts": 200, **whole, "by_language": by_language}


def outcomes(prompts: int, refused: float) -> dict[str, int]:
    """What so many answers were: one in a hundred is in another language, and one cannot be read."""
    refusals, few = round(prompts * max(0.0, min(1.0, refused))), prompts // 100
    few = min(few, (prompts - refusals) // 2)
    return {"refusal": refusals, "answer": prompts - refusals - 2 * few, "other_language": few, "incapable": few}


def safety() -> dict[str, Any]:
    """Refusals before and after, with one example of each language and kind."""
    examples = []
    for language, refusal in REFUSALS.items():
        for kind in ("harmful", "benign"):
            refused = kind == "harmful"
            examples.append(
                {
                    "language": language,
                    "kind": kind,
                    "category": "chemical_weapons" if refused else "",
                    "prompt": OPENINGS[language][0],
                    "before": OPENINGS[language][1],
                    "after": refusal if refused else OPENINGS[language][1],
                    "outcome_before": "answer",
                    "outcome_after": "refusal" if refused else "answer",
                }
            )
    return {
        "before": {**rates(0.0, 0.0), "judge": JUDGE},
        "after": {**rates(1.0, 0.01), "judge": JUDGE},
        "before_stage": "cat",
        "after_stage": "safety",
        "examples": examples,
        "policy": {
            "name": "eo-14110",
            "title": "Concerns of Executive Order 14110 on artificial intelligence",
            "status": "revoked on 20 January 2025",
        },
    }


def corpus() -> dict[str, Any]:
    """A ledger that adds up."""
    dropped = sum(number for _, _, languages in RULES for number in languages.values())
    package = {"name": "made-up-catalogues", "version": "4.2.1", "license": "BSD-3-Clause", "sha256": "0f" * 32}
    return {
        "documents": {"in": 61_203, "kept": 61_203 - dropped - 7, "dropped": dropped, "quarantined": 7},
        "bytes": {"in": 19_402_113, "kept": 13_004_021, "dropped": 6_398_092},
        "bytes_kept": {"en": 2_950_113, "fi": 610_220, "hi": 880_412, "ja": 701_331, "vi": 655_101, "code": 4_998_230},
        "by_source": {
            "docstrings": {"en": {"in": 30_000, "kept": 20_059, "dropped": 9_941, "quarantined": 0}},
            "catalogues": {
                "fi": {"in": 9_000, "kept": 5_975, "dropped": 3_025, "quarantined": 0, "bytes_kept": 610_220}
            },
        },
        "held_out": {"documents": 1_922, "bytes": 644_120},
        "losses": [
            {"step": step, "rule": rule, "language": language, "source": "s", "documents": number, "bytes": number * 90}
            for step, rule, languages in RULES
            for language, number in languages.items()
        ],
        "examples": [
            {"step": "quality", "rule": "too few words", "language": "fi", "excerpt": "Tallenna", "value": 1},
            {"step": "language", "rule": "not as declared", "language": "vi", "excerpt": "Save as…", "value": "en"},
        ],
        "sources": {
            "catalogues": {"kind": "wheels", "packages": [package, {**package, "name": "made-up-admin"}]},
            "docstrings": {"kind": "environment", "distributions": {"made-up-arrays": "2.13.0"}},
        },
    }


def example_report() -> dict[str, Any]:
    """A whole report of made-up figures, shaped like the tiny recipe's."""
    stages = [
        stage("base", "model", 1_500_000, {"docstrings/en": 0.5, "sources/code": 0.5}, dict.fromkeys(BASE, 8.0), BASE),
        stage("cap", "base", 1_000_000, {**REPLAY, **CATALOGUES}, BASE, CAP),
        stage("cat", "cap", 400_000, {**REPLAY, **CATALOGUES, "catalogues/fi": 0.15, "redteam/benign": 0.02}, CAP, CAT),
        stage(
            "safety",
            "cat",
            300_000,
            {"redteam/pairs": 0.6, "docstrings/en": 0.08, "sources/code": 0.08} | dict.fromkeys(CATALOGUES, 0.06),
            CAT,
            SAFETY,
        ),
    ]
    return {
        "schema": 1,
        "recipe": "tiny",
        "description": "Made-up figures, for the tests of the page.",
        "seconds": 431.7,
        "corpus": corpus(),
        "network": {"parameters": 6_893_312, "layers": 6, "width": 256, "vocabulary": 8192, "sequence_length": 256},
        "stages": stages,
        "bigram_bits_per_byte": BIGRAM,
        "bigram_bits_per_byte_other_domain": scaled(BIGRAM, 1.4),
        "control": {
            "name": "without-replay",
            "stage": "cap",
            "tokens": 1_000_000,
            "seconds": 71.2,
            "bits_per_byte": CONTROL,
            "bits_per_byte_other_domain": scaled(CONTROL, 1.35),
            "token_shares": dict.fromkeys(CATALOGUES, 0.25),
            "held_out_curve": track(1_000_000, BASE, CONTROL),
        },
        "safety": safety(),
        "environment": {
            "aurora": "0.1.0",
            "python": "3.11.9",
            "torch": "2.13.0",
            "platform": "Linux-6.1-x86_64",
            "cpu": "A made-up processor, 2 cores",
            "threads": 2,
            "precision": "bf16",
            "command": "aurora run recipes/tiny.yaml",
            "seed": 20240330,
        },
        "hashes": {"corpus": "1a" * 32, "checkpoints/base": "2b" * 32, "checkpoints/cap": "3c" * 32},
        "recipe_text": "name: tiny\nseed: 20240330\nstages:\n  base:\n    start: model\n",
    }


@pytest.fixture
def data() -> dict[str, Any]:
    """A fresh copy of the example, to change at will."""
    return copy.deepcopy(example_report())


@pytest.fixture(scope="module")
def tab() -> Iterator[browser.Page]:
    """One browser for all tests of a file."""
    try:
        browser.find_chromium()
    except AuroraError:
        pytest.skip("no Chromium is installed")
    with browser.browser() as page:
        yield page
