from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from aurora.cli import aurora
from aurora.errors import AuroraError, UserError


def test_a_folder_without_a_report_is_named(tmp_path: Path) -> None:
    with pytest.raises(AuroraError, match=r"has no report yet: run its recipe to the end"):
        CliRunner().invoke(aurora, ["report", str(tmp_path)], catch_exceptions=False)


def test_a_folder_that_nothing_wrote_cannot_be_verified(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        CliRunner().invoke(aurora, ["verify", str(tmp_path)], catch_exceptions=False)
