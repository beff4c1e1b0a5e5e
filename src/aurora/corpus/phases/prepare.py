"""The first phase of the plan: read a shard once and write, beside its texts, everything that later decisions need.

One decision: nothing here depends on a threshold or on another shard. A text is written normalised, with its language,
hash and statistics as columns; a changed threshold is applied to those columns and never to the text. If a step raises
on a batch, its halves are tried in turn, so that only the document at fault is quarantined.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from aurora.corpus.artifact import read_texts
from aurora.corpus.cleaning.code_look import label_code
from aurora.corpus.cleaning.fasttext_model import FastText
from aurora.corpus.cleaning.identify import SHORTEST, UNKNOWN, Cld2, Identifier, Languages, identify_batch
from aurora.corpus.cleaning.mojibake import repair_batch
from aurora.corpus.cleaning.normalise import normalise_batch
from aurora.corpus.cleaning.other_language import drop_other_paragraphs, is_mixed
from aurora.corpus.contamination.items import ContaminationIndex, load_index
from aurora.corpus.contamination.sentences import SentenceIndex
from aurora.corpus.conversation import ASSISTANT, LEFT_OUT, UNANSWERED, USER
from aurora.corpus.document import COLUMNS, UNKNOWN_LABEL, Document, Quarantined
from aurora.corpus.kernels.minhash import signatures
from aurora.corpus.personal.definitions import types
from aurora.corpus.personal.masking import Masker
from aurora.corpus.phases.losses import Read
from aurora.corpus.phases.pieces import Documents, Pieces, Turns
from aurora.corpus.plan import Plan, Shard
from aurora.corpus.repeats.edge_lines import LINES, edge_lines
from aurora.corpus.rules.answers import declining, measure_answers
from aurora.corpus.rules.flagged import with_score
from aurora.corpus.rules.judging import JUDGED_BY, Measures
from aurora.corpus.work import WorkFiles
from aurora.errors import UserError
from aurora.files import atomic_file
from aurora.languages.labels import UNDETERMINED
from aurora.recipe.corpus import Curation
from aurora.recipe.sources import ConversationsSource

# Raise it when the code writes something else for the same text, so that shards are prepared again.
VERSION = 16
# A batch ends with the document that reaches one of these. Every step holds a copy of its texts, and each worker has a
# batch: 16 MB keep a worker within a few hundred MB and make Python's cost a batch small.
BATCH_BYTES = 16_000_000
BATCH_DOCUMENTS = 8192
LARGEST_DOCUMENT = 100_000_000  # bytes; a larger input is quarantined, as it is a broken file rather than a text
EXCERPT = 160  # characters kept of a quarantined document
# The keys of the recipe's curation that change texts or facts: a change of one prepares all shards again.
SETTINGS = (
    "normalise",
    "repair_encoding",
    "identify_language",
    "fasttext_model",
    "other_language_paragraphs",
    "personal_data",
    "perplexity",
    "flagged_words",
    "boilerplate_lines",
    "duplicate_conversations",
)
OTHER_LANGUAGE = "paragraphs in another language"
UNKNOWN_LABELS = "unknown language labels"
UNANSWERED_PROMPTS = "prompts without an answer left out"
TURNS_LEFT_OUT = "turns of conversations left out"
CROSS_LINGUAL = "conversations across languages"
DECLINING = "conversations with a refusal"
COMPARED = "compared"  # the column of a batch that is looked at for duplicates
MENDED = ("normalised", "mojibake repaired")
TEXTS = pa.schema([(name, pa.large_string() if name == "text" else pa.string()) for name in COLUMNS])


def counted_columns() -> tuple[str, ...]:
    """Changes and labels of documents that the ledger counts."""
    talk = (UNANSWERED_PROMPTS, TURNS_LEFT_OUT, CROSS_LINGUAL, DECLINING)
    personal = (f"personal data: {name}" for name in types())
    return (UNKNOWN_LABELS, *MENDED, "mixed languages", OTHER_LANGUAGE, *talk, *personal)


def facts_schema() -> pa.Schema:
    """What is known of each document but its text; types of personal data follow from the languages known."""
    return pa.schema(
        [
            ("id", pa.string()),
            ("lang", pa.string()),
            ("bytes", pa.int64()),
            ("hash", pa.binary(16)),
            ("step", pa.string()),
            ("rule", pa.string()),
            ("value", pa.string()),
            ("measured", pa.string()),
            ("language_percent", pa.int32()),
            ("benchmark", pa.string()),
            ("benchmark_item", pa.string()),
            *((name, pa.int32()) for name in counted_columns()),
            *((name, pa.float64()) for name in JUDGED_BY),
        ]
    )


def prepare(plan: Plan, shard: Shard, tick: Callable[[int], object]) -> dict[str, Any]:
    """Write a shard's texts, facts and quarantined inputs; returns the fields of `Read`.

    `tick` is called with the bytes of each batch.
    """
    files = WorkFiles(plan.work, shard.name)
    curation = plan.corpus.curation
    benchmarks = load_index(curation.contamination, plan.base) if curation.contamination else None
    masker = Masker(curation, plan.base)
    measures = Measures(curation, plan.base)
    talk = isinstance(plan.corpus.sources[shard.source], ConversationsSource)
    steps = _Steps(
        curation, identifiers_of(plan), _measuring_sentences(plan.folder), measures, benchmarks, masker, talk
    )
    schema = facts_schema()
    read = Read(size=plan.size_on_disk(shard))
    with ExitStack() as stack:
        streams = {path: stack.enter_context(atomic_file(path)) for path in (files.texts, files.facts)}
        texts = stack.enter_context(pq.ParquetWriter(streams[files.texts], TEXTS, compression="lz4"))
        facts = stack.enter_context(pq.ParquetWriter(streams[files.facts], schema, compression="zstd"))
        quarantined = stack.enter_context(atomic_file(files.quarantined, "w"))
        lines = None
        if curation.boilerplate_lines == "drop":
            lines = stack.enter_context(
                pq.ParquetWriter(stack.enter_context(atomic_file(files.lines)), LINES, compression="zstd")
            )
        signed = stack.enter_context(atomic_file(files.signatures)) if curation.duplicates == "near" else None
        stack.enter_context(_no_collection())
        for inputs, size in batches(plan.read(shard)):
            prepared, broken = steps.carry_out(inputs)
            for batch in prepared:
                texts.write_batch(batch.select(TEXTS.names))
                facts.write_batch(batch.select(schema.names))
                if signed:
                    signed.write(signatures(batch[COMPARED]).tobytes())
                if lines and not talk:  # a turn is cut nowhere
                    lines.write_table(edge_lines(batch, read.documents))
                read.documents += batch.num_rows
            for item in broken:
                quarantined.write(json.dumps(asdict(masker.quarantined(item)), sort_keys=True) + "\n")
                read.lose(item)
            read.bytes += size
            tick(size)
    return asdict(read)


def identifiers_of(plan: Plan) -> list[Identifier]:
    """The identifiers of a plan's documents' languages: CLD2, and the recipe's fastText model if it names one."""
    model = plan.corpus.curation.fasttext_model
    return [Cld2(), FastText(plan.base / model)] if model else [Cld2()]


