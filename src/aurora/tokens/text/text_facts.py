"""The facts about a model's text: its tokenizer, and what the files beside it say about starts, ends and the rest.

One decision: the files of a published model are the only source of these facts, and this is the only module that reads
them, for stores, measuring, generation, samples, refusals, chat and export. No other module knows the id or name of
such a token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from aurora.errors import AuroraError, UserError
from aurora.files import LARGEST_JSON, atomic_file, explained, read_json, read_regular
from aurora.recipe.model import LARGEST_VOCABULARY

FILE = "tokenizer.json"
SETTINGS = "tokenizer_config.json"
NAMES = "special_tokens_map.json"
GENERATION = "generation_config.json"
TEMPLATE = "chat_template.jinja"
CONFIG = "config.json"
# The files beside the tokenizer, which travel with a model byte for byte.
COMPANIONS = (SETTINGS, NAMES, GENERATION, TEMPLATE)

LARGEST_TOKENIZER = 200_000_000  # bytes; those of 256,000 entries have 33 MB
LARGEST_TEMPLATE = 10_000_000  # bytes, before its characters are counted

END_OF_TEXT = "<|endoftext|>"
# Names of the token after a whole text, used if no file names it.
TEXT_ENDS = (END_OF_TEXT, "<|end_of_text|>", "</s>", "<eos>")
# Tuned models name these as their end. They end an answer; a text still ends with the token used in pretraining.
TURN_ENDS = ("<|im_end|>", "<|eot_id|>", "<|end_of_turn|>", "<end_of_turn>", "<|end|>")
# Prefix, suffix and middle as StarCoder, SantaCoder and Qwen call them.
INFILLING = (
    ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
    ("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),
    ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
)
# StarCoder's special tokens, ids 0 to 18 of a tokenizer that is learnt here.
SPECIAL_TOKENS = (
    END_OF_TEXT, "<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<fim_pad>", "<filename>", "<gh_stars>",
    "<issue_start>", "<issue_comment>", "<issue_closed>", "<jupyter_start>", "<jupyter_text>", "<jupyter_code>",
    "<jupyter_output>", "<empty_output>", "<commit_before>", "<commit_msg>", "<commit_after>", "<reponame>",
)  # fmt: skip


@dataclass(frozen=True)
class Markers:
    """Ids of the three tokens of fill-in-the-middle."""

    prefix: int
    suffix: int
    middle: int


@dataclass(frozen=True)
class TextFacts:
    """A tokenizer and what its files say.

    `start` comes before a text (the end-of-text of the text before, if the tokenizer has no start token), `end` after
    it; any of `stops` ends an answer; `pad` fills up. `started` says whether the tokenizer, as transformers uses it,
    writes the start itself. `markers` are those of fill-in-the-middle, `template` is the
    model's own chat template, `names` are the special tokens by role, as templates use them (`bos_token` ...).
    """

    tokenizer: Tokenizer
    start: int
    end: int
    stops: tuple[int, ...]
    pad: int
    markers: Markers | None
    template: str | None
    names: Mapping[str, str]
    started: bool = False

    @property
    def vocabulary(self) -> int:
        """The rows that an embedding needs: one more than the largest id, as ids may have gaps."""
        return vocabulary_of(self.tokenizer)

    def spelling(self, index: int) -> str:
        """The text of a token with this id."""
        name = self.tokenizer.id_to_token(index)
        if name is None:
            raise UserError(f"{FILE} has no token with the id {index} that a file beside it names.")
        return name

    def encode(self, text: str) -> list[int]:
        """Ids of a plain text: nothing is added, and a special token spelt in it stays text."""
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def document(self, ids: Sequence[int]) -> list[int]:
        """A whole text among others: with its end after it, and its start before it if that is another token."""
        return [*([self.start] if self.start != self.end else []), *ids, self.end]


def read_text(path: Path) -> TextFacts:
    """The facts of a tokenizer's folder, or of its `tokenizer.json` and what lies beside it.

    Raises `UserError` for one without an end of text, and for files that contradict each other.
    """
    folder = path if path.is_dir() else path.parent
    tokenizer = load_tokenizer(path)
    known = folder if path.is_dir() or path.name == FILE else None
    settings = _table(known, SETTINGS)
    # As transformers reads them: the map of names counts where the settings do not list the tokens themselves.
    named = settings if "added_tokens_decoder" in settings else settings | _table(known, NAMES)
    names = {key: text for key, value in named.items() if key.endswith("_token") and (text := _text(value))}
    _mark_special(tokenizer, [*names.values(), *_texts(named.get("additional_special_tokens"))])
    generation = generation_settings(known)
    end, stops = _ends(tokenizer, folder, names, generation)
    pad = tokenizer.token_to_id(names.get("pad_token", ""))
    start = _start(tokenizer, settings, names)
    return TextFacts(
        tokenizer=tokenizer,
        start=end if start is None else start,
        end=end,
        stops=stops,
        pad=end if pad is None else pad,
        markers=_markers(tokenizer),
        template=_template(known, settings),
        names=names,
        started=start is not None,
    )


def load_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer in a folder or a `tokenizer.json`, set to encode whole texts, and the same each time."""
    file = path / FILE if path.is_dir() else path
    if not file.is_file():
        raise UserError(f"{file} does not exist: give a folder with a {FILE}, or the file itself.")
    if (size := file.stat().st_size) > LARGEST_TOKENIZER:
        raise UserError(f"{file} has {size:,} bytes, more than {LARGEST_TOKENIZER:,}: give the file of a tokenizer.")
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises bare Exception
        raise UserError(
            f"{file} cannot be read by the tokenizers library ({error}): give the file of a fast tokenizer."
        ) from error
    # A special token spelt in a text stays text: only Aurora itself writes end-of-text.
    tokenizer.encode_special_tokens = True
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if getattr(tokenizer.model, "dropout", None):
        tokenizer.model.dropout = None  # it would skip random merges each time
    if (largest := vocabulary_of(tokenizer) - 1) >= LARGEST_VOCABULARY:
        raise UserError(
            f"{file} has the token id {largest:,}: use a tokenizer of at most {LARGEST_VOCABULARY:,} entries."
        )
    return tokenizer


