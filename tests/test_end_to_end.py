"""The whole main job on made-up text: every step, skipped when done, rerun only where something changed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
import yaml
from transformers import AutoModelForCausalLM, AutoTokenizer

from aurora.api.policies import compare_policies
from aurora.cli import main
from aurora.errors import AuroraError
from aurora.evaluation import measurements
from aurora.evaluation.measurements import refusal_monitor
from aurora.model.folder import load_model
from aurora.model.generation import generate
from aurora.model.network import Network
from aurora.pipeline.running import run_recipe
from aurora.recipe import load_recipe
from aurora.redteam.judge import Judge
from aurora.redteam.judging.named import worth_of
from aurora.run.folder import HASHES, LOCK
from aurora.run.verify import verify
from aurora.tokens.text.formats import Format
from aurora.tokens.text.text_facts import FILE, GENERATION, SETTINGS, TEMPLATE, read_text
from small_run import write_small_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small recipe, run once."""
    folder = tmp_path_factory.mktemp("project")
    recipe = write_small_project(folder)
    outcome = run_recipe(load_recipe(recipe), folder / "run")
    assert len(outcome["ran"]) == 17
    return folder


@pytest.fixture
def report(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project / "run/report.json").read_text(encoding="utf-8"))
    return found


def test_the_report_has_what_others_rely_on(report: dict[str, Any]) -> None:
    documents = report["corpus"]["documents"]
    assert documents["in"] == documents["kept"] + documents["dropped"] + documents["quarantined"] == 320
    assert [stage["name"] for stage in report["stages"]] == ["base", "cap", "cat", "safety"]
    assert [stage["tokens"] for stage in report["stages"]] == [8192, 16384, 4096, 4096]
    for stage in report["stages"]:
        assert set(stage["bits_per_byte"]) == {"en", "fi", "hi", "code"}
        assert set(stage["bits_per_byte_other_domain"]) == {"en", "fi", "hi"}
    assert report["control"]["name"] == "without-replay"
    assert report["safety"]["after"]["harmful_prompts"] == 4
    judges = [report["safety"][when]["judge"] for when in ("before", "after")]
    assert judges == [json.loads(json.dumps(worth_of(Judge()).table()))] * 2
    assert set(report["bigram_bits_per_byte_other_domain"]) == {"en", "fi", "hi"}


def test_the_new_languages_are_learnt(report: dict[str, Any]) -> None:
    base, cat = report["stages"][0]["bits_per_byte"], report["stages"][2]["bits_per_byte"]
    assert cat["fi"] < 0.9 * base["fi"]
    assert cat["hi"] < 0.9 * base["hi"]


