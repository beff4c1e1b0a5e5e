"""The tokenizer of a GGUF file, as the hub's files.

One decision: a text is cut as `tokenizer.ggml.pre` says, since merges alone give other ids; a way of cutting that is
not known here is refused.
"""

from __future__ import annotations

from typing import Any

from aurora.errors import AuroraError, UserError
from aurora.gguf.file import GgufFile

CONTROL, USER_DEFINED, UNUSED = 3, 4, 5  # kinds of entries that are not ordinary pieces

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_DIGITS = {"type": "Digits", "individual_digits": True}
# What cuts a text before bytes are merged; without a pattern among it, GPT-2's comes last, which the library has.
CUTS: dict[str, list[dict[str, Any] | str]] = {
    "gpt-2": [],
    "smollm": [_DIGITS],
    "starcoder": [_DIGITS],
    "refact": [_DIGITS],
    "llama-bpe": [LLAMA3],
    "qwen2": [LLAMA3.replace("{1,3}", "")],
}
WHOLE_PIECES = ("llama-bpe",)  # a word that is an entry is taken whole, whatever the merges say
COMPOSED = ("qwen2",)  # texts are brought to Unicode's form C first
ROLES = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}


def text_files(file: GgufFile) -> dict[str, Any]:
    """The contents of `tokenizer.json` and of the files beside it, by their names; the chat template is a text."""
    kind = _value(file, "model", str)
    if kind != "gpt2":
        raise UserError(
            f"{file.path}: tokenizer.ggml.model is {kind[:40]!r}, but only byte-level BPE ('gpt2') is read: give the "
            "model's Hugging Face folder instead."
        )
    tokens, kinds, merges = (_value(file, key, list) for key in ("tokens", "token_type", "merges"))
    if len(kinds) != len(tokens) or not {*map(type, (*tokens, *merges))} <= {str}:
        raise AuroraError(f"{file.path} has {len(tokens):,} tokens, but {len(kinds):,} types of them: fetch it again.")
    vocabulary = {token: number for number, token in enumerate(tokens) if kinds[number] != UNUSED}
    if len(vocabulary) != len(tokens) - kinds.count(UNUSED):
        raise AuroraError(f"{file.path} has a token twice: fetch it again.")
    pre = _value(file, "pre", str)
    if pre not in CUTS:
        raise UserError(
            f"{file.path}: tokenizer.ggml.pre is {pre[:40]!r}; known are {', '.join(CUTS)}: give the model's Hugging "
            "Face folder instead."
        )
    names = {f"{role}_token": name for role, key in ROLES.items() if (name := _named(file, key, tokens)) is not None}
    starts = bool(file.metadata.get("tokenizer.ggml.add_bos_token", pre == "llama-bpe")) and "bos_token" in names
    added = [
        {
            "id": number,
            "content": token,
            **dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False),
            "special": kinds[number] == CONTROL,
        }
        for number, token in enumerate(tokens)
        if kinds[number] in (CONTROL, USER_DEFINED)
    ]
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": "",
        "end_of_word_suffix": "",
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": pre in WHOLE_PIECES,
        "vocab": vocabulary,
        "merges": [_pair(file, merge, vocabulary) for merge in merges],
    }
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {"type": "NFC"} if pre in COMPOSED else None,
        "pre_tokenizer": _cutting(CUTS[pre]),
        "post_processor": _with_start(names["bos_token"], vocabulary) if starts else None,
        "decoder": _byte_level(True),
        "model": model,
    }
    settings = {
        **names,
        "add_bos_token": starts,
        "clean_up_tokenization_spaces": False,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    files: dict[str, Any] = {"tokenizer.json": tokenizer, "tokenizer_config.json": settings}
    if (template := file.metadata.get("tokenizer.chat_template")) is not None:
        files["chat_template.jinja"] = str(template)
    return files | {"generation_config.json": _ids(file, names, tokens)}


def _value(file: GgufFile, key: str, kind: type) -> Any:
    found = file.metadata.get(f"tokenizer.ggml.{key}")
    if not isinstance(found, kind):
        raise UserError(f"{file.path} has no tokenizer.ggml.{key}: give the model's Hugging Face folder instead.")
    return found


def _named(file: GgufFile, key: str, tokens: list[str]) -> str | None:
    """The token of a role, such as `eos`."""
    number = file.metadata.get(f"tokenizer.ggml.{key}_token_id")
    if number is None:
        return None
    if type(number) is not int or not 0 <= number < len(tokens):
        raise AuroraError(
            f"{file.path}: tokenizer.ggml.{key}_token_id is {str(number)[:40]}, no token: fetch it again."
        )
    return tokens[number]


def _ids(file: GgufFile, names: dict[str, str], tokens: list[str]) -> dict[str, Any]:
    """`generation_config.json`: the end of a turn ends an answer, too."""
    numbers = {f"{role}_id": tokens.index(name) for role, name in names.items() if role != "unk_token"}
    turn = _named(file, "eot", tokens)
    stops = sorted({numbers["eos_token_id"]} if "eos_token_id" in numbers else set())
    stops = sorted({*stops, tokens.index(turn)}) if turn is not None else stops
    return numbers | ({"eos_token_id": stops if len(stops) > 1 else stops[0]} if stops else {})


def _pair(file: GgufFile, merge: str, vocabulary: dict[str, int]) -> list[str]:
    pair = merge.split(" ")
    if len(pair) != 2 or not {*pair, "".join(pair)} <= vocabulary.keys():
        raise AuroraError(f"{file.path}: the merge {merge[:100]!r} is not of two tokens to a third: fetch it again.")
    return pair


def _cutting(steps: list[dict[str, Any] | str]) -> dict[str, Any]:
    own = any(isinstance(step, str) for step in steps)
    cuts = [
        {"type": "Split", "pattern": {"Regex": step}, "behavior": "Isolated", "invert": False}
        if isinstance(step, str)
        else step
        for step in steps
    ]
    return {"type": "Sequence", "pretokenizers": [*cuts, _byte_level(not own)]}


def _byte_level(pattern: bool) -> dict[str, Any]:
    """Bytes as letters; with the `pattern` of GPT-2 the text is cut by it before."""
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": pattern}


def _with_start(name: str, vocabulary: dict[str, int]) -> dict[str, Any]:
    """The start token before a text, where special tokens are asked for."""
    start, text = {"SpecialToken": {"id": name, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [start, text],
        "pair": [start, text, start, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {name: {"id": name, "ids": [vocabulary[name]], "tokens": [name]}},
    }
