from __future__ import annotations

import pytest
from click.testing import CliRunner

from aurora.cli import aurora


@pytest.mark.parametrize("option", [("--temperature", "-1"), ("--tokens", "0"), ("--seed", "x")])
def test_settings_that_no_answer_can_have_are_usage_errors(option: tuple[str, str]) -> None:
    done = CliRunner().invoke(aurora, ["chat", "nowhere", *option])
    assert done.exit_code == 2
    assert f"Invalid value for '{option[0]}'" in done.output


def test_only_types_that_weights_are_published_in_can_be_asked_for() -> None:
    done = CliRunner().invoke(aurora, ["export", "run", "out", "--dtype", "int8"])
    assert done.exit_code == 2
    assert "none of float32, bfloat16, float16" in done.output
