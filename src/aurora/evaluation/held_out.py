"""The held-out text that every checkpoint is measured on.

One decision: the text depends on the corpus alone. Excerpts are taken in the order of their documents' ids (a hash), so
they mix all sources and stay the same when the training, the model or the machine changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aurora.corpus.artifact import read_documents
from aurora.corpus.conversation import Turn, is_conversation, turns_of

# Otherwise a long document would fill a language's whole budget: the demo measures on 24 kB a language.
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


@dataclass(frozen=True)
class HeldOutAnswers:
    """Conversations whose answers are in one language."""

    language: str
    conversations: list[list[Turn]]


def read_held_out_answers(corpus: Path, kilobytes: float) -> list[HeldOutAnswers]:
    """Held-out conversations of every language of a corpus artifact, about `kilobytes` of text each."""
    by_language: dict[str, list[tuple[str, str, str]]] = {}
    for document in read_documents(corpus, "held_out"):
        if is_conversation(document.meta):
            by_language.setdefault(document.lang, []).append((document.id, document.text, document.meta))
    answers = []
    for language, rows in sorted(by_language.items()):
        rows.sort()
        chosen = rows[: len(_within([(index, text) for index, text, _ in rows], kilobytes))]
        answers.append(HeldOutAnswers(language, [turns_of(text, meta) for _, text, meta in chosen]))
    return answers


def read_held_out(corpus: Path, domain: str, kilobytes: float) -> list[HeldOutText]:
    """Excerpts of every language of a corpus artifact's `held_out` or `other_domain` part, about `kilobytes` each;
    conversations are not."""
    by_language: dict[str, list[tuple[str, str]]] = {}
    for document in read_documents(corpus, domain):
        if not is_conversation(document.meta):
            by_language.setdefault(document.lang, []).append((document.id, document.text[:EXCERPT_CHARACTERS]))
    return [
        HeldOutText(language, domain, _within(sorted(texts), kilobytes))
        for language, texts in sorted(by_language.items())
    ]


def excerpts(corpus: Path, domain: str, kilobytes: float, source: str, language: str) -> list[str]:
    """Excerpts of one source and language, about `kilobytes`; empty if it has no text in that part."""
    documents = read_documents(corpus, domain, source, language)
    texts = [(it.id, it.text[:EXCERPT_CHARACTERS]) for it in documents if not is_conversation(it.meta)]
    return _within(sorted(texts), kilobytes)


def _within(texts_by_id: list[tuple[str, str]], kilobytes: float) -> list[str]:
    """The first texts until they fill the budget; the last one may exceed it."""
    chosen: list[str] = []
    bytes_left = kilobytes * 1000
    for _, text in texts_by_id:
        if bytes_left <= 0:
            break
        chosen.append(text)
        bytes_left -= len(text.encode())
    return chosen
