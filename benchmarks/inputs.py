"""What the scripts read: a folder of the user's, or with --small one made up in a moment, in the same layout.

    DIR/corpora/LANG.jsonl.zst         clean text: lines with `id` and `text`, for en, fi, hi, ja, vi and code
    DIR/corpora/noisy.jsonl.zst        lines with `kind`, `lang` and labels (see the scripts that read them)
    DIR/benchmarks/SET.jsonl.gz        items with `id`, `lang`, `question`, `choices`, ...
    DIR/tokenizers/starcoder.json.gz   a byte-level BPE tokenizer

One decision: --small is for seeing that a script runs to its end, in seconds and with no data at all; its figures say
nothing. So every script takes it, and the checks run every script.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

LANGUAGES = ("en", "fi", "hi", "ja", "vi")
CORPORA = (*LANGUAGES, "code", "noisy")
DOCUMENTS = 48  # of each language

# Plain sentences by which each language is known, put together anew for each document.
_CLAUSES = {
    "en": [
        "the river runs under the old bridge", "children play by the water every summer",
        "the library is open until nine", "my neighbour grows apples and pears",
        "we walked home through the quiet town", "it has rained since the morning",
        "the train to the coast leaves at six", "she reads a letter that came from far away",
    ],
    "fi": [
        "joki virtaa vanhan sillan alla", "lapset leikkivät rannalla joka kesä", "kirjasto on auki iltayhdeksään",
        "naapurini kasvattaa omenoita ja päärynöitä", "kävelimme kotiin hiljaisen kaupungin läpi",
        "on satanut aamusta asti", "juna rannikolle lähtee kuudelta", "hän lukee kirjettä, joka tuli kaukaa",
    ],
    "hi": [
        "नदी पुराने पुल के नीचे बहती है", "बच्चे हर गर्मी में पानी के पास खेलते हैं", "पुस्तकालय रात नौ बजे तक खुला रहता है",
        "मेरे पड़ोसी सेब और नाशपाती उगाते हैं", "हम शांत शहर से होकर घर आए", "सुबह से बारिश हो रही है",
        "तट की ओर जाने वाली गाड़ी छह बजे चलती है", "वह दूर से आया हुआ पत्र पढ़ती है",
    ],
    "ja": [
        "川は古い橋の下を流れています", "子どもたちは毎年夏に水辺で遊びます", "図書館は夜九時まで開いています",
        "隣の人はりんごと梨を育てています", "私たちは静かな町を通って家に帰りました", "朝からずっと雨が降っています",
        "海へ行く列車は六時に出ます", "彼女は遠くから届いた手紙を読んでいます",
    ],
    "vi": [
        "con sông chảy dưới cây cầu cũ", "trẻ em chơi bên bờ nước mỗi mùa hè", "thư viện mở cửa đến chín giờ tối",
        "hàng xóm của tôi trồng táo và lê", "chúng tôi đi bộ về nhà qua thị trấn yên tĩnh", "trời mưa từ sáng đến giờ",
        "chuyến tàu ra biển rời ga lúc sáu giờ", "cô ấy đọc một lá thư đến từ rất xa",
    ],
}  # fmt: skip
_ENDS = {"hi": "।", "ja": "。"}


def is_installed(peer: str) -> bool:
    """Whether a peer is there to be measured; its figures are null where it is not."""
    return importlib.util.find_spec(peer) is not None


def add_data(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """The two ways to say what is read."""
    given = parser.add_mutually_exclusive_group(required=required)
    given.add_argument("--data", type=Path, help="folder of texts")
    given.add_argument("--small", action="store_true", help="a few made-up texts, to see that the script runs")


@contextmanager
def data_of(given: argparse.Namespace, *needed: str) -> Iterator[Path]:
    """The folder that was asked for; ends the program with one sentence where a `needed` file is not in it."""
    if given.small:
        with tempfile.TemporaryDirectory() as name:
            write_small(Path(name))
            yield Path(name)
        return
    for name in needed or ("corpora/en.jsonl.zst",):
        if not (given.data / name).exists():
            print(f"--data {given.data}: there is no {name} in it; see benchmarks/inputs.py.", file=sys.stderr)
            raise SystemExit(2)
    yield given.data


def write_small(folder: Path) -> None:
    """Made-up text in the layout of the module's docstring."""
    for name in ("corpora", "benchmarks", "tokenizers"):
        (folder / name).mkdir(parents=True)
    clean = {
        lang: [{"id": f"made-up/{lang}/{number}", "text": text(lang, number)} for number in range(DOCUMENTS)]
        for lang in LANGUAGES
    }
    clean["code"] = [{"id": f"made-up/code/{number}", "text": program(number)} for number in range(DOCUMENTS)]
    for lang, rows in clean.items():
        _write_zst(folder / "corpora" / f"{lang}.jsonl.zst", rows)
    _write_zst(folder / "corpora/noisy.jsonl.zst", list(_noisy(clean)))
    _write_items(folder / "benchmarks")
    _write_tokenizer(folder / "tokenizers/starcoder.json.gz", clean)


