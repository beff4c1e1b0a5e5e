"""Published kinds of tokenizers beside `transformers`: the same ids on every document, and when taught languages.

    python benchmarks/published_tokenizers.py --data DIR [--vocabularies DIR] [--every N] [--json] [--small]

DIR holds corpora/LANG.jsonl.zst (lines with `text`). A tokenizer of each kind is learnt on a part of it with the
published way of cutting; --vocabularies names a folder of GGUF files, whose tokenizers are compared too. Each N-th text
is encoded by Aurora (tiktoken where it gives the same ids, else the tokenizers library) and by `AutoTokenizer`; then
the tokenizer is taught four languages, and its fast encoder is compared with its own. Prints a row for each; with
--json one object as the last line. All documents take some minutes a tokenizer on one core.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from aurora.files import write_json, write_text
from aurora.gguf.cutting import LLAMA3, QWEN2, TEKKEN, Cut
from aurora.gguf.file import read_gguf
from aurora.gguf.pieces import BYTES, SPACE
from aurora.gguf.text import text_files
from aurora.tokens.build import BATCH_DOCUMENTS
from aurora.tokens.text.encoder import HuggingFaceEncoder, TiktokenEncoder, fast_encoder
from aurora.tokens.text.extension import extend_tokenizer
from aurora.tokens.text.text_facts import load_tokenizer
from aurora.tokens.text.tokenizer import pre_tokenizer
from inputs import add_data, data_of
from tokens import LANGUAGES, LEARNT, Texts, read

CUTS = {
    "gpt-2": Cut(),
    "smollm": Cut(digits=True),
    "llama3": Cut(pattern=LLAMA3),
    "qwen": Cut(pattern=QWEN2),
    "tekken": Cut(pattern=TEKKEN),
}
SIZE, ENTRIES, LEARNT_CHARACTERS = 8000, 2000, 400_000


def main() -> None:
    """Compare every tokenizer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    parser.add_argument("--vocabularies", type=Path, help="a folder of GGUF files")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print only the one object")
    chosen = parser.parse_args()
    rows = []
    with data_of(chosen, "corpora/en.jsonl.zst") as data, tempfile.TemporaryDirectory() as folder:
        whole = {path.name.split(".")[0]: read(path) for path in sorted((data / "corpora").glob("*.zst"))}
        texts = {name: part[:: chosen.every] for name, part in whole.items()}
        for name, write in kinds(whole, chosen.vocabularies):
            place = Path(folder) / name
            place.mkdir()
            write(place)
            rows.append({"tokenizer": name, **compare(place, texts, whole)})
            if not chosen.json:
                print(rows[-1], flush=True)
    different = sum(row["different"] + row["extended_different"] for row in rows)
    print(json.dumps({"tokenizers": len(rows), "different": different, "rows": rows}))


def compare(folder: Path, texts: Texts, whole: Texts) -> dict[str, Any]:
    """Documents with other ids than the peer's, of the tokenizer as it is and of an extended one."""
    from transformers import AutoTokenizer

    ours, theirs = load_tokenizer(folder), AutoTokenizer.from_pretrained(folder)
    encoder = fast_encoder(ours)
    found = {"documents": sum(map(len, texts.values())), "different": 0, "extended_different": 0}
    seconds = {"ours": 0.0, "theirs": 0.0}
    for part in batches(texts):
        begin = time.perf_counter()
        mine = encoder.encode(part)
        middle = time.perf_counter()
        other = theirs(part, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        seconds["ours"] += middle - begin
        seconds["theirs"] += time.perf_counter() - middle
        found["different"] += sum(ids.tolist() != list(peer) for ids, peer in zip(mine, other, strict=True))
    extended = extend_tokenizer(ours, beginnings(whole, LEARNT), ENTRIES)
    extended.encode_special_tokens = True
    fast, own = fast_encoder(extended), HuggingFaceEncoder(extended)
    for part in batches(texts):
        pairs = zip(fast.encode(part), own.encode(part), strict=True)
        found["extended_different"] += sum(mine.tolist() != ids.tolist() for mine, ids in pairs)
    kept = isinstance(encoder, TiktokenEncoder) == isinstance(fast, TiktokenEncoder)
    return {
        "encoder": "tiktoken" if isinstance(encoder, TiktokenEncoder) else "tokenizers",
        "extended_alike": kept,
        **found,
        "speedup": round(seconds["theirs"] / seconds["ours"], 2),
    }


def kinds(whole: Texts, vocabularies: Path | None) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """Names of tokenizers, and what writes their folders."""
    texts = list(beginnings(whole, LANGUAGES))
    for name, cut in CUTS.items():
        yield name, lambda folder, name=name, cut=cut: save(byte_level(name, cut, texts), folder)  # type: ignore[misc]
    for name in ("llama2", "gemma"):
        yield name, lambda folder, name=name: save(sentencepiece(name, texts), folder)  # type: ignore[misc]
    for path in sorted(vocabularies.glob("*.gguf")) if vocabularies else []:
        yield path.stem, lambda folder, path=path: write_gguf(path, folder)  # type: ignore[misc]


def batches(texts: Texts) -> Iterator[list[str]]:
    """All texts, a few at a time: the peer's lists of ids take much memory."""
    for part in texts.values():
        yield from (part[start : start + BATCH_DOCUMENTS] for start in range(0, len(part), BATCH_DOCUMENTS))


def beginnings(texts: Texts, languages: tuple[str, ...]) -> Iterator[str]:
    """The first part of each language."""
    for language in languages:
        left = LEARNT_CHARACTERS
        for text in texts[language]:
            if left <= 0:
                break
            yield text[:4000]
            left -= 4000


def byte_level(name: str, cut: Cut, texts: list[str]) -> Tokenizer:
    """Byte-level BPE learnt with a published way of cutting."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer(cut)
    if cut.pattern == LLAMA3:  # as OLMo's file says the same
        step = pre_tokenizers.Split(Regex(LLAMA3), "removed", invert=True)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([step, pre_tokenizers.ByteLevel(False, use_regex=False)])
    tokenizer.normalizer = normalizers.NFC() if name == "qwen" else None
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=SIZE, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def sentencepiece(name: str, texts: list[str]) -> Tokenizer:
    """Pieces learnt on words; a rare letter is bytes."""
    learnt = Tokenizer(models.BPE(unk_token="<unk>"))
    learnt.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE, special_tokens=["<unk>", *BYTES], limit_alphabet=600, show_progress=False
    )
    learnt.train_from_iterator(texts, trainer)
    values = json.loads(learnt.to_str())
    values["model"] |= {"byte_fallback": True, "fuse_unk": True}
    tokenizer = Tokenizer.from_str(json.dumps(values))
    space = normalizers.Replace(" ", SPACE)
    tokenizer.normalizer = space if name == "gemma" else normalizers.Sequence([normalizers.Prepend(SPACE), space])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    strip = [] if name == "gemma" else [decoders.Strip(" ", 1, 0)]
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse(), *strip]
    )
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """As the hub has it."""
    tokenizer.save(str(folder / "tokenizer.json"))
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast"})


def write_gguf(path: Path, folder: Path) -> None:
    """The tokenizer's files of a GGUF file."""
    for name, content in text_files(read_gguf(path)).items():
        (write_text if isinstance(content, str) else write_json)(folder / name, content)


if __name__ == "__main__":
    main()
