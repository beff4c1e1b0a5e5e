"""The recipe's `corpus` table: raw text and how it is curated.

One decision: what a run chooses stands here, and what is known of a language in data files, so that a recipe names
thresholds only where it differs from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from aurora.files import default_cache
from aurora.nearest import meant
from aurora.recipe.base import MOST_THREADS, Section, layout, refuse
from aurora.recipe.names import Distinct, Language, Name, PathInFolder
from aurora.recipe.packages import MEASURING, Packages
from aurora.recipe.sources import ConversationsSource, Source

RuleSet = Literal[
    "basic",
    "gopher-quality",
    "gopher-repetition",
    "c4",
    "fineweb",
    "web",
    "numbers-and-symbols",
    "code",
    "perplexity",
    "flagged-words",
    "conversations",
]


class Contamination(Section):
    """Benchmark sets whose items are searched for in the corpus."""

    sets: dict[Name, PathInFolder] = Field(
        min_length=1,
        description="Benchmark sets by name: files of JSON lines (.jsonl, plain or compressed), or folders of "
        "them, relative to the recipe. A row is an item, named by its key `id` or its line.",
    )
    fields: list[str] = Field(
        default_factory=list,
        description="Keys of a row that hold its texts; if none are given, all strings but the `id`.",
    )
    remove: bool = Field(True, description="Drop documents that contain an item; otherwise only count them.")


class Curation(Section):
    """How raw documents become clean ones. Thresholds per language live in data files; these are the choices of a
    run."""

    normalise: bool = Field(True, description="Unicode NFC, control characters removed.")
    repair_encoding: bool = Field(
        True, description="Undo UTF-8 that was read as Latin-1 or Windows-1252 (`Ã¤` for `ä`), where a text shows it."
    )
    personal_data: Literal["keep", "placeholders", "fakes"] = Field(
        "keep",
        description="E-mail and street addresses, phone, card, account and national identity numbers, IP addresses "
        "and secrets: kept, replaced by a placeholder of their type, or by an invented value, always the "
        "same one for the same value.",
    )
    personal_data_key: PathInFolder | None = Field(
        None,
        description="File with a secret of 16 bytes or more, relative to the recipe, from which invented values are "
        "derived; without one the key is public, and anybody can test a guess at a value. Its content is "
        "stored nowhere.",
    )
    identify_language: bool = Field(
        True,
        description="Drop documents whose identified language contradicts their label; label those without one.",
    )
    fasttext_model: PathInFolder | None = Field(
        None,
        description="File of a fastText model for a second opinion, such as lid.176.ftz, relative to the recipe "
        "(extra `fasttext`). A document is then dropped only if both contradict its label.",
    )
    other_language_paragraphs: Literal["keep", "drop"] = Field(
        "keep",
        description="Paragraphs of at least 100 bytes that are certainly in another language than their document, if "
        "the document mixes languages: kept, or dropped.",
    )
    rules: list[RuleSet] = Field(
        default=["basic", "conversations"],
        description="Rule sets a document must pass, in this order: `basic` are length, script and symbol rules per "
        "language, and rules of code; `gopher-quality`, `gopher-repetition`, `c4` and `fineweb` are published ones, "
        "fitted to each language; `web` drops menus and lists of links, `numbers-and-symbols` text with few letters; "
        "`code` are rules of code alone, and `conversations` of conversations, which pass no others; `perplexity` and "
        "`flagged-words` drop what is over the thresholds `max_perplexity` and `max_flagged`.",
    )
    flagged_words: Annotated[dict[Language, PathInFolder], Distinct] = Field(
        default_factory=dict,
        description="Lists of flagged words by language, one term per line, relative to the recipe; none ships. The "
        "share of a document's words on its list is kept in its `meta` (`flagged`); "
        "`thresholds.LANGUAGE.max_flagged` is the limit of the rule set `flagged-words`.",
    )
    perplexity: Annotated[dict[Language, PathInFolder], Distinct] = Field(
        default_factory=dict,
        description="KenLM models (.arpa or binary) by language, relative to the recipe (extra `perplexity`). They "
        "read lines of Aurora's tokens with spaces between them; `thresholds.LANGUAGE.max_perplexity` is the limit.",
    )
    thresholds: Annotated[dict[Language, dict[str, float]], Distinct] = Field(
        default_factory=dict,
        description="Thresholds by language and name, replacing those of the languages' files. Changing one judges "
        "documents again without reading their text.",
    )
    boilerplate_lines: Literal["keep", "drop"] = Field(
        "keep",
        description="Lines at the beginning and end of prose that at least 10 kept documents of a site, and more than"
        " a fifth of them, repeat (the host of `url`; without one, the source): kept, or cut out of the "
        "documents.",
    )
    contamination: Contamination | None = Field(
        None, description="Benchmark sets whose items are searched for in the documents; none if left out."
    )
    repeated_passages: Literal["keep", "drop"] = Field(
        "keep",
        description="Runs of whole sentences, of at least `passage_words` words, that an earlier kept document "
        "already has (sources by name, documents as read): kept, or cut out. Code counts too.",
    )
    passage_words: int = Field(
        50,
        ge=10,
        description="Length from which a repeated run of sentences is cut out, in words (characters in scripts "
        "without spaces).",
    )
    duplicates: Literal["none", "exact", "near"] = Field(
        "exact",
        description="Which duplicates to drop: those of equal text, or also those whose text is nearly the same.",
    )
    duplicate_conversations: Literal["whole", "prompts"] = Field(
        "whole",
        description="What of a conversation is compared for duplicates: all of it, or only its prompts. By prompts, "
        "one conversation of each prompt stays, and none is held out whose prompt is trained on.",
    )
    near_similarity: float = Field(
        0.7,
        gt=0.5,
        le=1,
        description="Smallest share of runs of five words (characters in scripts without spaces) that near duplicates"
        " have in common; estimated from signatures.",
    )
    duplicates_within: Literal["corpus", "source"] = Field(
        "corpus", description="Where duplicates are searched for: in all sources, or within each source."
    )
    prefer_sources: list[str] = Field(
        default_factory=list,
        description="Sources whose document is the one kept of several duplicates, best first; all others come after.",
    )
    prefer: Literal["first", "longest"] = Field(
        "longest",
        description="Which of several duplicates of equally preferred sources is kept: the longest, or the first read; "
        "of equally long ones the first read.",
    )
    held_out_share: float = Field(
        0.05, gt=0, lt=1, description="Share of documents held out of training for evaluation, chosen by document hash."
    )

    @model_validator(mode="after")
    def _sets_have_their_files(self) -> Curation:
        if "flagged-words" in self.rules and not self.flagged_words:
            raise ValueError("the rule set flagged-words needs lists; name them in corpus.curation.flagged_words")
        if "perplexity" in self.rules and not self.perplexity:
            raise ValueError("the rule set perplexity needs models; name them in corpus.curation.perplexity")
        return self


class CorpusExecution(Section):
    """Where the plan of curation runs. None of it changes a byte of the corpus."""

    runner: Literal["local", "ray"] = layout(
        "local",
        "What carries out the shards: processes on this machine, or a Ray cluster whose machines see the same folders "
        "(extra `cluster`).",
    )
    address: str | None = layout(None, "Address of the Ray cluster; without one Ray starts on this machine.")
    workers: int = layout(0, "Shards in work at a time; 0 takes every core.", ge=0, le=MOST_THREADS)
    keep_work: bool = layout(
        True,
        "Keep the shards' work files beside the corpus: about as much disk again, and a moved threshold or an added "
        "file then costs only what it changes.",
    )


class Corpus(Section):
    """Raw text and its curation."""

    sources: dict[Name, Source] = Field(min_length=1, description="Raw sources by name.")
    curation: Curation = Field(default_factory=Curation, description="Curation of all sources.")
    other_domain: dict[Name, Source] = Field(
        default_factory=dict,
        description="Sources of another domain: evaluated on, never trained on; a corpus with any of their sentences "
        "is refused.",
    )
    shard_megabytes: float = Field(
        64.0,
        ge=1e-5,  # ten bytes: with less, even a small corpus would have millions of shards
        description="Size of a shard on disk (10^6 bytes; compressed files count four times): small files share one, "
        "plain JSON lines are cut. Sources with a limit, packages and the hub are one shard each.",
    )
    execution: CorpusExecution = Field(default_factory=CorpusExecution, description="Where curation runs.")
    cache: str | None = layout(None, "Folder for downloads; the user's cache folder without one.")

    @property
    def downloads(self) -> Path:
        """Where downloads are kept."""
        return Path(self.cache) if self.cache else default_cache()

    @model_validator(mode="after")
    def _sources_are_sound(self) -> Corpus:
        refuse(self._unsound())
        return self

    def _unsound(self) -> Iterator[str]:
        for name in self.curation.prefer_sources:
            if name not in self.sources:
                yield f"curation.prefer_sources: there is no source {name} ({meant(name, self.sources)})"
        for name, source in self.sources.items():
            packages = source.wheels if isinstance(source, ConversationsSource) else source
            if isinstance(packages, Packages) and packages.names_measuring_text():
                yield f"sources.{name}: {MEASURING} is text for measuring only; name it in corpus.other_domain"
