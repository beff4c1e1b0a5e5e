from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.run.folder import OWN_FILES, SCRATCH, RunFolder


def test_no_two_things_of_a_run_lie_in_one_place(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    fixed = [getattr(run, name) for name, value in vars(RunFolder).items() if isinstance(value, property)]
    by_name = [place(name) for place in (run.checkpoint, run.evaluation, run.safety) for name in ("base", "cap")]
    places = [*fixed, *by_name]
    assert len(places) == len(set(places))
    assert not any(one in other.parents for one in places for other in places)
    assert {run.part(path) for path in fixed} >= {*OWN_FILES, SCRATCH[0]}


def test_a_part_is_named_as_on_every_system(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert run.part(run.checkpoint("cap")) == "checkpoints/cap"
    assert run.manifest(run.tokenizer) == "tokens/tokenizer/manifest.json"


def test_nothing_is_written_where_a_link_leads_out_of_the_run(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    assert run.inside(run.corpus_work) == run.corpus_work
    run.corpus_work.symlink_to(tmp_path)
    with pytest.raises(UserError, match=r"corpus\.work leads through a symbolic link"):
        run.inside(run.corpus_work)