def vocabulary_of(tokenizer: Tokenizer) -> int:
    """One more than a tokenizer's largest id."""
    return 1 + max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1)


def generation_settings(folder: Path | None) -> dict[str, Any]:
    """What `generation_config.json` says; without one, the ids that a network's own configuration gives."""
    if folder is not None and (folder / GENERATION).is_file():
        return _table(folder, GENERATION)
    ids = ("bos_token_id", "eos_token_id", "pad_token_id")
    return {key: value for key, value in _table(folder, CONFIG).items() if key in ids and value is not None}


def refuse_other_ids(own: Tokenizer, given: Tokenizer, where: Path) -> None:
    """`UserError` where a tokenizer in `where` gives an entry of a model's `own` another id, or none."""
    meaning = given.get_vocab(with_added_tokens=True)
    known = own.get_vocab(with_added_tokens=True)
    others = sorted((index, name) for name, index in known.items() if meaning.get(name) != index)
    if others:
        index, name = others[0]
        same = len(known) - len(others)
        raise UserError(
            f"tokens.path: {same:,} of the {len(known):,} ids of the model's tokenizer mean the same in {where} (id "
            f"{index} is {name!r} in the model's and {given.id_to_token(index)!r} in the other): the model would read "
            "noise. Give the model's own as tokens.path, and tokens.extend for new entries."
        )


def copy_companions(source: Path, folder: Path) -> None:
    """Copy the files that lie beside a tokenizer in `source`; those of an earlier one go."""
    for name in COMPANIONS:
        if (source / name).is_file():
            with explained(source / name):
                data = read_regular(source / name, LARGEST_JSON)
            with atomic_file(folder / name) as stream:
                stream.write(data)
        else:
            (folder / name).unlink(missing_ok=True)