def test_tokens_with_a_loss_are_the_same_to_the_token_everywhere(
    project: Path, report: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """In the report, in what inspects a run, in the records of training and in the state it ended in."""
    facts = shown(capsys, "tokens", "inspect", project / "run")["stages"]
    for stage in report["stages"]:
        sources = facts[stage["name"]]["sources"]
        assert stage["loss_tokens"] == {name: part["loss_tokens"] for name, part in sources.items()}
        assert stage["tokens_read"] == {name: part["tokens"] for name, part in sources.items()}
        assert stage["token_shares"] == {name: part["share"] for name, part in sources.items()}
        folder = project / "run/checkpoints" / stage["name"]
        records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        counted = json.loads((folder / "state.json").read_text())["loss_tokens"]
        assert sum(stage["loss_tokens"].values()) == sum(record["loss_tokens"] for record in records) == counted
        assert sum(stage["tokens_read"].values()) + stage["padding"] == stage["tokens"]
    shares = report["stages"][-1]["token_shares"]
    assert shares["redteam/pairs"] == pytest.approx(2 / 3, abs=0.06)  # 32 sequences


def test_run_again_it_does_nothing_and_says_so(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def times() -> dict[Path, int]:
        """Of all files but the memory of hashes, which learns which files have settled, and the lock, which names the
        process that holds it."""
        files = [path for path in (project / "run").rglob("*") if path.is_file() and path.name not in (HASHES, LOCK)]
        return {path: path.stat().st_mtime_ns for path in files}

    before = times()
    outcome = run_recipe(load_recipe(project / "small.yaml"), project / "run")
    assert outcome["ran"] == []
    assert "Nothing to do" in capsys.readouterr().err
    assert times() == before


def test_a_changed_setting_reruns_only_what_depends_on_it(project: Path) -> None:
    loaded = load_recipe(project / "small.yaml", ["stages.safety.schedule.peak=5e-4"])
    assert run_recipe(loaded, project / "run")["ran"] == ["train:safety", "evaluate:safety", "safety:safety"]
    ran = run_recipe(load_recipe(project / "small.yaml"), project / "run")["ran"]
    assert ran == ["train:safety", "evaluate:safety", "safety:safety"]


def test_every_file_is_as_it_was_written(project: Path) -> None:
    assert verify(project / "run").endswith("nothing has changed.")


def test_an_exported_checkpoint_speaks_the_same_in_transformers(project: Path) -> None:
    target = project / "exported"
    main(["export", str(project / "run"), "--stage", "cat", str(target)])
    theirs = AutoModelForCausalLM.from_pretrained(target, dtype=torch.float32)
    their_tokenizer = AutoTokenizer.from_pretrained(target)
    model, text = load_model(project / "run/checkpoints/cat")
    prompt = "the river under old bridge"
    ids = text.encode(prompt)
    assert their_tokenizer(prompt)["input_ids"] == ids
    asked = [{"role": "user", "content": prompt}]
    served = their_tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_dict=False)
    assert served == Format(text).prompt(prompt)
    output = theirs.generate(torch.tensor([ids]), max_new_tokens=12, do_sample=False, pad_token_id=0)
    assert text.tokenizer.decode(generate(model, [ids], 12, stops=text.stops)[0]) == their_tokenizer.decode(
        output[0, len(ids) :], skip_special_tokens=True
    )


def test_chat_answers_a_line_from_a_pipe(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "aurora", "chat", project / "run", "--tokens", "5"],
        input="the river\n", capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.count("\n") == 1
    assert "safety" in done.stderr


EXTENDED = """\
name: extended
seed: 3
corpus:
  sources:
    web: {kind: jsonl, paths: [web.jsonl], language_key: lang, license: CC0-1.0}
    programs: {kind: jsonl, paths: [code.jsonl], language: code, license: CC0-1.0}
  cache: cache
tokens:
  path: published
  extend: {entries: 50, languages: [fi, hi]}
  infilling: {programs/code: {rate: 0.5}}
  format: "Q:{prompt}\\nA:"
model:
  path: published
redteam:
  policy: POLICY
  languages: [en, fi]
stages:
  cap:
    start: model
    tokens: 4096
    batch_tokens: 512
    sequence_length: 64
    mixture: {web/en: 1, programs/code: 1}
    changes:
    - {from_tokens: 1024, mixture: {programs/code: 1, web/fi: 1, web/hi: 1}}
    document_masks: true
    position_resets: true
    schedule: {peak: 2e-3}
  safety:
    start: cap
    tokens: 1024
    batch_tokens: 512
    sequence_length: 64
    mixture: {redteam/pairs: 1}
    packing: best-fit
    document_masks: true
    position_resets: true
    schedule: {peak: 1e-3}
evaluation: {held_out_kilobytes: 2, sample_tokens: 4, safety_prompts: 1, answer_tokens: 4}
execution: {threads: 1}
"""


@pytest.fixture(scope="module")
def extended(project: Path) -> Path:
    """The small run's last model, exported and continued with new entries and every option of the token layer."""
    main(["export", str(project / "run"), str(project / "published")])
    policy = next(line for line in (project / "small.yaml").read_text().splitlines() if "policy:" in line)
    recipe = project / "extended.yaml"
    recipe.write_text(EXTENDED.replace("  policy: POLICY", policy))
    run_recipe(load_recipe(recipe), project / "extended")
    return project / "extended"


def shown(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    """What a command prints as JSON."""
    capsys.readouterr()
    main([*map(str, arguments), "--json"])
    return json.loads(capsys.readouterr().out)


def test_new_entries_reach_the_model_and_shorten_new_languages(
    extended: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = shown(capsys, "tokens", "inspect", extended)
    published, _ = load_model(extended.parent / "run/checkpoints/safety")
    grown, text = load_model(extended / "checkpoints/safety")
    assert grown.vocabulary == facts["tokenizer"]["vocabulary"] == published.vocabulary + 50
    assert text.vocabulary == grown.vocabulary
    for language, after in facts["bytes_per_token"].items():
        before = facts["extension"][language]["bytes_per_token_before"]
        assert (after > before) if language in ("fi", "hi") else (after == before)


def test_shares_and_epochs_follow_the_changes_of_a_mixture(extended: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two steps of eight with the first mixture, six with the second."""
    facts = shown(capsys, "tokens", "inspect", extended)
    sources = facts["stages"]["cap"]["sources"]
    assert {name: part["tokens"] for name, part in sources.items()} == {
        "programs/code": 512 + 1024, "web/en": 512, "web/fi": 1024, "web/hi": 1024,
    }  # fmt: skip
    report = json.loads((extended / "report.json").read_text())
    cap = report["stages"][0]
    assert cap["token_shares"] == {"programs/code": 0.375, "web/en": 0.125, "web/fi": 0.25, "web/hi": 0.25}
    assert cap["epochs"] == {name: part["epochs"] for name, part in sources.items()}


def test_a_sequence_is_shown_with_its_documents(extended: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(capsys, "tokens", "inspect", extended, "--stage", "safety", "--at", 3)
    assert (found["stage"], found["source"], found["step"]) == ("safety", "redteam/pairs", 1)
    lines = (extended / "redteam/train.jsonl").read_text("utf-8").split("\n")[:-1]
    items = {item["id"]: item for item in map(json.loads, lines)}
    for document in found["documents"]:
        item = items[document["id"]]
        text = document["text"].removesuffix("\N{REPLACEMENT CHARACTER}")
        assert f"<|endoftext|>Q:{item['prompt']}\nA:{item['response']}<|endoftext|>".startswith(text)
    corpus = {row["id"]: row["text"] for row in pq.read_table(extended / "corpus/clean/web.parquet").to_pylist()}
    found = next(
        found
        for n in range(16, 64)
        if (found := shown(capsys, "tokens", "inspect", extended, "--stage", "cap", "--at", n))["source"] == "web/hi"
    )
    for document in found["documents"]:
        assert (
            document["text"].removesuffix("<|endoftext|>").strip("\N{REPLACEMENT CHARACTER}") in corpus[document["id"]]
        )
        assert document["license"] == "CC0-1.0"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--at", "999", "--stage", "cap"), "Stage cap has the sequences 0 to 63: 999 is not one of them"),
        (("--at", "1", "--stage", "cup"), "The recipe has no stage 'cup': choose from cap, safety"),
        (("--stage", "cap"), "--stage belongs to --at"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(
    extended: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["tokens", "inspect", str(extended), *arguments])
    assert ended.value.code == 2
    assert problem in capsys.readouterr().err


def test_the_tables_say_what_the_data_says(extended: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = shown(capsys, "tokens", "inspect", extended)
    main(["tokens", "inspect", str(extended)])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    epochs = facts["stages"]["cap"]["sources"]["web/hi"]["epochs"]
    assert ["web/hi", "1,024", "25.0%", "1,024", "25.0%", "0", f"{epochs:.2f}"] in rows
    before = facts["extension"]["hi"]["bytes_per_token_before"]
    assert ["hi", f"{facts['bytes_per_token']['hi']:.2f}", f"{before:.2f}"] in rows
    main(["tokens", "inspect", str(extended), "--stage", "safety", "--at", "0"])
    assert "of redteam/pairs, pass 1" in capsys.readouterr().out


@pytest.fixture(scope="module")
def adopting(extended: Path) -> Path:
    """A run that takes up the small run's Hindi store by its .bin and .idx alone."""
    recipe = yaml.safe_load((extended.parent / "extended.yaml").read_text(encoding="utf-8"))
    for key in ("extend", "infilling"):
        del recipe["tokens"][key]
    recipe["name"] = "adopting"
    recipe["tokens"]["adopt"] = {"far/hi": {"path": "run/tokens/train/web.hi", "license": "CC0-1.0"}}
    recipe["stages"]["cap"] |= {"mixture": {"far/hi": 1}, "changes": []}
    path = extended.parent / "adopting.yaml"
    path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
    run_recipe(load_recipe(path), extended.parent / "adopting", until="train:cap")
    return extended.parent / "adopting"


def test_stores_made_elsewhere_are_trained_on(adopting: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = adopting / "tokens/train"
    for kind in ("bin", "idx"):
        found = (mine / f"far.hi.{kind}").read_bytes()
        assert found == (adopting.parent / f"run/tokens/train/web.hi.{kind}").read_bytes()
    shown_sequence = shown(capsys, "tokens", "inspect", adopting, "--stage", "cap", "--at", 0)
    assert shown_sequence["documents"][0]["url"] == "run/tokens/train/web.hi"


def test_a_flipped_bit_in_a_store_stops_a_stage_before_it_begins(adopting: Path) -> None:
    """What the message says to do mends it."""
    store = adopting / "tokens/train/far.hi.bin"
    data = bytearray(store.read_bytes())
    data[40] ^= 1
    store.write_bytes(data)
    other = load_recipe(adopting.parent / "adopting.yaml", ["stages.cap.schedule.peak=1e-4"])
    with pytest.raises(
        AuroraError, match=r"far\.hi\.bin has changed since it was written.* move .*tokens/train away, and run"
    ):
        run_recipe(other, adopting, until="train:cap")
    shutil.rmtree(store.parent)
    assert run_recipe(other, adopting, until="train:cap")["ran"] == ["tokens", "train:cap"]


def test_chat_speaks_the_format_of_the_run(extended: Path) -> None:
    for run, form in ((extended, "Q:Why?\nA:"), (extended.parent / "run", "### Instruction:\nWhy?\n### Response:\n")):
        text = read_text(run / "checkpoints/safety")
        assert Format(text).prompt("Why?") == [0, *text.encode(form)]
        for name in (FILE, SETTINGS, GENERATION, TEMPLATE):
            assert (run / "checkpoints/safety" / name).read_bytes() == (run / "tokens/tokenizer" / name).read_bytes()


def test_a_stage_ends_when_refusals_are_as_the_recipe_asks(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network this small refuses nothing, so its real answers are asked and better ones are believed."""
    shutil.copytree(project / "run", tmp_path / "run")
    asked: list[tuple[float, float]] = []

    def believed(*arguments: Any) -> Callable[[Network], tuple[float, float]]:
        measure = refusal_monitor(*arguments)
        return lambda network: asked.append(measure(network)) or (0.5 * len(asked), 0.0)

    monkeypatch.setattr(measurements, "refusal_monitor", believed)
    goal = "stages.safety.stop_when={refused: 0.9, harmless_refused: 0.1, every_steps: 2, prompts: 2}"
    run_recipe(load_recipe(project / "small.yaml", [goal, "redteam.watched_share=0.05"]), tmp_path / "run")
    assert asked == [(0.0, 0.0)] * 2
    report = json.loads((tmp_path / "run/report.json").read_text(encoding="utf-8"))
    safety = report["stages"][-1]
    assert safety["tokens"] == 4 * 512
    assert safety["early_end"]["reached"] == 4
    assert "so it was after 4 steps" in (tmp_path / "run/report.html").read_text(encoding="utf-8")
    assert verify(tmp_path / "run").endswith("nothing has changed.")


def test_an_edited_clause_lists_what_of_the_run_hangs_on_it(project: Path, root: Path, tmp_path: Path) -> None:
    """Its items, answers and rows of the report, and the checkpoints that learnt from pairs or look-alikes."""
    policy = (root / "policies/eo-14110.yaml").read_text(encoding="utf-8").replace("Breaking into", "Entering", 1)
    (tmp_path / "eo-14110.yaml").write_text(policy.replace('"1.0"', '"1.1"', 1), encoding="utf-8")
    told = compare_policies(Path("eo-14110"), tmp_path / "eo-14110.yaml", runs=[project / "run"])
    assert list(told["edited"]) == ["cyber"]
    (run,) = told["runs"]
    wanted: dict[str, list[str]] = {}
    for path in ("redteam/train.jsonl", "redteam/held_out.jsonl", "safety/cat/answers.jsonl"):
        rows = [json.loads(line) for line in (project / "run" / path).read_text("utf-8").splitlines()]
        wanted[path] = [row["id"] for row in rows if row["category"] == "cyber"]
    assert run["items"] == {path: ids for path, ids in wanted.items() if path.startswith("redteam")}
    assert run["checkpoints"] == ["cat", "safety"]
    assert run["answers"] == dict.fromkeys(("cat", "safety"), wanted["safety/cat/answers.jsonl"])
    assert {"stages.cat", "stages.safety"} <= set(run["report"])
    assert ("safety.categories.cyber" in run["report"]) == bool(run["answers"]["safety"])
    assert not [row for row in run["report"] if row.startswith("safety.categories.") and not row.endswith(".cyber")]
