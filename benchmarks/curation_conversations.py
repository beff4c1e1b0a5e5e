"""Conversations in curation: what it takes from real ones that are whole, and what of planted faults it finds.

    python benchmarks/curation_conversations.py --data DIR [--show N]

Reads the prompts with answers below DIR/safety (rows with `text` or `prompt`, and `response` or `completion`) whose
answers were not ended by a limit of length: by people, or by models that were let to finish.

- `dropped`: the share of each set that the whole plan drops, by rule: rules of conversations, declared languages, near
  duplicates of whole conversations, items of DIR/benchmarks. That an answer speaks as a model, a set may well have.
- `cut_found`: the share of the same answers, cut between two letters anywhere in their second half, that are found cut.
- `wrong_language_found`: the share of the answers of 100 bytes and more that are found where another language is
  declared; shorter ones contradict none (see `aurora.corpus.cleaning.identify`).

- `prepared_mb_per_second`: bytes of all these conversations by CPU seconds of one process, read, normalised, masked,
  identified, measured and signed.
- `planted`, `personal_data`: see planted_conversations.py.

With --show the last words of so many answers that each rule took are printed, to be judged by a reader.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from aurora.corpus.artifact import read_columns
from aurora.corpus.cleaning.identify import SHORTEST, Cld2, identify_batch
from aurora.corpus.conversation import turns_of
from aurora.corpus.curate import build_corpus
from aurora.corpus.phases.prepare import prepare
from aurora.corpus.plan import make_plan
from aurora.corpus.rules.answers import is_cut
from aurora.corpus.sources import provenance
from aurora.recipe.corpus import Corpus
from inputs import add_data, data_of
from parallel_documents import rows
from planted_conversations import personal_data_in_answers, planted_faults

SETS = {
    "benign_fi_lima/fi": "fi",
    "benign_vi_alpaca/vi": "vi",
    **{f"do_not_answer/human_{model}": "en" for model in ("ChatGLM2", "ChatGPT", "Claude", "GPT4", "vicuna-7b")},
}
OTHER = {"fi": "vi", "vi": "en", "en": "fi"}
Talks = list[tuple[str, str]]


def measure(data: Path, show: int) -> dict[str, Any]:
    """The keys of the module's docstring."""
    found: dict[str, Any] = {"conversations": {}, "dropped": {}, "cut_found": {}, "wrong_language_found": {}}
    with tempfile.TemporaryDirectory() as name:
        found["prepared_mb_per_second"] = rate(data, Path(name))
        found["planted"] = planted_faults(data, Path(name))
        found["personal_data"] = personal_data_in_answers(data, Path(name))
    for name, lang in SETS.items():
        talks = talks_of(data, name, lang)
        lost, excerpts = curated(talks, lang, data)
        found["conversations"][name] = len(talks)
        found["dropped"][name] = {rule: round(count / len(talks), 4) for rule, count in sorted(lost.items())}
        cut = list(cut_answers(talks, lang))
        found["cut_found"][name] = round(sum(is_cut(answer, lang) for answer in cut) / max(1, len(cut)), 4)
        long = [talk for talk in talks if len(talk[1].encode()) >= SHORTEST]
        said = pa.array([answer for _, answer in long], pa.large_string())
        losses = identify_batch(said, [OTHER[lang]] * len(long), Cld2()).losses
        found["wrong_language_found"][name] = round(sum(loss is not None for loss in losses) / len(long), 4)
        for rule, ends in excerpts.items():
            for end in ends[:show]:
                print(f"{name} {rule}: {end!r}")
    return found


def rate(data: Path, folder: Path) -> float:
    """MB a second of preparing all sets, the second time, when what is compiled has been."""
    for name, lang in SETS.items():
        write_talks(talks_of(data, name, lang), folder / f"{lang}.{name.replace('/', '.')}.jsonl")
    sources = {
        lang: {"kind": "conversations", "paths": [f"{lang}.*.jsonl"], "language": lang} for lang in set(SETS.values())
    }
    corpus = Corpus.model_validate(
        {"sources": sources, "curation": {"personal_data": "placeholders", "duplicates": "near"}}
    )
    (folder / "out" / "other_domain").mkdir(parents=True)
    (folder / "work").mkdir()
    origins = {name: provenance(name, source, folder, folder) for name, source in corpus.sources.items()}
    plan = make_plan(corpus, folder, folder, folder / "out", folder / "work", origins)
    rates = []
    for _ in range(2):
        start = time.process_time()
        size = sum(prepare(plan, shard, lambda size: None)["bytes"] for shard in plan.shards)
        rates.append(size / 1e6 / (time.process_time() - start))
    return round(rates[-1], 1)


def write_talks(talks: Talks, path: Path) -> None:
    """A file of conversations in the layout `columns`."""
    with path.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps({"prompt": asked, "response": said}) + "\n" for asked, said in talks)


def curated(talks: Talks, lang: str, data: Path) -> tuple[Counter[str], dict[str, list[str]]]:
    """How many conversations each rule of the whole plan dropped, and how their answers end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_talks(talks, folder / "talks.jsonl")
        sets = {
            path.name.split(".")[0]: str(path.absolute()) for path in sorted((data / "benchmarks").glob("*.jsonl.gz"))
        }
        source = {"kind": "conversations", "paths": ["talks.jsonl"], "language": lang}
        rules = {"rules": ["conversations"], "duplicates": "near", "contamination": {"sets": sets}}
        corpus = Corpus.model_validate({"sources": {"talks": source}, "curation": rules})
        ledger = build_corpus(corpus, folder, folder / "cache", 1, folder / "out")
        excerpts: dict[str, list[str]] = {}
        for rule, text, meta in read_columns(folder / "out", "dropped", ("rule", "text", "meta")):
            excerpts.setdefault(rule, []).append(turns_of(text, meta)[-1].text[-120:])
        lost: Counter[str] = Counter()
        for loss in ledger["losses"]:
            lost[loss["rule"]] += loss["documents"]
        return lost, excerpts


def cut_answers(talks: Talks, lang: str) -> Iterator[str]:
    """Whole answers, each cut between two letters at a place that is drawn."""
    draw = random.Random(1)
    for _, answer in talks:
        if len(answer) < 200 or is_cut(answer, lang):
            continue
        place = draw.randint(len(answer) // 2, len(answer) - 1)
        if answer[place - 1].isalnum() and answer[place].isalnum():
            yield answer[:place]


def talks_of(data: Path, name: str, lang: str) -> Talks:
    """A set's prompts with answers; with made-up data parts of its documents."""
    path = data / "safety" / f"{name}.jsonl.gz"
    if not path.exists():
        texts = (str(row["text"]).split("\n") for row in rows(data, lang))
        return [(lines[0], "\n".join(lines[1:])) for lines in texts]
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        read = map(json.loads, stream)
        return [(it.get("text") or it["prompt"], it.get("response") or it.get("completion") or "") for it in read]


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    parser.add_argument("--show", type=int, default=0, help="print so many ends of answers that each rule took")
    given = parser.parse_args()
    with data_of(given) as data:
        print(json.dumps(measure(data, given.show), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
