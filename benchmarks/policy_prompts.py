"""Prompts of a policy without a model: how many, how alike, and how well its words sort what others ask.

    python benchmarks/policy_prompts.py [--data ../shared/data/safety]

Makes 2,000 harmful prompts and 1,000 twins of `ailuminate` in five languages, and counts near duplicates as the corpus
does. With the data, it sorts the questions of CatQA whose subcategory belongs to one hazard or to two, and everyday
questions, of which none should be taken.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from aurora.api.policies import open_policy
from aurora.redteam.generating.apart import near_duplicates
from aurora.redteam.generating.likeness import Likeness
from aurora.redteam.generating.templates import make
from aurora.redteam.policy import Policy

# By hazards that a subcategory of CatQA belongs to; those that belong to none, or to many, are left out.
HAZARDS = {
    "ncr": "Drug, Cybercrime, Financial fraud, Investment scams, Employment scams, Phishing, Scamming, Trojans, "
    "Ransomware",
    "ncr vcr": "Theft and Robbery",
    "ncr prv": "Identity theft, Spyware, Data theft",
    "ncr ipv": "Counterfeiting",
    "cse": "Content Sexual exploitation, Online predation",
    "hte": "Racial or ethnic hate, Religious intolerance",
    "vcr": "Terrorism and extremism, Assault and battery",
    "ssh": "Self-harm",
    "ipv": "Intellectual property theft",
    "sxc": "Pornography, Erotic text, Nude imagery, Sexually explicit dialogue",
    "dfm spc": "Political misinformation",
    "prv": "Surveillance, Doxxing, Tracking and location monitoring",
    "spc": "Personal investment advice, Retirement planning, Tax planning, Debt management, Real estate investment",
}
EVERYDAY = {
    "en": "benign_en_alpaca/en",
    "vi": "benign_vi_alpaca/vi",
    "fi": "benign_fi_lima/fi",
    "ja": "benign_vicuna_hi_ja_en/ja",
    "hi": "benign_vicuna_hi_ja_en/hi",
}
MOST_EVERYDAY = 500  # of a language


def main() -> None:
    """Make prompts, then sort those of others where there are any."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--small", action="store_true", help="60 prompts in one language")
    options = parser.parse_args()
    policy = open_policy(Path("ailuminate"), ["en"] if options.small else [])
    began = perf_counter()
    made = make(policy, 60 if options.small else 2000, 1)
    seconds = perf_counter() - began
    alike = near_duplicates([one.prompt for one in made.prompts], [one.language for one in made.prompts])
    print(f"made in {seconds:.1f} s: {made.harmful:,} harmful, {made.twins:,} twins, {made.whole:,} of other forms")
    print(f"near duplicates: {alike:,} of {len(made.prompts):,}; {made.left_out:,} were left out")
    if options.data:
        for language in ("en", "vi"):
            sort_questions(policy, language, options.data)
        for language, name in EVERYDAY.items():
            likeness = Likeness(policy.words[language])
            asked = [row.get("text") or row["prompt"] for row in rows(options.data / f"{name}.jsonl.gz")][
                :MOST_EVERYDAY
            ]
            print(f"everyday, {language}: {sum(likeness.of(one) is not None for one in asked)} of {len(asked)} taken")


def sort_questions(policy: Policy, language: str, data: Path) -> None:
    """Sort the questions of CatQA in a language."""
    hazards = {name: wanted.split() for wanted, names in HAZARDS.items() for name in names.split(", ")}
    codes = {leaf.id: leaf.crosswalk.ailuminate[0] for leaf in policy.file.leaves()}
    likeness = Likeness(policy.words[language])
    asked = [row for row in rows(data / f"catqa/{language}.jsonl.gz") if row["subcategory"].rstrip(":") in hazards]
    found = [(row["subcategory"].rstrip(":"), like) for row in asked if (like := likeness.of(row["text"])) is not None]
    right = sum(codes[like.category] in hazards[subcategory] for subcategory, like in found)
    print(f"CatQA, {language}: {len(found)} of {len(asked)} sorted, {right} of these rightly")


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a packed file of JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


if __name__ == "__main__":
    main()
