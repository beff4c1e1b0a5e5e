from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from aurora.cli import aurora


def test_a_usage_error_comes_before_any_work(minimal_recipe: Path, tmp_path: Path) -> None:
    for command, more in (("run", []), ("train", ["--stage", "base"])):
        arguments = [command, str(minimal_recipe), *more, "--output", str(tmp_path / "run")]
        done = CliRunner().invoke(aurora, [*arguments, "--restart", "--resume-from", "0"])
        assert done.exit_code == 2
        assert "give one of them" in done.output
    assert not (tmp_path / "run").exists()
