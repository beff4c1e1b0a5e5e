"""The plan of curation as a whole: shards, resuming, moved thresholds, workers and clusters."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from aurora.cli import main
from aurora.corpus import curate
from aurora.corpus.artifact import read_texts
from aurora.corpus.curate import build_corpus
from aurora.corpus.phases import prepare
from aurora.corpus.phases.workers import WORTHWHILE
from aurora.errors import UserError
from aurora.recipe.corpus import Corpus
from corpus.sample_texts import CODE_TEXT, TEXTS

LANGUAGES = (*TEXTS, "code")


def write_sources(folder: Path, documents: int) -> dict[str, Any]:
    """A cut file of many lines, some of them broken or repeated, and a few small files; the corpus table of both."""
    chance = random.Random(7)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "web.jsonl").open("w", encoding="utf-8") as stream:
        for number in range(documents):
            language = chance.choice(LANGUAGES)
            text = CODE_TEXT if language == "code" else TEXTS[language]
            row = {"lang": language, "text": f"{text}\n{chance.randrange(documents)}"}
            stream.write("{broken\n" if number % 50 == 0 else json.dumps(row, ensure_ascii=number % 2 == 0) + "\n")
    for name in ("a", "b", "c"):
        (folder / f"{name}.txt").write_text(f"{TEXTS['en']} ({name})\n\n{TEXTS['fi']} ({name})\n\nshort\n")
    return {
        "sources": {
            "web": {"kind": "jsonl", "paths": ["web.jsonl"], "language_key": "lang"},
            "books": {"kind": "text", "paths": ["*.txt"], "document": "paragraph"},
        },
        "shard_megabytes": 0.02,
    }


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def build(folder: Path, table: dict[str, Any], name: str = "out", **keys: Any) -> dict[str, Any]:
    corpus = Corpus.model_validate({**table, **keys})
    return build_corpus(corpus, folder, folder / "cache", 1, folder / name, folder / f"{name}.work")


def test_how_sources_are_cut_changes_no_document(tmp_path: Path) -> None:
    table = write_sources(tmp_path, 300)
    many = build(tmp_path, table)
    assert len(list((tmp_path / "out" / "clean").glob("web.*.parquet"))) > 3
    one = build(tmp_path, table, "one", shard_megabytes=64)
    assert [path.name for path in sorted((tmp_path / "one" / "clean").iterdir())] == ["books.parquet", "web.parquet"]
    assert many == one


def test_a_finished_shard_is_neither_read_nor_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = write_sources(tmp_path, 200)
    ledger = build(tmp_path, table)
    first = contents(tmp_path / "out")
    done: list[str] = []
    run = curate.run_task
    monkeypatch.setattr(curate, "run_task", lambda task, tick: (done.append(task["shard"]), run(task, tick))[1])
    assert build(tmp_path, table) == ledger
    assert done == []
    # A file more costs its own shard; a part that is gone is written again.
    (tmp_path / "d.txt").write_text(f"{TEXTS['en']} (d)\n" * 300)
    build(tmp_path, table)
    assert {name.partition(".")[0] for name in done} == {"books"}
    (tmp_path / "d.txt").unlink()
    next((tmp_path / "out" / "clean").glob("web.*")).unlink()
    assert build(tmp_path, table) == ledger
    assert contents(tmp_path / "out") == first


def test_a_moved_threshold_touches_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = write_sources(tmp_path, 200)
    moved = {"thresholds": {"fi": {"min_characters": 5000}}, "held_out_share": 0.3}
    expected = build(tmp_path, table, "anew", curation=moved)
    assert expected["bytes_kept"]["fi"] == 0
    build(tmp_path, table)

    def no_reading(*_: object) -> None:
        raise AssertionError("a text was read again")

    monkeypatch.setattr(curate, "prepare", no_reading)
    assert build(tmp_path, table, curation=moved) == expected
    assert contents(tmp_path / "out") == contents(tmp_path / "anew")


@pytest.mark.parametrize("place", ["out.work/texts", "out.work/statistics", "out.work/judged", "out/clean"])
def test_a_flipped_bit_in_what_a_phase_left_has_its_shard_made_again(tmp_path: Path, place: str) -> None:
    """Of equal size: without its hash it would be read by the next phase, or stand for what was written."""
    table = write_sources(tmp_path, 100)
    moved = {"held_out_share": 0.3}
    build(tmp_path, table, "anew", curation=moved)
    build(tmp_path, table, curation=moved if place == "out/clean" else {})
    path = next((tmp_path / place).glob("web.*.parquet"))
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)
    build(tmp_path, table, curation=moved)
    assert contents(tmp_path / "out") == contents(tmp_path / "anew")


def test_asking_for_near_duplicates_reads_no_source_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = write_sources(tmp_path, 200)
    near = {"duplicates": "near"}
    expected = build(tmp_path, table, "anew", curation=near)
    build(tmp_path, table)

    def no_reading(*_: object) -> None:
        raise AssertionError("a source was read again")

    monkeypatch.setattr(curate, "prepare", no_reading)
    assert build(tmp_path, table, curation=near) == expected
    assert contents(tmp_path / "out") == contents(tmp_path / "anew")


def test_a_threshold_that_no_rule_has_is_refused(tmp_path: Path) -> None:
    table = write_sources(tmp_path, 1)
    with pytest.raises(UserError, match=r"curation\.thresholds\.fi: no rule has a threshold max_lines; choose from"):
        build(tmp_path, table, curation={"thresholds": {"fi": {"max_lines": 5}}})


def test_work_files_go_where_they_are_not_kept(tmp_path: Path) -> None:
    build(tmp_path, write_sources(tmp_path, 20), execution={"keep_work": False})
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["out"]


def test_a_document_too_large_is_quarantined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "LARGEST_DOCUMENT", 1000)
    table = write_sources(tmp_path, 20)
    (tmp_path / "a.txt").write_text(TEXTS["en"] * 10)
    ledger = build(tmp_path, table)
    assert ledger["by_source"]["books"]["und"]["quarantined"] == 1
    (line,) = (line for path in (tmp_path / "out/quarantined").glob("books*") for line in path.read_text().splitlines())
    assert "larger than" in json.loads(line)["error"]


def test_what_was_changed_is_counted(tmp_path: Path) -> None:
    table = write_sources(tmp_path, 20)
    (tmp_path / "a.txt").write_text(TEXTS["en"] + " \u200b twice \n\n" + TEXTS["en"] + " plain")
    assert build(tmp_path, table)["changes"] == {"normalised": {"en": 1}}


RECIPE = """\
name: kill
corpus: {corpus}
tokens:
  train: {{vocabulary: 420}}
