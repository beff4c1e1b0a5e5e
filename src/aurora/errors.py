"""The exceptions a user sees.

One decision: every failure that a person can do something about is an `AuroraError` whose message is one sentence:
what went wrong, where (file, line, key) and what to do. The command line prints only that sentence and maps the class
to the exit code, so no other module needs to know about exit codes.

    AuroraError            1   the machine or the outside world failed (disk full, no network, damaged artifact)
    └── UserError          2   the user's mistake (recipe, argument, missing or broken input)
        └── Mistakes       2   several of them at once, each with a sentence of its own
"""

from __future__ import annotations

from collections.abc import Sequence


class AuroraError(Exception):
    """A failure with one clear sentence for the user; exit code 1."""

    exit_code = 1


class UserError(AuroraError):
    """A mistake in what the user gave: recipe, argument or input file; exit code 2."""

    exit_code = 2


class Mistakes(UserError):
    """Everything that is wrong with one thing, a sentence each; `sentences` is the list, the message all in one."""

    LONGEST = 2500  # characters of the message

    def __init__(self, what: str, sentences: Sequence[str]) -> None:
        self.what = what
        self.sentences = list(sentences)
        told = self.sentences[:1]
        for sentence in self.sentences[1:]:
            if sum(map(len, told)) + len(sentence) > self.LONGEST:
                break
            told.append(sentence)
        left = len(self.sentences) - len(told)
        super().__init__(" ".join(told) + (f" `aurora check` lists {left} more." if left else ""))
