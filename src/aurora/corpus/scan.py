"""What rule sets would drop of any files, without building a corpus.

One decision: every set judges every document, so the result shows what each set would drop alone and what all would
drop together. Texts are normalised in memory, as a build would, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aurora.console.tables import table
from aurora.console.terminal import line
from aurora.corpus.cleaning.code_look import label_code
from aurora.corpus.cleaning.identify import Cld2, identify_batch
from aurora.corpus.cleaning.normalise import normalise_batch
from aurora.corpus.document import Document, Quarantined
from aurora.corpus.kernels.batch_statistics import measure
from aurora.corpus.personal.definitions import types
from aurora.corpus.personal.find import mask_batch
from aurora.corpus.phases.decide import value_text
from aurora.corpus.phases.prepare import batches
from aurora.corpus.rules.judging import judge_batch
from aurora.corpus.rules.rule_sets import CONVERSATIONS, NEED_FILES, SETS
from aurora.corpus.sources import read_source
from aurora.corpus.sources.files import column_names
from aurora.corpus.sources.streams import PACKED
from aurora.errors import UserError
from aurora.languages import lookup
from aurora.languages.labels import required
from aurora.recipe.sources import JsonlSource, ParquetSource, TextSource

KINDS = {"jsonl": (".jsonl", ".ndjson"), "parquet": (".parquet",), "text": (".txt", ".md")}
EXAMPLES, EXCERPT = 2, 160  # examples of each set, rule and language; characters of each, two lines of a terminal


@dataclass(frozen=True)
class Reading:
    """Where a file's rows have the text and its language, or the one `language` of all."""

    text_key: str = "text"
    language_key: str = "lang"
    language: str | None = None


@dataclass
class Findings:
    """The result as JSON types: counts by language; by set, rule and language; examples; personal data. `unreadable`
    says where the first input is that cannot be read, and why."""

    documents: int = 0
    bytes: int = 0
    quarantined: int = 0
    unreadable: str | None = None
    languages: dict[str, dict[str, int]] = field(default_factory=dict)
    rules: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)
    personal_data: dict[str, dict[str, int]] = field(default_factory=dict)


def sets_of(names: str) -> list[str]:
    """The rule sets named in a comma-separated list; `UserError` for one that is unknown or needs files of a recipe."""
    known = [name for name in SETS if name not in (*NEED_FILES, CONVERSATIONS)]
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    for name in chosen:
        if name not in known:
            raise UserError(f"--rules: {name} is not a rule set for scanning; choose from {', '.join(known)}.")
    if not chosen:
        raise UserError(f"--rules names no rule set; choose from {', '.join(known)}.")
    return list(dict.fromkeys(chosen))


def scan(path: Path, sets: Sequence[str], reading: Reading, personal_data: bool = False) -> Findings:
    """Judge all documents of a file or folder by rule sets, one batch in memory at a time.

    Raises `UserError` if there is nothing to read, or no text under its key.
    """
    if reading.language is not None:
        try:
            required(reading.language)
        except ValueError as error:
            raise UserError(f"--language: {error}.") from error
    findings = Findings(rules={name: {} for name in sets})
    for inputs, _ in batches(_read(path, reading)):
        documents = [item for item in inputs if isinstance(item, Document)]
        whole = [item for item in documents if _is_utf8(item.text)]
        findings.quarantined += len(inputs) - len(whole)
        findings.documents += len(inputs)
        if findings.unreadable is None:
            findings.unreadable = next(
                (f"{it.where}: {it.error}" for it in inputs if isinstance(it, Quarantined)), None
            )
        if whole:
            _judge(findings, whole, sets, personal_data)
    if findings.unreadable and findings.documents == findings.quarantined:
        raise UserError(
            f"{path}: none of the {findings.documents:,} inputs can be read; the first, {findings.unreadable}. Name "
            "the key of the text by --text-key, or give other files."
        )
    return findings


def describe(findings: Findings) -> str:
    """The findings as tables for a terminal."""
    lost = sum(counts["lost"] for counts in findings.languages.values())
    kept = findings.documents - lost - findings.quarantined
    lines = [
        f"{findings.documents:,} documents = {kept:,} that pass all sets + {lost:,} that do not + "
        f"{findings.quarantined:,} that cannot be read; {findings.bytes / 1e6:.1f} MB.",
        *([line(f"The first that cannot be read is {findings.unreadable}.")] if findings.unreadable else []),
        "",
        *table(
            ("language", "documents", "MB", "kept by all", *findings.rules),
            [_row(findings, language) for language in sorted(findings.languages)],
            num_labels=1,
        ),
    ]
    broken = [
        (name, rule, language, f"{number:,}")
        for name, rules in findings.rules.items()
        for rule, languages in sorted(rules.items())
        for language, number in sorted(languages.items())
    ]
    if broken:
        lines += ["", *table(("set", "first rule broken", "language", "documents"), broken, num_labels=3)]
    for name, languages in findings.personal_data.items():
        lines.append(line(f"{name}: " + ", ".join(f"{number:,} {language}" for language, number in languages.items())))
    if unknown := lookup.said_without_file(findings.languages):
        lines += ["", line(unknown)]
    if findings.examples:
        lines += ["", "Examples:"]
    for example in findings.examples:
        where = f"{example['set']}/{example['rule']} = {example['value']} [{example['language']}]"
        lines.append(line(f"  {where} {example['place']}: {example['excerpt']}"))
    return "\n".join(lines)