def batches(inputs: Iterator[Document | Quarantined]) -> Iterator[tuple[list[Document | Quarantined], int]]:
    """Inputs in order, in lists bounded in bytes and number, with the bytes of each list; a document over
    LARGEST_DOCUMENT is quarantined."""
    batch: list[Document | Quarantined] = []
    size = 0
    for item in inputs:
        bytes_of_text = _size(item)
        batch.append(_too_large(item) if bytes_of_text > LARGEST_DOCUMENT else item)
        size += bytes_of_text
        if size >= BATCH_BYTES or len(batch) == BATCH_DOCUMENTS:
            yield batch, size
            batch, size = [], 0
    if batch:
        yield batch, size


@contextmanager
def _no_collection() -> Iterator[None]:
    """Pause garbage collection: documents hold no cycles, and searching thousands of them for some takes time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Steps:
    """The steps that a batch of documents goes through, with the indexes and models they need."""

    def __init__(
        self,
        curation: Curation,
        identifiers: Sequence[Identifier],
        measured: SentenceIndex,
        measures: Measures,
        benchmarks: ContaminationIndex | None,
        masker: Masker,
        talk: bool,
    ) -> None:
        """`talk` says that the documents are conversations."""
        self._talk = talk
        self._curation = curation
        self._identifiers = identifiers
        self._measured = measured
        self._measures = measures
        self._benchmarks = benchmarks
        self._masker = masker

    def carry_out(self, inputs: Sequence[Document | Quarantined]) -> tuple[list[pa.RecordBatch], list[Quarantined]]:
        """The documents after all steps, and the quarantined inputs, each in the order of the inputs."""
        broken = [item for item in inputs if isinstance(item, Quarantined)]
        prepared, raised = self._halved([item for item in inputs if isinstance(item, Document)])
        return ([pa.Table.from_batches(prepared).combine_chunks().to_batches()[0]] if prepared else []), broken + raised

    def _halved(self, documents: Sequence[Document]) -> tuple[list[pa.RecordBatch], list[Quarantined]]:
        """The documents after all steps; if a step raises, each half is tried again, down to the document at fault."""
        if not documents:
            return [], []
        try:
            return [self._batch(documents)], []
        except UserError:
            raise
        except Exception as error:  # nothing that a single document causes may stop a build
            if len(documents) == 1:
                return [], [_quarantined(documents[0], error)]
        half = len(documents) // 2
        parts = [self._halved(documents[:half]), self._halved(documents[half:])]
        return [batch for prepared, _ in parts for batch in prepared], [item for _, broken in parts for item in broken]

    def _batch(self, documents: Sequence[Document]) -> pa.RecordBatch:
        """Documents as columns, those of TEXTS and `facts_schema`."""
        columns: dict[str, Any] = {
            name: pa.array([getattr(document, name) for document in documents], TEXTS.field(name).type)
            for name in COLUMNS
        }
        columns[UNKNOWN_LABELS] = pc.match_substring(columns["meta"], f'"{UNKNOWN_LABEL}": ').cast(pa.int32())
        langs = columns["lang"].to_pylist()
        if self._curation.identify_language:
            langs = label_code(columns["text"], langs)
        turns = Turns(columns["text"], columns["meta"]) if self._talk else None
        pieces: Pieces = turns or Documents(columns["text"])
        none = np.zeros(len(documents), np.int32)
        of_talks = (UNANSWERED_PROMPTS, TURNS_LEFT_OUT, CROSS_LINGUAL, DECLINING)
        columns |= {name: pa.array(none) for name in (*MENDED, OTHER_LANGUAGE, *of_talks)}
        # Before normalisation, which removes control characters that are misread bytes of a character.
        if self._curation.repair_encoding:
            pieces.texts, repaired = repair_batch(pieces.texts, pieces.langs(langs))
            columns["mojibake repaired"] = pa.array(np.minimum(pieces.sums(repaired), 1))
        given = pieces.texts
        if self._curation.normalise:
            pieces.texts = normalise_batch(given, pieces.langs(langs))
            # Before masking personal data: a mask must neither count as normalisation nor hide a measured sentence.
            changed = pc.not_equal(pieces.texts, given).to_numpy(zero_copy_only=False)
            columns["normalised"] = pa.array(np.minimum(pieces.sums(changed), 1))
        languages = self._languages(turns.said_by(ASSISTANT) if turns else pieces.texts, langs)
        if turns:
            columns[UNANSWERED_PROMPTS] = pc.match_substring(columns["meta"], f'"{UNANSWERED}": true').cast(pa.int32())
            columns[TURNS_LEFT_OUT] = _left_out(columns["meta"])
            languages, across = self._with_prompts(languages, turns.said_by(USER))
            columns[CROSS_LINGUAL] = pa.array(across)
        elif self._curation.other_language_paragraphs == "drop":
            pieces.texts, dropped = drop_other_paragraphs(pieces.texts, languages, self._identifiers)
            columns[OTHER_LANGUAGE] = pa.array(dropped)
        langs = languages.langs
        columns["text"] = pieces.joined()
        columns["measured"] = pa.array(self._measured.find_batch(columns["text"]), pa.string())
        items = self._items(columns["text"], turns)
        for field, name in enumerate(("benchmark", "benchmark_item")):
            columns[name] = pa.array([None if item is None else item[field] for item in items], pa.string())
        pieces.texts, counts = self._masker.texts(pieces.texts, pieces.langs(langs))
        columns["text"], columns["meta"] = pieces.joined(), pieces.described(columns["meta"])
        by_prompts = turns and self._curation.duplicate_conversations == "prompts"
        compared = columns[COMPARED] = turns.said_by(USER) if turns and by_prompts else columns["text"]
        columns |= {
            "lang": pa.array(langs, pa.string()),
            "bytes": pc.binary_length(columns["text"]),
            "hash": exact_hashes(compared),
            "language_percent": pa.array(languages.percents),
            "mixed languages": pa.array(is_mixed(languages)).cast(pa.int32()),
        }
        columns |= {f"personal data: {name}": pa.array(pieces.sums(counts[name])) for name in types()}
        for field, name in enumerate(("step", "rule", "value")):
            losses = (None if loss is None else ("language", *loss)[field] for loss in languages.losses)
            columns[name] = pa.array(losses, pa.string())
        if turns:
            columns |= self._measures.measure_conversations(columns["text"], langs)
            columns |= measure_answers(turns.now(), langs)
            columns[DECLINING] = pa.array(declining(turns.now(), langs), pa.int32())
        else:
            columns |= self._measures.measure(columns["text"], langs)
        if self._curation.flagged_words:
            columns["meta"] = with_score(columns["meta"], columns["flagged"])
        return pa.RecordBatch.from_pydict(columns)

    def _with_prompts(
        self, answers: Languages, prompts: pa.LargeStringArray
    ) -> tuple[Languages, npt.NDArray[np.int32]]:
        """The languages of answers, where these are too short to show any those of their prompts; and which prompts are
        surely in another."""
        short = np.array([loss is not None and loss[0] == UNKNOWN for loss in answers.losses], np.bool_)
        langs, losses, across = list(answers.langs), list(answers.losses), np.zeros(len(short), np.int32)
        # Only these can tell anything: what is shorter contradicts no language.
        rows = np.flatnonzero(short | (pc.binary_length(prompts).to_numpy() >= SHORTEST)).tolist()
        asked = self._languages(
            prompts.take(pa.array(rows, pa.int64())), [UNDETERMINED if short[row] else langs[row] for row in rows]
        )
        for row, lang, loss in zip(rows, asked.langs, asked.losses, strict=True):
            if short[row]:
                langs[row], losses[row] = lang, loss
            else:
                across[row] = loss is not None
        return Languages(langs, losses, answers.percents), across

    def _items(self, texts: pa.LargeStringArray, turns: Turns | None) -> list[tuple[str, str] | None]:
        """The benchmark item in each document; in a conversation one may be asked in several prompts, too."""
        if self._benchmarks is None:
            return [None] * len(texts)
        items = self._benchmarks.find(texts)
        if turns is None:
            return items
        asked = self._benchmarks.find(turns.said_by(USER))
        return [item or other for item, other in zip(items, asked, strict=True)]

    def _languages(self, texts: pa.LargeStringArray, declared: list[str]) -> Languages:
        if self._curation.identify_language:
            return identify_batch(texts, declared, *self._identifiers)
        return Languages(declared, [None] * len(declared), np.full(len(declared), -1, np.int32))


def _left_out(metas: pa.Array) -> pa.Array:
    """How many turns each conversation's source has beside those that are taken."""
    numbers = pc.struct_field(pc.extract_regex(metas, f'"{LEFT_OUT}": (?P<number>[0-9]+)'), "number")
    return pc.fill_null(pc.cast(numbers, pa.int32()), 0)


