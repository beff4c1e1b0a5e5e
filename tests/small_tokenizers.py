"""Small tokenizers of every published kind, trained by the library itself with the published settings."""

from __future__ import annotations

import json
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+"
REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
# As the published files have them, told apart from what Aurora knows.
PATTERNS = {
    "llama3": WORDS + r"|\p{N}{1,3}|" + REST,
    "qwen2": WORDS + r"|\p{N}|" + REST,
    "tekken": r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}
BYTE_LEVEL = ("gpt-2", "smollm", "llama3", "olmo2", "qwen2", "tekken")
SENTENCEPIECE = ("llama2", "mistral", "gemma")
END = "<|endoftext|>"
TEXTS = [
    "Hyvää huomenta, maailma! It's 2,026 o'clock: 12345 and 7½. The river is wide and the bridge is old.",
    "def main():\n\n    return 42\t# done\r\n  x = [1, 22, 333, 4444]\n\n\n",
    "नदी चौड़ी है और पुल पुराना है। १२३",
    "こんにちは世界　123 HTTPServer McDonald's WE'LL",
    "Xin chào thế giới   ",
    "one one two  two   three",
]


def byte_level(kind: str, size: int = 420) -> Tokenizer:
    """Byte-level BPE as GPT-2, SmolLM2, Llama 3, OLMo 2, Qwen or Mistral Nemo cut it, set to encode whole texts."""
    tokenizer = Tokenizer(models.BPE())
    cuts: list[Any] = [pre_tokenizers.Digits(individual_digits=True)] if kind == "smollm" else []
    if kind == "olmo2":
        cuts.append(pre_tokenizers.Split(Regex(PATTERNS["llama3"]), "removed", invert=True))
    elif kind in PATTERNS:
        cuts.append(pre_tokenizers.Split(Regex(PATTERNS[kind]), "isolated"))
    cuts.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not cuts or kind == "smollm"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(cuts) if len(cuts) > 1 else cuts[0]
    tokenizer.decoder = decoders.ByteLevel()
    if kind == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS * 3, trainer)
    if kind == "qwen2":  # which has entries beside its merges that are not special
        tokenizer.add_tokens([AddedToken("<tool_call>", normalized=False)])
    if kind == "llama3":
        tokenizer = with_all_ways(tokenizer)
    tokenizer.encode_special_tokens = True
    return tokenizer


def with_all_ways(tokenizer: Tokenizer) -> Tokenizer:
    """As Llama 3's: words that are entries are taken whole, and every way to make an entry is a merge."""
    values = json.loads(tokenizer.to_str())
    vocabulary = values["model"]["vocab"]
    made = dict.fromkeys("".join(pair) for pair in values["model"]["merges"])
    ways = [[name[:at], name[at:]] for name in made for at in range(1, len(name))]
    values["model"] |= {"ignore_merges": True, "merges": [pair for pair in ways if {*pair} <= vocabulary.keys()]}
    return Tokenizer.from_str(json.dumps(values))


def sentencepiece(kind: str, size: int = 420) -> Tokenizer:
    """Sentencepiece's BPE as Llama 2 (normalizer), Mistral (Metaspace) or Gemma (no space before a text) have it."""
    learnt = Tokenizer(models.BPE(unk_token="<unk>"))
    learnt.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    byte_names = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=["<unk>", "<s>", "</s>", *byte_names], show_progress=False
    )
    learnt.train_from_iterator([TEXTS[0], TEXTS[1], TEXTS[4], TEXTS[5]] * 3, trainer)  # Hindi and Japanese are bytes
    model = json.loads(learnt.to_str())["model"]
    tokenizer = Tokenizer(
        models.BPE(
            model["vocab"],
            [tuple(pair) for pair in model["merges"]],
            unk_token="<unk>",
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    space = normalizers.Replace(" ", "▁")
    steps: list[Any] = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    if kind == "llama2":
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), space])
    elif kind == "mistral":
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    else:
        tokenizer.normalizer = space
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence(steps if kind == "gemma" else [*steps, decoders.Strip(" ", 1, 0)])
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in ("<unk>", "<s>", "</s>")])
    tokenizer.encode_special_tokens = True
    return tokenizer
