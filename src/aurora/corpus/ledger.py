"""The ledger of a corpus: documents in = kept + dropped + quarantined, by source, language and rule.

One decision: every document is entered exactly once, when its fate is known; the sums are checked when the ledger
closes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aurora.corpus.document import Document, Quarantined

EXAMPLES_PER_RULE = 3
EXCERPT = 160
COUNTS = ("in", "kept", "dropped", "quarantined", "bytes_kept", "held_out_documents", "held_out_bytes")


class Ledger:
    """Counts what curation did with every document."""

    def __init__(self) -> None:
        self._by_source: dict[str, dict[str, dict[str, int]]] = {}
        self._losses: dict[tuple[str, str, str, str], list[int]] = {}
        self._examples: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        self._bytes = {"in": 0, "kept": 0, "dropped": 0}

    def keep(self, document: Document, held_out: bool) -> None:
        """A kept document, for training or held out."""
        counts, size = self._entered(document)
        counts["kept"] += 1
        counts["bytes_kept"] += size
        self._bytes["kept"] += size
        if held_out:
            self._hold_out(counts, size)

    def hold_out(self, document: Document) -> None:
        """A document kept for training before, now held out."""
        self._hold_out(self._counts(document.source, document.lang), _size(document))

    def drop(self, document: Document, step: str, rule: str, value: Any) -> None:
        """A dropped document, with the rule and the value that dropped it."""
        counts, size = self._entered(document)
        counts["dropped"] += 1
        self._bytes["dropped"] += size
        loss = self._losses.setdefault((step, rule, document.lang, document.source), [0, 0])
        loss[0] += 1
        loss[1] += size
        examples = self._examples.setdefault((step, rule, document.lang), [])
        if len(examples) < EXAMPLES_PER_RULE:
            examples.append({"excerpt": document.text[:EXCERPT], "value": value})

    def quarantine(self, found: Quarantined) -> None:
        """An input that could not become a document."""
        counts = self._counts(found.source, found.lang)
        counts["in"] += 1
        counts["quarantined"] += 1

    def close(self, provenance: Mapping[str, Any]) -> dict[str, Any]:
        """The ledger as plain JSON types; raises where the sums do not hold (an error of ours)."""
        languages = [counts for table in self._by_source.values() for counts in table.values()]
        for counts in languages:
            if counts["in"] != counts["kept"] + counts["dropped"] + counts["quarantined"]:
                raise AssertionError(f"documents were lost: {counts}")
        bytes_kept: dict[str, int] = {}
        for table in self._by_source.values():
            for language, counts in table.items():
                bytes_kept[language] = bytes_kept.get(language, 0) + counts["bytes_kept"]
        return {
            "documents": {key: sum(counts[key] for counts in languages) for key in COUNTS[:4]},
            "bytes": self._bytes,
            "held_out": {
                "documents": sum(counts["held_out_documents"] for counts in languages),
                "bytes": sum(counts["held_out_bytes"] for counts in languages),
            },
            "bytes_kept": dict(sorted(bytes_kept.items())),
            "by_source": {source: dict(sorted(table.items())) for source, table in sorted(self._by_source.items())},
            "losses": [
                dict(zip(("step", "rule", "language", "source"), key, strict=True)) | {"documents": n, "bytes": size}
                for key, (n, size) in sorted(self._losses.items())
            ],
            "examples": [
                {"step": step, "rule": rule, "language": language, **example}
                for (step, rule, language), examples in sorted(self._examples.items())
                for example in examples
            ],
            "sources": dict(provenance),
        }

    def _entered(self, document: Document) -> tuple[dict[str, int], int]:
        size = _size(document)
        counts = self._counts(document.source, document.lang)
        counts["in"] += 1
        self._bytes["in"] += size
        return counts, size

    @staticmethod
    def _hold_out(counts: dict[str, int], size: int) -> None:
        counts["held_out_documents"] += 1
        counts["held_out_bytes"] += size

    def _counts(self, source: str, language: str) -> dict[str, int]:
        return self._by_source.setdefault(source, {}).setdefault(language, dict.fromkeys(COUNTS, 0))


def _size(document: Document) -> int:
    return len(document.text.encode("utf-8", "surrogatepass"))