def _row(findings: Findings, language: str) -> tuple[str, ...]:
    counts = findings.languages[language]
    passed = []
    for rules in findings.rules.values():
        lost = sum(languages.get(language, 0) for languages in rules.values())
        passed.append(f"{1 - lost / counts['documents']:.1%}")
    kept = f"{1 - counts['lost'] / counts['documents']:.1%}"
    return (language, f"{counts['documents']:,}", f"{counts['bytes'] / 1e6:.1f}", kept, *passed)


def _judge(findings: Findings, documents: list[Document], sets: Sequence[str], personal_data: bool) -> None:
    texts = pa.array([document.text for document in documents], pa.large_string())
    langs = label_code(texts, [document.lang for document in documents])
    texts = normalise_batch(texts, langs)
    langs = identify_batch(texts, langs, Cld2()).langs
    measured = measure(texts, langs)
    lost = np.zeros(len(documents), np.bool_)
    for name in sets:
        rules, values = judge_batch(measured, langs, [name], {})
        for row in np.flatnonzero(rules != None).tolist():  # noqa: E711
            lost[row] = True
            by_language = findings.rules[name].setdefault(rules[row], {})
            by_language[langs[row]] = by_language.get(langs[row], 0) + 1
            if by_language[langs[row]] <= EXAMPLES:
                text = " ".join(texts[row].as_py()[: 2 * EXCERPT].split())[:EXCERPT]
                loss = {"set": name, "rule": rules[row], "value": value_text(values[row]), "language": langs[row]}
                findings.examples.append(loss | {"place": documents[row].url, "excerpt": text})
    sizes = pc.binary_length(texts).to_numpy()
    for row, language in enumerate(langs):
        counts = findings.languages.setdefault(language, {"documents": 0, "bytes": 0, "lost": 0})
        counts["documents"] += 1
        counts["bytes"] += int(sizes[row])
        counts["lost"] += int(lost[row])
    findings.bytes += int(sizes.sum())
    if personal_data:
        _count_personal_data(findings, mask_batch(texts, langs)[1], langs)


def _count_personal_data(findings: Findings, counts: pa.RecordBatch, langs: Sequence[str]) -> None:
    for name in types():
        of_type = counts[name].to_numpy()
        for row in np.flatnonzero(of_type).tolist():
            by_language = findings.personal_data.setdefault(name, {})
            by_language[langs[row]] = by_language.get(langs[row], 0) + int(of_type[row])


def _read(path: Path, reading: Reading) -> Iterator[Document | Quarantined]:
    """The documents of a file, or of all files below a folder with a known ending, in the order of their paths."""
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    known = [(file, kind) for file in files if (kind := _kind(file)) and not file.name.startswith(".")]
    if not known:
        endings = ", ".join(ending for group in KINDS.values() for ending in group)
        raise UserError(
            f"{path} has no file to scan: give files that end with {endings}, also compressed ({', '.join(PACKED)})."
        )
    for file, kind in known:
        yield from read_source("scan", _source(file, kind, reading), file.parent, file.parent)


def _kind(path: Path) -> str | None:
    name = path.with_suffix("") if path.suffix.lower() in PACKED else path
    return next((kind for kind, endings in KINDS.items() if name.suffix.lower() in endings), None)


def _source(path: Path, kind: str, reading: Reading) -> JsonlSource | ParquetSource | TextSource:
    if kind == "text":
        return TextSource(kind="text", paths=[path.name], language=reading.language)
    keys: dict[str, Any] = {"paths": [path.name], "text_key": reading.text_key, "language": reading.language}
    if kind == "jsonl":
        return JsonlSource(kind="jsonl", language_key=reading.language_key, **keys)
    try:
        schema = pq.read_schema(path)
    except (OSError, pa.ArrowException):
        schema = pa.schema([])  # reading the file will say what is wrong with it
    if schema.names and reading.text_key.partition(".")[0] not in schema.names:
        columns = ", ".join(column_names(schema))
        raise UserError(f"{path} has no column {reading.text_key}; choose one as --text-key: {columns}.")
    has_language = reading.language_key.partition(".")[0] in schema.names
    return ParquetSource(kind="parquet", language_key=reading.language_key if has_language else None, **keys)


def _is_utf8(text: str) -> bool:
    """Whether a text can be encoded: it has no lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
