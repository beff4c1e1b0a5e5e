"""The instruction sets of recipes/aurora-m.yaml: read and encoded from folders in hub layout with the keys of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aurora.corpus.artifact import parts, read_documents
from aurora.corpus.conversation import turns_of
from aurora.corpus.curate import build_corpus
from aurora.recipe import load_recipe
from aurora.recipe.sources import ConversationsSource
from aurora.recipe.tokens import TrainedTokenizer
from aurora.tokens.build import build_tokens
from aurora.tokens.store import TokenStore, store_stem
from aurora.tokens.text.companions import write_companions
from aurora.tokens.text.text_facts import FILE
from aurora.tokens.text.tokenizer import train_tokenizer
from corpus.sample_texts import TEXTS

pytest.importorskip("datasets")

ROWS = 12


def told(source: str, number: int) -> tuple[str, str]:
    """A prompt and its answer, in the language of a source and like those of no other."""
    text = TEXTS["hi" if source.endswith("hi") else "vi" if source.endswith("vi") else "en"]
    return f"{text} {source} {number}?", f"{number}: {text}"


def message(number: int, parent: int | None, role: str, text: str, rank: int | None) -> dict[str, Any]:
    tree = number // 10
    parent_id = None if parent is None else f"m{parent}"
    ids = {"message_id": f"m{number}", "parent_id": parent_id, "message_tree_id": f"t{tree}"}
    return {**ids, "role": role, "text": text, "rank": rank, "lang": "en", "deleted": False, "review_result": True}


def rows_of(source: str) -> list[dict[str, Any]]:
    """Rows with the keys that a set is published with."""
    rows: list[dict[str, Any]] = []
    for number in range(ROWS):
        prompt, answer = told(source, number)
        turns = [{"content": prompt, "role": "user"}, {"content": answer, "role": "assistant"}]
        row: dict[str, Any] = {
            "ultrachat": {"prompt": prompt, "prompt_id": f"{number:x}", "messages": turns},
            "helpsteer": {"prompt": prompt, "response": answer, "helpfulness": 4, "correctness": 4, "verbosity": 2},
            "tulu": {"dataset": "sharegpt", "id": f"s_{number}", "messages": turns},
            "natural": {
                "task_name": "task1_x",
                "id": f"task1-{number:x}",
                "definition": "Answer the question.",
                "inputs": prompt,
                "targets": answer,
            },
            "math": {"type": "GSM_Rephrased", "query": prompt, "original_question": prompt, "response": answer},
        }.get(source.split("-")[0], {"inputs": prompt, "targets": answer})
        if source == "oasst":
            first = 10 * number
            rows += [
                message(first, None, "prompter", prompt, None),
                message(first + 1, first, "assistant", "A worse one.", 1),
                message(first + 2, first, "assistant", answer, 0),
            ]
        else:
            rows.append(row)
    return rows


def lay_out(base: Path, name: str, source: ConversationsSource) -> None:
    assert source.dataset is not None
    folder = base / source.dataset
    path = f"{source.configuration or 'data'}/{source.split}.jsonl"
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text("".join(json.dumps(row) + "\n" for row in rows_of(name)), encoding="utf-8")
    found = sorted(folder.glob("*/*.jsonl"))
    configurations = "".join(
        f"- config_name: {file.parent.name}\n  data_files:\n"
        f"  - split: {file.stem}\n    path: {file.parent.name}/{file.name}\n"
        for file in found
    )
    (folder / "README.md").write_text(f"---\nconfigs:\n{configurations}---\n")


# `datasets` leaves the files that it streams to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_every_set_is_read_as_conversations_and_encoded(root: Path, tmp_path: Path) -> None:
    recipe = load_recipe(root / "recipes/aurora-m.yaml").recipe
    sources = {
        name: source for name, source in recipe.corpus.sources.items() if isinstance(source, ConversationsSource)
    }
    assert len(sources) == 9
    for name, source in sources.items():
        lay_out(tmp_path, name, source)
    # In this process: how much text a hub has is not known before, so others would be started for a few rows.
    here = recipe.corpus.execution.model_copy(update={"workers": 1})
    corpus = recipe.corpus.model_copy(update={"sources": sources, "execution": here})
    ledger = build_corpus(corpus, tmp_path, tmp_path / "cache", 1, tmp_path / "corpus")
    assert ledger["documents"]["in"] == ledger["documents"]["kept"] == ROWS * len(sources)
    for name in sources:
        documents = [it for part in ("clean", "held_out") for it in read_documents(tmp_path / "corpus", part, name)]
        said = {tuple(turn.text for turn in turns_of(it.text, it.meta)[-2:]) for it in documents}
        assert said == {told(name, number) for number in range(ROWS)}
    folder = tmp_path / "tokenizer"
    folder.mkdir()
    train_tokenizer(TEXTS.values(), TrainedTokenizer(vocabulary=400)).save(str(folder / FILE))
    write_companions(None, folder, "aurora", pairs=True)
    sides = build_tokens(recipe.tokens, tmp_path, tmp_path / "corpus", None, folder, tmp_path / "stores")
    assert set(sides) == {f"{source}/{language}" for source, language, _, _ in parts(tmp_path / "corpus")}
    stages = [stage.mixture for stage in recipe.stages.values()]
    for name in sides:
        assert TokenStore.open(store_stem(tmp_path / "stores", name)).mask is None  # all of it is learnt
        assert all(name in mixture for mixture in stages)
