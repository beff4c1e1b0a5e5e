from __future__ import annotations

import click
import pytest

from aurora.commands.options import refuse_both


def test_a_stage_cannot_go_on_and_begin_anew() -> None:
    refuse_both(3, restart=False)
    refuse_both(None, restart=True)
    with pytest.raises(click.UsageError, match="give one of them"):
        refuse_both(0, restart=True)  # step 0 is a step, too
