"""Which category of a policy a prompt is of, told by the policy's own words alone.

One decision: no model, so a policy sorts prompts in every language that it has words in. The category whose keywords a
prompt has most of is the one; where there is none, or several have as many, it is the one with the nearest harmful
action, by the pieces of words that both have, weighted by how few texts have them (TF-IDF). What a prompt is called
here is a proposal: a reviewer decides.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import regex

from aurora.languages.lookup import is_spaced
from aurora.languages.refusals import fold
from aurora.redteam.policy import SLOT, Words
from aurora.redteam.prompts import Kind

# Lengths of the pieces: stems in scripts with spaces, words of one to three characters in those without.
SPACED, UNSPACED = (3, 4, 5), (2, 3)
# Cosine from which a prompt without a keyword is of a category: of 1,660 everyday questions in five languages 70 have a
# keyword; at 0.35 10 more are taken, at 0.2 more than 300.
NEAR = 0.35
LONGEST = 2_000  # characters of a prompt that are looked at
DIMENSIONS = 1 << 12  # of the vectors that distances between prompts are computed of

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}-]+")  # with the marks that Hindi writes its vowels with

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Like:
    """What a prompt is like: a category, how many of its keywords it has, and the cosine with its nearest action."""

    category: str
    kind: Kind
    keywords: int
    score: float


class Likeness:
    """The words of a policy in one language, to compare prompts with."""

    def __init__(self, words: Words) -> None:
        self._spaced = is_spaced(words.language)
        self._lengths = SPACED if self._spaced else UNSPACED
        self._categories = list(words.categories)
        self._keywords = [[self._bare(one) for one in words.categories[name].keywords] for name in self._categories]
        harmful = [list(words.categories[name].harmful_actions()) for name in self._categories]
        benign = [[*words.categories[name].benign, *words.categories[name].harmless] for name in self._categories]
        templates = [template.replace(SLOT, " ") for template in words.templates.values()]
        self._weigh([*chain.from_iterable(harmful + benign), *templates])
        self._harmful, self._benign = [*map(self.vectors, harmful)], [*map(self.vectors, benign)]

    def of(self, prompt: str) -> Like | None:
        """The category that a prompt is of, or None where it is of none."""
        bare = self._bare(prompt[:LONGEST])
        hits = [sum(keyword in bare for keyword in keywords) for keywords in self._keywords]
        vector = self._vector(bare)
        scores = [_nearest(actions, vector) for actions in self._harmful]
        most = max(hits)
        best = max(range(len(hits)), key=lambda place: (hits[place], scores[place]))
        if not most and scores[best] < NEAR:
            return None
        kind: Kind = "harmful" if most or scores[best] >= _nearest(self._benign[best], vector) else "benign"
        return Like(self._categories[best], kind, most, scores[best])

    def vectors(self, prompts: Sequence[str]) -> Vectors:
        """A vector of length 1 for each prompt, [prompts, DIMENSIONS]; of like prompts they are near."""
        vectors = [self._vector(self._bare(prompt[:LONGEST])) for prompt in prompts]
        return np.stack(vectors) if vectors else np.zeros((0, DIMENSIONS), np.float32)

    def _weigh(self, texts: Sequence[str]) -> None:
        """Learn how rare each piece is: those of templates and of what is asked about anything count little."""
        seen = Counter(piece for text in texts for piece in set(self._pieces(self._bare(text))))
        self._rarest = math.log(1 + len(texts)) + 1
        self._rarity = {piece: math.log((1 + len(texts)) / (1 + number)) + 1 for piece, number in seen.items()}

    def _vector(self, bare: str) -> npt.NDArray[np.float32]:
        vector = np.zeros(DIMENSIONS, np.float32)
        for piece, count in Counter(self._pieces(bare)).items():
            vector[_slot(piece)] += (1 + math.log(count)) * self._rarity.get(piece, self._rarest)
        norm = float(np.linalg.norm(vector))
        return vector / np.float32(norm) if norm else vector

    def _bare(self, text: str) -> str:
        """The words of a text in lower case, each behind a space; in scripts without spaces all in one."""
        words = _WORD.findall(fold(text))
        return "".join(f" {word}" for word in words) if self._spaced else "".join(words)

    def _pieces(self, bare: str) -> Iterator[str]:
        for word in bare.split():
            padded = f" {word} " if self._spaced else word
            for length in self._lengths:
                yield from (padded[at : at + length] for at in range(max(1, len(padded) - length + 1)))


def farthest(vectors: Vectors, count: int) -> list[int]:
    """`count` rows that are as far from each other as can be had greedily, beginning with the first."""
    if not len(vectors) or count < 1:
        return []
    chosen = [0]
    nearest = vectors @ vectors[0]
    nearest[0] = np.inf
    while len(chosen) < min(count, len(vectors)):
        chosen.append(int(np.argmin(nearest)))
        nearest = np.maximum(nearest, vectors @ vectors[chosen[-1]])
        nearest[chosen[-1]] = np.inf
    return chosen


def _nearest(vectors: Vectors, vector: npt.NDArray[np.float32]) -> float:
    return float((vectors @ vector).max(initial=0.0))


def _slot(piece: str) -> int:
    """The place of a piece in a vector, the same everywhere."""
    return zlib.crc32(piece.encode()) % DIMENSIONS
