"""The tokenizer of a GGUF file, as the hub's files.

One decision: byte-level text is pre-tokenized as `tokenizer.ggml.pre` says, because merges alone give other ids; an
unknown pre-tokenizer is refused.
"""

from __future__ import annotations

from typing import Any

from aurora.errors import AuroraError, UserError
from aurora.gguf.cutting import COMPOSED, CUTS, WHOLE_PIECES, byte_level
from aurora.gguf.file import GgufFile
from aurora.gguf.pieces import parts_of_pieces

UNKNOWN, CONTROL, USER_DEFINED, UNUSED = 2, 3, 4, 5  # llama.cpp's numbers for entries that are not ordinary pieces
ROLES = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}
BYTE_LEVEL, SENTENCEPIECE = "gpt2", "llama"  # what `tokenizer.ggml.model` calls them


def text_files(file: GgufFile) -> dict[str, Any]:
    """The contents of `tokenizer.json` and of the files beside it, by file name; the chat template is a string."""
    kind = _value(file, "model", str)
    if kind not in (BYTE_LEVEL, SENTENCEPIECE):
        raise UserError(
            f"{file.path}: tokenizer.ggml.model is {kind[:40]!r}, but only byte-level BPE ({BYTE_LEVEL!r}) and "
            f"sentencepiece's BPE ({SENTENCEPIECE!r}) are read: give the model's Hugging Face folder instead."
        )
    tokens, kinds = (_value(file, key, list) for key in ("tokens", "token_type"))
    if len(kinds) != len(tokens) or not {*map(type, tokens)} <= {str}:
        raise AuroraError(f"{file.path} has {len(tokens):,} tokens, but {len(kinds):,} types of them: fetch it again.")
    vocabulary = {token: number for number, token in enumerate(tokens) if kinds[number] != UNUSED}
    if len(vocabulary) != len(tokens) - kinds.count(UNUSED):
        raise AuroraError(f"{file.path} has a token twice: fetch it again.")
    names = {f"{role}_token": name for role, key in ROLES.items() if (name := _named(file, key, tokens)) is not None}
    if kind == BYTE_LEVEL:
        parts, usually = _parts_of_bytes(file, vocabulary), file.metadata.get("tokenizer.ggml.pre") in WHOLE_PIECES
    else:
        parts, usually = parts_of_pieces(file, vocabulary, kinds, names.get("unk_token")), True
    starts = bool(file.metadata.get("tokenizer.ggml.add_bos_token", usually)) and "bos_token" in names
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": _added(tokens, kinds),
        "post_processor": _with_start(names["bos_token"], vocabulary) if starts else None,
        **parts,
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


def _parts_of_bytes(file: GgufFile, vocabulary: dict[str, int]) -> dict[str, Any]:
    """Normalizer, pre-tokenizer, decoder and model of byte-level BPE."""
    pre, merges = _value(file, "pre", str), _value(file, "merges", list)
    if pre not in CUTS:
        raise UserError(
            f"{file.path}: tokenizer.ggml.pre is {pre[:40]!r}; known are {', '.join(CUTS)}: give the model's Hugging "
            "Face folder instead."
        )
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
    return {
        "normalizer": {"type": "NFC"} if pre in COMPOSED else None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": CUTS[pre].steps()},
        "decoder": byte_level(True),
        "model": model,
    }


def _added(tokens: list[str], kinds: list[int]) -> list[dict[str, Any]]:
    """The entries that are found before a text is cut: special ones, and those that users defined."""
    return [
        {
            "id": number,
            "content": token,
            **dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False),
            "special": kinds[number] != USER_DEFINED,
        }
        for number, token in enumerate(tokens)
        if kinds[number] in (UNKNOWN, CONTROL, USER_DEFINED)
    ]


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


def _pair(file: GgufFile, merge: object, vocabulary: dict[str, int]) -> list[str]:
    pair = merge.split(" ") if isinstance(merge, str) else []
    if len(pair) != 2 or not {*pair, "".join(pair)} <= vocabulary.keys():
        raise AuroraError(
            f"{file.path}: the merge {str(merge)[:100]!r} is not of two tokens to a third: fetch it again."
        )
    return pair


def _with_start(name: str, vocabulary: dict[str, int]) -> dict[str, Any]:
    """The start token before a text, where special tokens are asked for."""
    start, text = {"SpecialToken": {"id": name, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [start, text],
        "pair": [start, text, start, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {name: {"id": name, "ids": [vocabulary[name]], "tokens": [name]}},
    }
