"""Faults planted in conversations of five languages, and how many of each kind the whole plan finds.

Clean conversations are made of paragraphs of real text in one language: each asks with one and answers with another,
once or three times. 200 of each language get each fault, in all its manners in turn:

- `benchmark`: an item's question in a prompt, by manner of place (all of a prompt, within one, in the last of three,
  half in the first prompt and half in the second) and of edit (case, spacing, quotes).
- `near_prompt`: the prompt of another conversation once more, with another answer: in capitals without punctuation,
  with a courtesy before or behind it, or with one word in fifty replaced.
- `wrong_language`: answers of 100 bytes and more in another language than is declared.

`dropped_clean` is the share of conversations without a fault that any rule took. Personal data: each labelled value of
DIR/corpora/noisy.jsonl.zst, in an answer and in a document of the same text, by language and type.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from aurora.corpus.artifact import read_columns
from aurora.corpus.cleaning.identify import SHORTEST, Cld2
from aurora.corpus.contamination.items import ContaminationIndex
from aurora.corpus.contamination.sets import Item
from aurora.corpus.conversation import turns_of
from aurora.corpus.curate import build_corpus
from aurora.corpus.personal.definitions import types
from aurora.recipe.corpus import Corpus
from parallel_documents import LANGUAGES, rows

PLANTED, CLEAN = 200, 1000  # conversations of a language
OTHERS = {"en": "fi", "fi": "en", "hi": "en", "ja": "vi", "vi": "hi"}
COURTESY = {
    "en": ("Please help me with this: ", " Thank you!"),
    "fi": ("Auttaisitko minua tässä: ", " Kiitos!"),
    "hi": ("कृपया इसमें मेरी मदद करें: ", " धन्यवाद!"),
    "ja": ("次のことを教えてください。", "よろしくお願いします。"),
    "vi": ("Hãy giúp tôi việc này: ", " Cảm ơn bạn!"),
}
EDITS: dict[str, Callable[[str], str]] = {
    "none": lambda text: text,
    "case": str.upper,
    "spacing": lambda text: re.sub(r"[ \n]+", "\n  ", text),
    "quotes": lambda text: "“" + text.replace("'", "’").replace('"', "”") + "”",
}
PLACES = ("alone", "within", "in the last of three", "in two prompts")
LABELS = {"ssn": "henkilotunnus"}  # types as the makers of the labelled texts call them
Talk = list[str]
Planted = tuple[str, str, Talk]
"""The fault, its manner, and what user and assistant say in turn."""


def planted_faults(data: Path, folder: Path) -> dict[str, Any]:
    """`found` {FAULT: {LANG: {MANNER: share}}}, and `dropped_clean` {LANG: {RULE: share}}."""
    sets = {path.name.split(".")[0]: str(path.absolute()) for path in sorted((data / "benchmarks").glob("*.jsonl.gz"))}
    paragraphs = {lang: _paragraphs(data, lang) for lang in LANGUAGES}
    found: dict[str, dict[str, dict[str, float]]] = defaultdict(dict)
    clean = {}
    for lang in LANGUAGES:
        draw = random.Random(lang)
        draw.shuffle(paragraphs[lang])
        prompts = iter(paragraphs[lang])  # each is asked once, for clean conversations are no copies
        talks = [("", "", talk) for talk in islice(_talks(prompts, paragraphs[lang], draw), CLEAN)]
        talks += islice(_with_items(paragraphs[lang], _questions(data, lang), draw), PLANTED)
        talks += islice(_asked_again(prompts, paragraphs[lang], lang, draw), 2 * PLANTED)
        talks += islice(_answered_in(prompts, paragraphs[OTHERS[lang]], draw), PLANTED)
        lost = _lost(talks, lang, sets, folder)
        total, hits, taken = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[str]()
        for number, (fault, manner, _) in enumerate(talks):
            total[fault, manner] += 1
            hits[fault, manner] += _RULES.get(fault, lambda rule: False)(lost.get(number, ""))
            if not fault and number in lost:
                taken[lost[number]] += 1
        for (fault, manner), count in sorted(total.items()):
            if fault:
                found[fault].setdefault(lang, {})[manner] = round(hits[fault, manner] / count, 4)
        clean[lang] = {rule: round(count / total["", ""], 4) for rule, count in sorted(taken.items())}
    return {"found": found, "dropped_clean": clean}


_RULES: dict[str, Callable[[str], bool]] = {
    "benchmark": lambda rule: rule.startswith("contamination "),
    "near_prompt": lambda rule: rule.startswith("duplicates "),
    "wrong_language": lambda rule: rule == "language contradicts",
}


def personal_data_in_answers(data: Path, folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    """{LANG: {TYPE: {"text": recall, "answer": recall}}} of the labelled values."""
    labelled = [row for row in rows(data, "noisy") if row.get("kind") == "pii_synthetic"]
    for kind in ("answer", "text"):
        with (folder / f"{kind}.jsonl").open("w", encoding="utf-8") as lines:
            for number, row in enumerate(labelled):
                asked = f"{COURTESY.get(row['lang'], COURTESY['en'])[0]} {number}"
                talk = [asked, row["text"]] if number % 2 else [asked, "1", f"{asked}?", row["text"]]
                lines.write(json.dumps({"lang": row["lang"], "data": talk, "text": row["text"]}) + "\n")
    keys = {"paths": ["answer.jsonl"], "language_key": "lang"}
    sources = {
        "answer": {"kind": "conversations", **keys},
        "text": {"kind": "jsonl", "text_key": "text", **keys, "paths": ["text.jsonl"]},
    }
    table: dict[str, dict[str, dict[str, float]]] = {}
    for kind, source in sources.items():
        curation = {"rules": [], "duplicates": "none", "personal_data": "placeholders"}
        corpus = Corpus.model_validate({"sources": {kind: source}, "curation": curation})
        build_corpus(corpus, folder, folder / "cache", 1, folder / f"personal-{kind}")
        left = dict(_texts(folder / f"personal-{kind}", kind))
        total, hits = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for number, row in enumerate(labelled):
            for start, end, label in row["pii"]:
                name = LABELS.get(label, label)
                if name in types():
                    total[row["lang"], name] += 1
                    hits[row["lang"], name] += row["text"][start:end] not in left[number]
        for (lang, name), count in sorted(total.items()):
            table.setdefault(lang, {}).setdefault(name, {})[kind] = round(hits[lang, name] / count, 4)
    return table


def _texts(corpus: Path, kind: str) -> Iterator[tuple[int, str]]:
    """By line of its source what is left of each document, or of the last answer of each conversation."""
    for part in ("clean", "held_out", "dropped"):
        for text, meta, url in read_columns(corpus, part, ("text", "meta", "url")):
            yield _line(url), turns_of(text, meta)[-1].text if kind == "answer" else text


def _line(url: str) -> int:
    return int(url.rsplit(":", 1)[1]) - 1


def _lost(talks: Sequence[Planted], lang: str, sets: dict[str, str], folder: Path) -> dict[int, str]:
    """By number the step and rule that took each conversation that was taken."""
    lines = (json.dumps({"data": said}, ensure_ascii=False) + "\n" for _, _, said in talks)
    (folder / f"{lang}.jsonl").write_text("".join(lines), encoding="utf-8")
    source = {"kind": "conversations", "paths": [f"{lang}.jsonl"], "language": lang}
    rules = {"rules": ["conversations"], "duplicates": "near", "duplicate_conversations": "prompts", "prefer": "first"}
    corpus = Corpus.model_validate(
        {"sources": {"talks": source}, "curation": {**rules, "contamination": {"sets": sets}}}
    )
    build_corpus(corpus, folder, folder / "cache", 1, folder / lang)
    dropped = read_columns(folder / lang, "dropped", ("url", "step", "rule"))
    return {_line(url): f"{step} {rule}" for url, step, rule in dropped}


def _talks(prompts: Iterator[str], paragraphs: Sequence[str], draw: random.Random) -> Iterator[Talk]:
    for number, prompt in enumerate(prompts):
        yield [prompt, *draw.sample(paragraphs, 5 if number % 2 else 1)]


def _with_items(paragraphs: Sequence[str], questions: Sequence[str], draw: random.Random) -> Iterator[Planted]:
    for number, whole in enumerate(questions):
        place, edit = PLACES[number % len(PLACES)], list(EDITS)[number // len(PLACES) % len(EDITS)]
        question = EDITS[edit](whole)
        said = draw.sample(paragraphs, 6)
        if place == "alone":
            said = [question, said[1]]
        elif place == "within":
            said = [f"{said[0]}\n\n{question} {said[2]}", said[1]]
        elif place == "in two prompts":
            half = question.find(" ", len(question) // 2) + 1 or len(question) // 2
            said[0], said[2] = question[:half], question[half:]
        else:
            said[4] = f"{question}\n{said[4]}"
        yield "benchmark", f"{place}, {edit}", said


def _asked_again(
    prompts: Iterator[str], paragraphs: Sequence[str], lang: str, draw: random.Random
) -> Iterator[Planted]:
    before, behind = COURTESY[lang]
    manners: dict[str, Callable[[str], str]] = {
        "case and punctuation": lambda text: re.sub(r"[.,;:!?।。、]", " ", text).upper(),
        "courtesy before": lambda text: before + text,
        "courtesy behind": lambda text: text + behind,
        "a word in fifty": lambda text: _replaced(text, draw),
    }
    for number, asked in enumerate(prompts):
        manner = list(manners)[number % len(manners)]
        while manner == "a word in fifty" and len(_words(asked)) < 60:  # in less it would be one word in fewer
            asked += f"\n{next(prompts)}"
        yield "", "", [asked, draw.choice(paragraphs)]
        yield "near_prompt", manner, [manners[manner](asked), draw.choice(paragraphs)]


def _words(text: str) -> list[str]:
    """Words, or characters of a text that has hardly a space."""
    return text.split(" ") if text.count(" ") > len(text) / 30 else list(text)


def _replaced(text: str, draw: random.Random) -> str:
    """A text with one word in fifty (character, where there are no spaces) another one."""
    words = _words(text)
    for start in range(25, len(words), 50):
        words[start] = words[draw.randrange(len(words))]
    return (" " if len(words) < len(text) else "").join(words)


def _answered_in(prompts: Iterator[str], others: Sequence[str], draw: random.Random) -> Iterator[Planted]:
    long = [text for text in others if len(text.encode()) >= SHORTEST]
    for prompt in prompts:
        yield "wrong_language", "", [prompt, draw.choice(long)]


def _questions(data: Path, lang: str) -> list[str]:
    """What benchmarks ask in a language, of those questions that are long enough to be looked for."""
    asked = {row["question"] for row in _benchmark_rows(data) if row["lang"] == lang and row.get("question")}
    draw = random.Random(lang)
    some = draw.sample(sorted(asked), min(len(asked), 4 * PLANTED))
    return [question for question in some if _is_looked_for(question)][:PLANTED]


def _benchmark_rows(data: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((data / "benchmarks").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def _is_looked_for(text: str) -> bool:
    return ContaminationIndex([Item("set", "id", (text,))]).find(pa.array([text], pa.large_string())) != [None]


def _paragraphs(data: Path, lang: str) -> list[str]:
    """Paragraphs of 80 to 1,000 characters that end as sentences, of documents in their language."""
    identifier, found = Cld2(), set()
    for row in rows(data, lang):
        if identifier.identify(row["text"][:20_000].encode()).percent(lang) >= 95:
            found.update(line for line in row["text"].split("\n") if 80 <= len(line) <= 1000 and line[-1] in ".!?।。")
    return sorted(found)
