"""`python -m aurora.lm_eval`, as a user of the harness calls it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from api.byte_checkpoint import write_checkpoint
from aurora import lm_eval
from aurora.api.evaluating import read_all

TASK = """
task: colours
dataset_path: json
dataset_kwargs: {{data_files: {{test: {file}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_choice: choices
doc_to_target: answer
metric_list: [{{metric: acc}}]
"""


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["lm_eval", *arguments])
    lm_eval.main()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the harness's own
def test_the_harness_runs_our_model_and_we_compare_what_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"id": n, "question": f"No. {n}:", "choices": ["red", "green"], "answer": n % 2} for n in range(6)]
    (tmp_path / "colours.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    (tmp_path / "colours.yaml").write_text(TASK.format(file=tmp_path / "colours.jsonl"), encoding="utf-8")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    run(
        monkeypatch, "--model", "aurora", "--model_args", f"path={write_checkpoint(tmp_path / 'm')}", "--tasks",
        "colours", "--include_path", str(tmp_path), "--log_samples", "--output_path", str(tmp_path / "out"),
    )  # fmt: skip
    (found,) = read_all([tmp_path / "out"])
    (wording,) = found["tasks"]["colours"]["forms"]["as-given"]["wordings"].values()
    assert len(wording["items"]) == 6
    assert {item["score"] for item in wording["items"]} <= {0.0, 1.0}


def test_a_mistake_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def mistaken() -> None:
        from aurora.api.harness import HarnessLM

        HarnessLM.create_from_arg_obj({})

    monkeypatch.setattr("lm_eval.__main__.cli_evaluate", mistaken)
    with pytest.raises(SystemExit) as left:
        lm_eval.main()
    assert left.value.code == 2
    assert capsys.readouterr().err == "Error: model_args: no checkpoint is named: write path=CHECKPOINT.\n"