def _mark_special(tokenizer: Tokenizer, names: Sequence[str]) -> None:
    """Entries that settings call special are, as in transformers, also where `tokenizer.json` lists them as others."""
    known = {token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special}
    tokenizer.add_special_tokens(
        [name for name in dict.fromkeys(names) if name not in known and tokenizer.token_to_id(name) is not None]
    )


def _ends(
    tokenizer: Tokenizer, folder: Path, names: Mapping[str, str], generation: Mapping[str, Any]
) -> tuple[int, tuple[int, ...]]:
    """The id after a text, and all that end an answer."""
    eos = generation.get("eos_token_id")
    stops = [] if eos is None else eos if isinstance(eos, list) else [eos]
    if not all(type(stop) is int and stop >= 0 for stop in stops):
        raise UserError(f"{folder / GENERATION}: eos_token_id is {eos!r}, not an id or a list of ids.")
    own = [name for name in TEXT_ENDS if tokenizer.token_to_id(name) is not None]
    name = names.get("eos_token")
    if name is None and not own and stops:
        return stops[0], tuple(sorted(set(stops)))
    if name is None and not own:
        raise UserError(
            f"The tokenizer in {folder} names no token that ends a text: name it as eos_token in {SETTINGS}, or use a "
            f"tokenizer with {END_OF_TEXT}."
        )
    said = own[0] if name is None else name
    ids = tokenizer.token_to_id(said)
    if ids is None:
        raise UserError(f"{folder / SETTINGS} names {said!r} as eos_token, which {FILE} does not have: correct one.")
    before = tokenizer.token_to_id(own[0]) if said in TURN_ENDS and own else None
    end = ids if before is None else before
    return end, tuple(sorted({end, ids, *stops}))


def _start(tokenizer: Tokenizer, settings: Mapping[str, Any], names: Mapping[str, str]) -> int | None:
    """The token that transformers puts before a text, if any."""
    if "add_bos_token" in settings:
        start = tokenizer.token_to_id(names.get("bos_token", "")) if settings["add_bos_token"] else None
        return None if start is None else int(start)
    plain, whole = (tokenizer.encode("a", add_special_tokens=added).ids for added in (False, True))
    before = whole[: whole.index(plain[0])] if plain and plain[0] in whole else []
    return int(before[-1]) if before else None


def _markers(tokenizer: Tokenizer) -> Markers | None:
    for names in INFILLING:
        ids = [index for name in names if (index := tokenizer.token_to_id(name)) is not None]
        if len(ids) == len(names):
            return Markers(*ids)
    return None


def _template(folder: Path | None, settings: Mapping[str, Any]) -> str | None:
    """The chat template, from its own file or else the settings; of several the one called default."""
    if folder is not None and (folder / TEMPLATE).is_file():
        try:
            return read_regular(folder / TEMPLATE, LARGEST_TEMPLATE, UserError).decode("utf-8")
        except UnicodeDecodeError as error:
            raise UserError(f"{folder / TEMPLATE} is not UTF-8 text.") from error
    template = settings.get("chat_template")
    if isinstance(template, list):
        template = {part.get("name"): part.get("template") for part in template if isinstance(part, dict)}.get(
            "default"
        )
    return template if isinstance(template, str) else None


def _table(folder: Path | None, name: str) -> dict[str, Any]:
    """A file's table; empty if there is no such file."""
    if folder is None or not (folder / name).is_file():
        return {}
    values = read_json(folder / name)
    if not isinstance(values, dict):
        raise AuroraError(f"{folder / name} is not a JSON object: fetch it again.")
    return values


def _texts(values: object) -> list[str]:
    return [text for value in values if (text := _text(value))] if isinstance(values, list) else []


def _text(value: object) -> str | None:
    """A token's text, as settings write it: itself, or a table with its `content`."""
    content = value.get("content") if isinstance(value, dict) else value
    return content if isinstance(content, str) else None