def text(lang: str, seed: int, paragraphs: int = 8) -> str:
    """A made-up document of some eight hundred characters and more."""
    chance = random.Random(f"{lang} {seed}")
    end = _ENDS.get(lang, ".")
    joint, gap = ("、", "") if lang == "ja" else (", ", " ")

    def sentence() -> str:
        said = joint.join(_varied(clause, lang, chance) for clause in chance.sample(_CLAUSES[lang], 2))
        return said[0].upper() + said[1:] + end

    heading = chance.choice(_CLAUSES[lang])
    return "\n".join([heading, *(gap.join(sentence() for _ in range(3)) for _ in range(paragraphs))])


def _varied(clause: str, lang: str, chance: random.Random) -> str:
    """A clause with a word of chance behind every three (in Japanese characters): else rules find it repeated."""
    words = list(clause) if lang == "ja" else clause.split()
    letters = [letter for letter in clause if letter.isalpha()]
    gap = "" if lang == "ja" else " "
    pieces = [words[place : place + 3] for place in range(0, len(words), 3)]
    drawn = (["".join(chance.sample(letters, 5))] if len(piece) == 3 else [] for piece in pieces)
    return gap.join(gap.join([*piece, *more]) for piece, more in zip(pieces, drawn, strict=True))


def program(seed: int) -> str:
    """A made-up module in Python."""
    parts = [
        f"def step_{seed}_{n}(first, second):\n    total = first * {n} + second\n    return total\n" for n in range(12)
    ]
    return f'"""Module {seed}."""\n\nimport math\n\n\n' + "\n\n".join(parts)


def _noisy(clean: dict[str, list[dict[str, str]]]) -> Iterator[dict[str, Any]]:
    """A few documents of every kind of label."""
    for lang in LANGUAGES:
        rows = clean[lang]
        address = f"someone.{lang}@example.org"
        said = f"{_CLAUSES[lang][0]} {address} {_CLAUSES[lang][1]}"
        place = said.index(address)
        label = [place, place + len(address), "email"]
        yield {"kind": "pii_synthetic", "lang": lang, "id": f"pii/{lang}", "text": said, "pii": [label]}
        for number, row in enumerate(rows[:6]):
            lines = row["text"].split("\n")
            copy = row["text"] if number % 2 else "\n".join(lines[:-1])
            kind = "exact_dup" if number % 2 else "near_dup_trim"
            yield {"kind": kind, "lang": lang, "id": f"dup/{lang}/{number}", "text": copy, "dup_of": row["id"]}
        wrong = rows[7]["text"].encode().decode("latin-1") + " Ã©"
        yield {"kind": "mojibake", "lang": lang, "id": f"mojibake/{rows[7]['id']}", "text": wrong}
        yield {
            "kind": "line_repetition",
            "lang": lang,
            "id": f"rep/{lang}",
            "text": "\n".join(rows[8]["text"].split("\n")[:1] * 40),
        }
        page = "".join(f"<p>{line}</p>" for line in rows[9]["text"].split("\n"))
        page = f"<html><body><nav><a href='/'>x</a></nav><main>{page}</main></body></html>"
        yield {"kind": "raw_html", "lang": lang, "id": rows[9]["id"], "text": page}
    menu = "\n".join(["Home", "Log in", "Contact", "Privacy policy"] * 12)
    yield {"kind": "boilerplate_text", "lang": "und", "id": "boilerplate/0", "text": menu}
    yield {
        "kind": "link_list",
        "lang": "und",
        "id": "links/0",
        "text": "\n".join(f"https://example.org/{n}" for n in range(60)),
    }


def _write_items(folder: Path) -> None:
    """One set of questions, of each language."""
    with gzip.open(folder / "made-up.jsonl.gz", "wt", encoding="utf-8") as stream:
        for lang in (*LANGUAGES, "code"):
            for number in range(8):
                question = program(1_000 + number) if lang == "code" else text(lang, 1_000 + number, 2)
                row = {"id": f"{lang}-{number}", "lang": lang, "question": question, "choices": ["1", "2"]}
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def _write_tokenizer(path: Path, clean: dict[str, list[dict[str, str]]]) -> None:
    from aurora.recipe.tokens import TrainedTokenizer
    from aurora.tokens.text.tokenizer import train_tokenizer

    settings = TrainedTokenizer(vocabulary=600, pattern="starcoder", megabytes_per_language=1)
    made = train_tokenizer((row["text"] for rows in clean.values() for row in rows), settings)
    path.write_bytes(gzip.compress(made.to_str().encode()))


def _write_zst(path: Path, rows: list[dict[str, Any]]) -> None:
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    with pa.output_stream(str(path), compression="zstd") as stream:
        stream.write(lines.encode())
