"""The exceptions a user sees.

One decision: every failure that a person can do something about is an `AuroraError` whose message is one sentence
saying
what went wrong, where (file, line, key) and what to do. The command line prints that sentence alone and maps the class
to the exit code, so no other module needs to know about exit codes.

    AuroraError            1   the machine or the outside world failed (disk full, no network, damaged artifact)
    └── UserError          2   the user's mistake (recipe, argument, missing or broken input)
"""

from __future__ import annotations


class AuroraError(Exception):
    """A failure with one clear sentence for the user; exit code 1."""

    exit_code = 1


class UserError(AuroraError):
    """A mistake in what the user gave: recipe, argument or input file; exit code 2."""

    exit_code = 2
