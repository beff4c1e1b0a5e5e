"""The held-out text that every checkpoint is measured on.

One decision: what is measured depends on the corpus alone. Excerpts are taken in the order of their documents' ids (a
hash), so they come from all sources alike and stay the same when training, model or machine change.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aurora.corpus.artifact import parts, read_documents

# Long documents would fill the whole budget of a language with one voice.
EXCERPT_CHARACTERS = 2000


@dataclass(frozen=True)
class HeldOutText:
    """Excerpts of one language in one domain (`held_out` or `other_domain`)."""

    language: str
    domain: str
    texts: list[str]

    @property
    def num_bytes(self) -> int:
        """UTF-8 bytes of all excerpts."""
        return sum(len(text.encode()) for text in self.texts)


def read_held_out(corpus: Path, domain: str, kilobytes: float) -> list[HeldOutText]:
    """Excerpts of every language of a corpus artifact's `held_out` or `other_domain` part, about `kilobytes` each."""
    languages = sorted({language for _, language, _, _ in parts(corpus, domain)})
    by_language: dict[str, list[tuple[str, str]]] = {language: [] for language in languages}
    for document in read_documents(corpus, domain):
        by_language[document.lang].append((document.id, document.text[:EXCERPT_CHARACTERS]))
    return [HeldOutText(language, domain, _within(sorted(found), kilobytes)) for language, found in by_language.items()]


def excerpts(corpus: Path, domain: str, kilobytes: float, source: str, language: str) -> list[str]:
    """The same of one source and language; none where it has no text there."""
    documents = read_documents(corpus, domain, source, language)
    return _within(sorted((document.id, document.text[:EXCERPT_CHARACTERS]) for document in documents), kilobytes)


def _within(found: list[tuple[str, str]], kilobytes: float) -> list[str]:
    chosen: list[str] = []
    left = kilobytes * 1000
    for _, text in found:
        if left <= 0:
            break
        chosen.append(text)
        left -= len(text.encode())
    return chosen
