"""What a user asks of earlier work."""

from __future__ import annotations

import subprocess
import sys

import pytest

from aurora.training.wish import AS_IT_IS, Wish


@pytest.mark.parametrize(
    ("wish", "asks"),
    [(AS_IT_IS, False), (Wish(stage="cap"), False), (Wish(4), True), (Wish(0), True), (Wish(restart=True), True)],
)
def test_a_stage_alone_is_no_wish_and_its_first_checkpoint_is_one(wish: Wish, asks: bool) -> None:
    assert bool(wish) == asks


def test_the_command_line_can_say_it_at_once() -> None:
    program = "import sys, aurora.training.wish; assert not {'torch', 'numpy', 'pydantic'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
