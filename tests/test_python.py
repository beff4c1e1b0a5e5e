"""The Python surface, as docs/python.md tells of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import aurora
from small_run import write_small_project


def test_importing_it_takes_a_moment_and_no_torch() -> None:
    program = (
        "import sys, time\nstart = time.process_time()\nimport aurora\nseconds = time.process_time() - start\n"
        "heavy = {'torch', 'numpy', 'pyarrow', 'pydantic', 'tokenizers', 'yaml', 'click'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "aurora.Run, aurora.Corpus, aurora.Tokens, aurora.Checkpoint\naurora.judge('No.', 'en')\n"
        "assert 'torch' not in sys.modules\n"
        "print(seconds)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 0.3


def test_all_of_it_is_there_documented_and_on_the_page(root: Path) -> None:
    page = (root / "docs/python.md").read_text(encoding="utf-8")
    for name in aurora.__all__:
        value = getattr(aurora, name)
        assert isinstance(value, str) or value.__doc__, name
        assert name.startswith("__") or f"`{name}" in page, name
    assert set(aurora.__all__) <= set(dir(aurora))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        aurora.nothing  # noqa: B018


def project(folder: Path) -> None:
    """The small project as if it were the demo: two stages, to be quick."""
    recipe = write_small_project(folder / "recipes")
    values: dict[str, Any] = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    stages = values["stages"]
    stages["safety"]["start"] = "base"
    del values["corpus"]["other_domain"], stages["cap"], stages["cat"]
    recipe.with_name("tiny.yaml").write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")


def test_the_examples_of_the_page_run(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path)
    monkeypatch.chdir(tmp_path)
    page = (root / "docs/python.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    assert len(examples) >= 5
    names: dict[str, Any] = {}
    for example in examples:
        exec(compile(example, "docs/python.md", "exec"), names)
    run: aurora.Run = names["run"]
    assert run.checkpoints == ["base", "safety"]
    assert names["loaded"].recipe.seed == run.recipe.seed == 7
    assert run.report.recipe == "small"
    assert names["model"].score([""]) != names["model"].score([""])  # nan: no text
    pieces = names["tuned"].stream("Say something.", max_new_tokens=8, temperature=0.7, seed=3)
    assert "".join(pieces) == names["answer"]
    assert aurora.run_recipe(names["loaded"], "runs/tiny", stage="base").ran == []
