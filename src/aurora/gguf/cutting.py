"""How published byte-level tokenizers cut a text before its bytes are merged, by the names that GGUF files give it.

One decision: a way of cutting is the list of pre-tokenizers of a `tokenizer.json`, so that what is written, what is
recognised and what is encoded fast are one fact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

# Without a pattern of its own a tokenizer cuts by GPT-2's, which the library has built in.
_NUMBERS, _SPACES = r"| ?\p{N}+", r"|\s+(?!\S)"
GPT2 = rf"'s|'t|'re|'ve|'m|'ll|'d| ?\p{{L}}+{_NUMBERS}| ?[^\s\p{{L}}\p{{N}}]+{_SPACES}|\s+"
_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = rf"{_WORDS}|\p{{N}}{{1,3}}|{_REST}"  # also OLMo 2 and 3, SmolLM3
QWEN2 = rf"{_WORDS}|\p{{N}}|{_REST}"  # also Qwen3
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
TEKKEN = (  # Mistral Nemo and Apertus: words end where an upper-case letter follows a lower-case one
    rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True)
class Cut:
    """A way of cutting: each digit alone first or not, then by a pattern (None: GPT-2's, built in)."""

    digits: bool = False
    pattern: str | None = None

    def steps(self) -> list[dict[str, Any]]:
        """The pre-tokenizers of a `tokenizer.json`."""
        digits = [{"type": "Digits", "individual_digits": True}] if self.digits else []
        return [*digits, *([split_by(self.pattern)] if self.pattern else []), byte_level(self.pattern is None)]

    def marked(self) -> Cut:
        """The same with combining marks as letters: without them Hindi is cut at every vowel sign."""
        return replace(self, pattern=_with_marks(self.pattern or GPT2))

    def expression(self) -> str:
        """All of it as one expression. White space before a digit ends a piece there, so all of it stays together."""
        pattern = self.pattern or GPT2
        if not self.digits:
            return pattern
        between = pattern.replace(_NUMBERS, "").replace(_SPACES, rf"|\s+(?=\p{{N}}){_SPACES}")
        return rf"\p{{N}}|{between}"


_DIGITS, _LLAMA3, _QWEN2 = Cut(digits=True), Cut(pattern=LLAMA3), Cut(pattern=QWEN2)
CUTS: Mapping[str, Cut] = {
    "gpt-2": Cut(),
    "smollm": _DIGITS,
    "starcoder": _DIGITS,
    "refact": _DIGITS,
    "llama-bpe": _LLAMA3,
    "llama3": _LLAMA3,
    "llama-v3": _LLAMA3,
    "smaug-bpe": _LLAMA3,
    "dbrx": _LLAMA3,
    "qwen2": _QWEN2,
    "deepseek-r1-qwen": _QWEN2,
    "tekken": Cut(pattern=TEKKEN),
}
WHOLE_PIECES = ("llama-bpe", "llama3", "llama-v3", "tekken")  # a word that is an entry is taken whole
COMPOSED = ("qwen2", "deepseek-r1-qwen")  # texts are brought to Unicode's form C first


def split_by(pattern: str) -> dict[str, Any]:
    """The step that cuts at every match of a pattern."""
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


def byte_level(pattern: bool) -> dict[str, Any]:
    """Bytes as letters; with the `pattern` of GPT-2 the text is cut by it before."""
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": pattern}


def _with_marks(pattern: str) -> str:
    letter, either = r"\p{L}", r"\p{L}\p{M}"
    if r"\p{M}" in pattern:
        return pattern
    return re.sub(
        r"\[[^\]]*\]|\\p\{L\}",
        lambda found: f"[{either}]" if found[0] == letter else found[0].replace(letter, either),
        pattern,
    )
