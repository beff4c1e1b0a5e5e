"""The ledger of a corpus: documents in = kept + dropped + quarantined, by source, language and rule.

One decision: every document is entered exactly once, when its fate is known. Each shard keeps its own ledger; they are
added in canonical order, and the sums are checked when the ledger is closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FILE = "ledger.json"  # of a corpus artifact
EXAMPLES_PER_RULE = 3  # of each step, rule and language
EXCERPT = 160  # characters: two lines of a terminal
COUNTS = ("in", "kept", "dropped", "quarantined", "bytes_kept", "held_out_documents", "held_out_bytes")
_HELD_OUT = "held_out"


class Ledger:
    """Counts what curation did with every document."""

    def __init__(self) -> None:
        self._by_source: dict[str, dict[str, dict[str, int]]] = {}
        self._losses: dict[tuple[str, str, str, str], list[int]] = {}
        self._examples: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        self._changes: dict[str, dict[str, int]] = {}
        self._bytes = {"in": 0, "kept": 0, "dropped": 0}

    def keep(self, source: str, language: str, part: str, documents: int, size: int) -> None:
        """Enter documents kept in a part (`clean`, `held_out`), of `size` UTF-8 bytes in total."""
        counts = self._entered(source, language, documents, size)
        counts["kept"] += documents
        counts["bytes_kept"] += size
        self._bytes["kept"] += size
        if part == _HELD_OUT:
            counts["held_out_documents"] += documents
            counts["held_out_bytes"] += size

    def drop(self, source: str, language: str, step: str, rule: str, documents: int, size: int) -> None:
        """Enter documents that a rule dropped, of `size` UTF-8 bytes in total."""
        counts = self._entered(source, language, documents, size)
        counts["dropped"] += documents
        self._bytes["dropped"] += size
        loss = self._losses.setdefault((step, rule, language, source), [0, 0])
        loss[0] += documents
        loss[1] += size

    def example(self, step: str, rule: str, language: str, text: str, value: Any) -> None:
        """Keep a dropped document as an example of its rule, if the rule has fewer than `EXAMPLES_PER_RULE`."""
        examples = self._examples.setdefault((step, rule, language), [])
        if len(examples) < EXAMPLES_PER_RULE:
            examples.append({"excerpt": text[:EXCERPT], "value": value})

    def quarantine(self, source: str, language: str, documents: int = 1) -> None:
        """Enter inputs that could not become documents."""
        counts = self._counts(source, language)
        counts["in"] += documents
        counts["quarantined"] += documents

    def change(self, name: str, language: str, number: int) -> None:
        """Count `number` documents or spans that a step changed, whether kept or not."""
        if number:
            table = self._changes.setdefault(name, {})
            table[language] = table.get(language, 0) + number

    def state(self) -> dict[str, Any]:
        """Everything entered, as JSON types, for `add`."""
        return {
            "by_source": self._by_source,
            "losses": [[*key, *counts] for key, counts in sorted(self._losses.items())],
            "examples": [[*key, examples] for key, examples in sorted(self._examples.items())],
            "changes": self._changes,
            "bytes": self._bytes,
        }

    def add(self, state: Mapping[str, Any]) -> None:
        """Enter the `state` of another ledger."""
        for source, languages in state["by_source"].items():
            for language, counts in languages.items():
                _add(self._counts(source, language), counts)
        for *key, documents, size in state["losses"]:
            loss = self._losses.setdefault(tuple(key), [0, 0])
            loss[0] += documents
            loss[1] += size
        for step, rule, language, examples in state["examples"]:
            for example in examples:
                self.example(step, rule, language, example["excerpt"], example["value"])
        for name, languages in state["changes"].items():
            for language, number in languages.items():
                self.change(name, language, number)
        _add(self._bytes, state["bytes"])

    def close(self, provenance: Mapping[str, Any]) -> dict[str, Any]:
        """The ledger as JSON types; AssertionError if the sums do not hold, which is a bug."""
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
            "changes": {name: dict(sorted(table.items())) for name, table in sorted(self._changes.items())},
            "sources": dict(provenance),
        }

    def _entered(self, source: str, language: str, documents: int, size: int) -> dict[str, int]:
        counts = self._counts(source, language)
        counts["in"] += documents
        self._bytes["in"] += size
        return counts

    def _counts(self, source: str, language: str) -> dict[str, int]:
        return self._by_source.setdefault(source, {}).setdefault(language, dict.fromkeys(COUNTS, 0))


def _add(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for key, number in more.items():
        counts[key] += number