model:
  architecture: {{layers: 1, width: 16, heads: 2, positions: 64}}
stages:
  base:
    start: model
    tokens: 512
    batch_tokens: 512
    sequence_length: 64
    mixture: {{web/en: 1}}
    schedule: {{peak: 1e-3, end: 1e-4, warmup: 0.1}}
"""


# All that a plan can do to a text.
EVERYTHING = {
    "rules": ["basic", "web", "gopher-repetition"],
    "thresholds": {lang: {"gopher_max_top_2_gram": 1, "gopher_max_top_3_gram": 1} for lang in TEXTS},
    "personal_data": "fakes",
    "duplicates": "near",
    "near_similarity": 0.99,
    "boilerplate_lines": "drop",
    "repeated_passages": "drop",
    "other_language_paragraphs": "drop",
}


def command(folder: Path, output: Path, *keys: str) -> list[str]:
    recipe = folder / "kill.yaml"
    return [sys.executable, "-m", "aurora", "corpus", "build", str(recipe), *keys, "--output", str(output)]


def write_recipe(folder: Path, documents: int, shard_megabytes: float = 0.5) -> None:
    table = write_sources(folder, documents)
    table["shard_megabytes"] = shard_megabytes
    table["curation"] = EVERYTHING
    (folder / "kill.yaml").write_text(RECIPE.format(corpus=json.dumps(table)), encoding="utf-8")


def corpus_of(output: Path) -> dict[str, bytes]:
    found = contents(output / "corpus")
    del found["manifest.json"]  # holds wall times
    return found


def test_a_build_waits_for_workers_that_a_killed_one_left(tmp_path: Path) -> None:
    """A worker outlives its build, and first removes the parts of the shard that it is to write."""
    table = write_sources(tmp_path, 100)
    build(tmp_path, table)
    first = contents(tmp_path / "out")
    mark = next((tmp_path / "out.work" / "written").glob("web.*.done.json"))
    task = {"plan": str(tmp_path / "out.work" / "plan.json"), "phase": "written", "shard": mark.name[:-10]}
    task["fingerprint"] = json.loads(mark.read_text())["fingerprint"]
    halfway, go_on = threading.Event(), threading.Event()

    def stopped(size: int) -> None:  # called when parts were removed and a batch is written
        halfway.set()
        go_on.wait(60)

    worker = threading.Thread(target=curate.run_task, args=(task, stopped))
    worker.start()
    assert halfway.wait(60)
    again = threading.Thread(target=build, args=(tmp_path, table))
    again.start()
    again.join(0.3)
    assert again.is_alive()
    go_on.set()
    again.join(60)
    worker.join(60)
    assert contents(tmp_path / "out") == first


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_kill_9_at_random_points_changes_nothing(tmp_path: Path) -> None:
    write_recipe(tmp_path, 12_000)
    assert (tmp_path / "web.jsonl").stat().st_size > WORTHWHILE
    for name in ("first", "undisturbed"):  # the first may compile kernels, and takes longer than those to be killed
        begin = time.monotonic()
        subprocess.run(command(tmp_path, tmp_path / name), check=True, capture_output=True)
        duration = time.monotonic() - begin
    chance = random.Random()
    killed = 0
    for _ in range(6):
        process = subprocess.Popen(
            command(tmp_path, tmp_path / "killed"), start_new_session=True, stderr=subprocess.DEVNULL
        )
        try:
            process.wait(chance.uniform(0.15, 0.8) * duration)
        except subprocess.TimeoutExpired:
            if chance.random() < 0.5:
                os.killpg(process.pid, signal.SIGKILL)  # the workers with it
            else:
                process.kill()  # the workers end what they have in hand
            process.wait()
            killed += 1
    assert killed
    subprocess.run(command(tmp_path, tmp_path / "killed"), check=True, capture_output=True)
    assert corpus_of(tmp_path / "killed") == corpus_of(tmp_path / "undisturbed")


# A build to which processes are worthwhile for any size, and which says that it started them.
EAGER = """\
from aurora.cli import main
from aurora.corpus.phases import workers

