from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.document import Document, Quarantined
from aurora.corpus.plan import Plan, load_plan, make_plan, shards_of
from aurora.corpus.sources import provenance, read_source
from aurora.languages import lookup
from aurora.recipe.corpus import Corpus
from aurora.recipe.sources import JsonlSource, TextSource

LINES = st.lists(st.sampled_from(["", "{broken", "[]", *(json.dumps({"text": "ä" * size}) for size in (1, 40, 300))]))


def plan_of(folder: Path, corpus: Corpus) -> Plan:
    origins = {name: provenance(name, source, folder, folder) for name, source in corpus.sources.items()}
    return make_plan(corpus, folder, folder / "cache", folder / "out", folder / "work", origins)


@given(LINES, st.integers(10, 700), st.booleans())
def test_the_stretches_of_a_file_hold_its_lines(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], size: int, ended: bool
) -> None:
    folder = tmp_path_factory.mktemp("plan")
    (folder / "web.jsonl").write_text("\n".join(lines) + "\n" * ended, encoding="utf-8")
    corpus = Corpus.model_validate(
        {"sources": {"web": {"kind": "jsonl", "paths": ["*.jsonl"]}}, "shard_megabytes": size / 1e6}
    )
    plan = plan_of(folder, corpus)
    found: list[Document | Quarantined] = []
    for shard in plan.shards:
        found += plan.read(shard)
    assert found == list(read_source("web", corpus.sources["web"], folder, folder))
    assert [shard.name for shard in plan.shards] == (
        ["web"] if len(plan.shards) == 1 else [f"web.{number:05d}" for number in range(len(plan.shards))]
    )


def test_small_files_share_a_shard_and_large_ones_are_cut(tmp_path: Path) -> None:
    for name, lines in (("a", 1), ("b", 1), ("c", 50), ("d", 1)):
        (tmp_path / f"{name}.jsonl").write_text('{"text": "1234567"}\n' * lines)  # 20 bytes a line
    source = JsonlSource.model_validate({"kind": "jsonl", "paths": ["*.jsonl"]})
    shards = shards_of("web", source, tmp_path, 400)
    assert [(shard.places, shard.start, shard.end, shard.first_line, shard.size) for shard in shards] == [
        (("a.jsonl", "b.jsonl"), 0, None, 1, 40),
        (("c.jsonl",), 0, 400, 1, 400),
        (("c.jsonl",), 400, 800, 21, 400),
        (("c.jsonl",), 800, 1000, 41, 200),
        (("d.jsonl",), 0, None, 1, 20),
    ]


def test_files_of_conversations_are_cut_where_no_conversation_has_several_rows(tmp_path: Path) -> None:
    talk = {"prompt": "Why?", "response": "So."}
    tree = [{"message_id": "a", "parent_id": None, "role": "prompter", "text": "Why?"}]
    tree += [{"message_id": "b", "parent_id": "a", "role": "assistant", "text": "So."}]
    files = {
        "talks": "".join(json.dumps(talk | {"id": number}) + "\n" for number in range(30)),
        "trees": "".join(json.dumps(row | {"message_tree_id": "t"}) + "\n" for row in tree) * 10,
        "array": json.dumps([talk] * 30),
        "broken": "{\n" * 300,
    }
    for name, text in files.items():
        (tmp_path / f"{name}.jsonl").write_text(text)
        given = {"kind": "conversations", "paths": [f"{name}.jsonl"]}
        corpus = Corpus.model_validate({"sources": {"talks": given}, "shard_megabytes": 3e-4})
        plan = plan_of(tmp_path, corpus)
        assert (len(plan.shards) > 1) == (name == "talks")
        found = [document for shard in plan.shards for document in plan.read(shard)]
        assert found == list(read_source("talks", corpus.sources["talks"], tmp_path, tmp_path))
    said = given | {"paths": ["talks.jsonl"], "layout": "columns"}
    assert len(plan_of(tmp_path, Corpus.model_validate({"sources": {"a": said}, "shard_megabytes": 3e-4})).shards) > 1


def test_what_cannot_be_cut_is_one_shard(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("word " * 100)
    text = TextSource.model_validate({"kind": "text", "paths": ["*.txt"]})
    assert [shard.places for shard in shards_of("books", text, tmp_path, 10)] == [("a.txt",), ("b.txt",)]
    limited = text.model_copy(update={"limit_megabytes": 1.0})
    assert [(shard.name, shard.places) for shard in shards_of("books", limited, tmp_path, 10)] == [("books", ())]


def test_a_saved_plan_is_the_same_plan(tmp_path: Path) -> None:
    (tmp_path / "web.jsonl").write_text('{"text": "1234567"}\n' * 9)
    corpus = Corpus.model_validate(
        {"sources": {"web": {"kind": "jsonl", "paths": ["web.jsonl"]}}, "shard_megabytes": 5e-5}
    )
    plan = plan_of(tmp_path, corpus)
    assert load_plan(plan.save()) == plan


def test_whoever_reads_a_plan_knows_its_languages(tmp_path: Path) -> None:
    """A worker is another process: it knows no recipe."""
    (tmp_path / "web.jsonl").write_text('{"text": "1234567"}\n')
    (tmp_path / "fo.yaml").write_text("language: fo\nname: Faroese\nown_name: føroyskt\n", encoding="utf-8")
    corpus = Corpus.model_validate({"sources": {"web": {"kind": "jsonl", "paths": ["web.jsonl"]}}})
    lookup.use([tmp_path / "fo.yaml"])
    try:
        path = plan_of(tmp_path, corpus).save()
        lookup.use([])
        load_plan(path)
        assert lookup.language_name("fo") == "Faroese"
    finally:
        lookup.use([])


def test_a_changed_file_changes_the_identity_of_its_shards_alone(tmp_path: Path) -> None:
    source = {"kind": "jsonl", "paths": ["*.jsonl"]}
    corpus = Corpus.model_validate({"sources": {"web": source}, "shard_megabytes": 3e-5})
    for name in "abc":
        (tmp_path / f"{name}.jsonl").write_text('{"text": "1234567"}\n')
    before = plan_of(tmp_path, corpus).identities
    (tmp_path / "b.jsonl").write_text('{"text": "7654321"}\n')
    after = plan_of(tmp_path, corpus).identities
    assert [name for name in before if before[name] != after[name]] == ["web.00001"]
