"""Gopher's and FineWeb's statistics as their published definitions read, over the kernels' own tokens."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from aurora.corpus.kernels.batch_statistics import tokens
from aurora.languages import lookup


def gopher_statistics(text: str, lang: str) -> dict[str, float]:
    """Statistics of words, lines, paragraphs and runs of words."""
    words, known = tokens(text, lang), lookup.find(lang)
    full = [word for word in words if any(_stands_in_words(character) for character in word)]
    lines = text.splitlines()
    found = {
        "tokens": len(full),
        "mean_token": sum(map(len, full)) / max(1, len(full)),
        "hash_marks": text.count("#") / max(1, len(words)),
        "ellipses": (text.count("...") + text.count("…")) / max(1, len(words)),
        "bullet_lines": sum(line.lstrip().startswith(("•", "-")) for line in lines) / max(1, len(lines)),
        "ellipsis_lines": sum(line.rstrip().endswith(("...", "…")) for line in lines) / max(1, len(lines)),
        "alphabetic": sum(any(map(str.isalpha, word)) for word in words) / max(1, len(words)),
        "stop_words": len(set(words) & set(known.stop_words.split() if known else ())),
    }
    for name, parts in (("paragraph", re.split("\n{2,}", text.strip())), ("line", re.split("\n+", text))):
        again, characters = _repeated(parts)
        found[f"duplicate_{name}s"] = again / len(parts)
        found[f"duplicate_{name}_characters"] = characters / max(1, len(text))
    for length in range(2, 11):
        if length < 5:
            found[f"top_{length}_gram"] = _top(words, length) / max(1, len(text))
        else:
            found[f"duplicate_{length}_grams"] = _again(words, length) / max(1, len(text))
    return found | _fineweb(text, len(words), lookup.sentences(lang).ending)


def _fineweb(text: str, words: int, ending: str) -> dict[str, float]:
    lines = [line for line in text.split("\n") if line.strip()]
    return {
        "ended_lines": sum(line.endswith(tuple(ending)) for line in lines) / max(1, len(lines)),
        "short_lines": sum(len(line) <= 30 for line in lines) / max(1, len(lines)),
        "repeated_characters": _repeated(lines)[1] / max(1, len(text.replace("\n", ""))),
        "line_feeds": text.count("\n") / max(1, words),
    }


def _stands_in_words(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


def _repeated(parts: list[str]) -> tuple[int, int]:
    again = [part for place, part in enumerate(parts) if part in set(parts[:place])]
    return len(again), sum(map(len, again))


def _top(words: list[str], length: int) -> int:
    runs = Counter(" ".join(words[place : place + length]) for place in range(len(words) - length + 1))
    return max((count, -place, len(run) * count) for place, (run, count) in enumerate(runs.items()))[2] if runs else 0


def _again(words: list[str], length: int) -> int:
    seen: set[tuple[str, ...]] = set()
    characters = place = 0
    while place <= len(words) - length:
        run = tuple(words[place : place + length])
        if run in seen:
            characters += sum(map(len, run))
            place += length
        else:
            seen.add(run)
            place += 1
    return characters