def said(*arguments):
    print("processes", flush=True)
    return started(*arguments)

started, workers._daft, workers.WORTHWHILE = workers._daft, said, 0
main()
"""


@pytest.mark.slow  # 12 seconds, most of them for processes to start
def test_processes_and_one_process_write_the_same(tmp_path: Path) -> None:
    write_recipe(tmp_path, 1500, shard_megabytes=0.1)
    main([*command(tmp_path, tmp_path / "one", "corpus.execution.workers=1")[3:]])
    (tmp_path / "eager.py").write_text(EAGER)
    arguments = command(tmp_path, tmp_path / "two", "corpus.execution.workers=2")[3:]
    eager = [sys.executable, str(tmp_path / "eager.py"), *arguments]
    done = subprocess.run(eager, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "processes" in done.stdout
    assert corpus_of(tmp_path / "one") == corpus_of(tmp_path / "two")


@pytest.mark.distributed
@pytest.mark.timeout(300)
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed (extra `cluster`)")
def test_ray_writes_the_same(tmp_path: Path) -> None:
    write_recipe(tmp_path, 12_000)
    assert (tmp_path / "web.jsonl").stat().st_size > WORTHWHILE
    for name, runner in (("here", "local"), ("there", "ray")):
        keys = [f"corpus.execution.runner={runner}", "corpus.execution.workers=2"]
        done = subprocess.run(command(tmp_path, tmp_path / name, *keys), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert corpus_of(tmp_path / "here") == corpus_of(tmp_path / "there")


def test_personal_data_is_masked_and_counted(tmp_path: Path) -> None:
    kept = f"{TEXTS['en']} Write to jane.doe@mail.example.org."
    (tmp_path / "web.jsonl").write_text(json.dumps({"lang": "en", "text": kept}) + "\n")
    table = {"sources": {"web": {"kind": "jsonl", "paths": ["web.jsonl"], "language_key": "lang"}}}
    ledgers = {
        how: build(tmp_path, table, how, curation={"personal_data": how}) for how in ("keep", "placeholders", "fakes")
    }
    written = {how: "".join(read_texts(tmp_path / how, "clean")) for how in ledgers}
    written = {how: text or "".join(read_texts(tmp_path / how, "held_out")) for how, text in written.items()}
    assert written["keep"] == kept
    assert written["placeholders"] == kept.replace("jane.doe@mail.example.org", "<EMAIL>")
    assert "jane.doe" not in written["fakes"]
    assert "@example.com" in written["fakes"]
    found = [ledger["changes"].get("personal data: email") for ledger in ledgers.values()]
    assert found == [None, {"en": 1}, {"en": 1}]