def exact_hashes(texts: pa.LargeStringArray) -> pa.Array:
    """The xxh3 hash of each text, 16 bytes, most significant first; equal texts are exact duplicates."""
    _, offsets, data = texts.buffers()
    bounds = memoryview(offsets).cast("q")[texts.offset : texts.offset + len(texts) + 1] if len(texts) else [0]
    view = memoryview(data) if data is not None else b""
    return pa.array([xxhash.xxh3_128_digest(view[start:end]) for start, end in pairwise(bounds)], pa.binary(16))


@lru_cache(maxsize=1)
def _measuring_sentences(folder: Path) -> SentenceIndex:
    """The sentences of the measuring domain, from the part `other_domain` of the corpus in `folder`; one a line."""
    return SentenceIndex(line for text in read_texts(folder, "other_domain") for line in text.splitlines())


def _size(item: Document | Quarantined) -> int:
    """UTF-8 bytes of an input, without encoding it if it is ASCII."""
    text = item.text if isinstance(item, Document) else item.excerpt
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _too_large(item: Document | Quarantined) -> Quarantined:
    if isinstance(item, Quarantined):
        return item
    return _quarantined(item, ValueError(f"the text is larger than {LARGEST_DOCUMENT // 1_000_000} MB"))


def _quarantined(document: Document, error: Exception) -> Quarantined:
    return Quarantined(
        document.source,
        document.url or document.id,
        f"{type(error).__name__}: {error}",
        document.text[:EXCERPT],
        document.lang if document.lang.isascii() else UNDETERMINED,
    )
