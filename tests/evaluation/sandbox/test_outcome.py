"""What limits and outcomes are when nothing is said."""

from __future__ import annotations

from aurora.evaluation.sandbox.outcome import MEBIBYTE, Limits, not_run


def test_processor_time_is_shorter_than_the_clock() -> None:
    limits = Limits()
    assert limits.cpu_seconds < limits.seconds < limits.build_seconds
    assert limits.memory == 1024 * MEBIBYTE


def test_what_was_not_run_says_why() -> None:
    outcome = not_run("the sandbox failed")
    assert (outcome.status, outcome.exit_code, outcome.why) == ("not run", None, "the sandbox failed")
