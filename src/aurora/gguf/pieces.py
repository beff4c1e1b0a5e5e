"""The pieces of a GGUF file whose tokenizer is sentencepiece's BPE: Llama 2, Mistral, EuroLLM and others.

One decision: the file keeps a score for each piece and no merges, so all ways to make a piece of two others become
merges, those of the best score first and of the shortest left piece first. That is the order of sentencepiece, which
of equal scores takes the leftmost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aurora.errors import AuroraError, UserError
from aurora.gguf.file import GgufFile

SPACE = "\u2581"  # how pieces spell a space
ORDINARY = 1  # the kind of a piece that merges make or take
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]  # what stands for characters that are no piece


def parts_of_pieces(
    file: GgufFile, vocabulary: Mapping[str, int], kinds: Sequence[int], unknown: str | None
) -> dict[str, Any]:
    """Normalizer, pre-tokenizer, decoder and model of a `tokenizer.json`; `UserError` for what these cannot say."""
    for key in ("remove_extra_whitespaces", "precompiled_charsmap", "treat_whitespace_as_suffix"):
        if found := file.metadata.get(f"tokenizer.ggml.{key}"):
            shown = found if isinstance(found, bool | int) else "given"
            raise UserError(
                f"{file.path}: tokenizer.ggml.{key} is {shown}, so texts are changed in a way that is not known here: "
                "give the model's Hugging Face folder instead."
            )
    scores = file.metadata.get("tokenizer.ggml.scores")
    if not isinstance(scores, list) or len(scores) != len(kinds) or not {*map(type, scores)} <= {float}:
        raise AuroraError(f"{file.path} has no score for each of its {len(kinds):,} tokens: fetch it again.")
    if missing := [byte for byte in BYTES if byte not in vocabulary]:
        raise UserError(
            f"{file.path} has no token for {len(missing)} of 256 bytes, so it would lose text: give another model."
        )
    begins = bool(file.metadata.get("tokenizer.ggml.add_space_prefix", True))
    ordinary = [token for token, number in vocabulary.items() if kinds[number] == ORDINARY]
    ordinary.sort(key=lambda token: (-scores[vocabulary[token]], vocabulary[token]))
    spelt = {"type": "Replace", "pattern": {"String": " "}, "content": SPACE}
    back: list[dict[str, Any]] = [
        {"type": "Replace", "pattern": {"String": SPACE}, "content": " "},
        {"type": "ByteFallback"},
        {"type": "Fuse"},
    ]
    return {
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": SPACE}, spelt]}
        if begins
        else spelt,
        "pre_tokenizer": None,
        "decoder": {
            "type": "Sequence",
            "decoders": [*back, *([{"type": "Strip", "content": " ", "start": 1, "stop": 0}] if begins else [])],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": unknown,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "ignore_merges": False,
            "vocab": dict(vocabulary),
            "merges": _merges(ordinary),
        },
    }


def _merges(ordinary: Sequence[str]) -> list[list[str]]:
    known = set(ordinary)
    return [
        [piece[:place], piece[place:]]
        for piece in ordinary
        for place in range(1, len(piece))
        if piece[:place] in known and piece[place:] in known
    ]
