"""Chatting with a checkpoint in the terminal, or through a pipe.

One decision: every prompt is answered on its own, in the format that the safety stage trains on, because models made
here have learnt no other. Answers go to standard output and everything else to standard error. From a pipe each line is
a prompt and each answer is one line (line breaks inside it are written as \\n), so lines in and out correspond.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from aurora.api.checkpoints import Checkpoint, load_checkpoint
from aurora.console.progress import say
from aurora.console.terminal import write

QUIT = ("/quit", "/exit", "quit", "exit")
HELP = ("/help", "/?", "help")
HOW = "Ctrl-C stops an answer; Ctrl-D, /quit or an empty line ends. Everything else is a prompt."
FLUENT_PARAMETERS = 1_000_000_000  # a smaller model is introduced with what not to expect of it


class _Talk:
    """A checkpoint and the settings with which it answers."""

    def __init__(self, checkpoint: Checkpoint, temperature: float, max_new_tokens: int, seed: int) -> None:
        self._checkpoint = checkpoint
        self._temperature = temperature
        self._max_new_tokens = max_new_tokens
        self._seed = seed

    def answer(self, prompt: str) -> Iterator[str]:
        """The answer in pieces of text, each as soon as it is known."""
        seed, self._seed = self._seed, self._seed + 1  # the same question again may be answered differently
        room, temperature = self._max_new_tokens, self._temperature
        return self._checkpoint.stream(prompt, max_new_tokens=room, temperature=temperature, seed=seed)


def chat(
    path: Path, stage: str | None = None, temperature: float = 0.0, max_new_tokens: int = 128, seed: int = 0
) -> None:
    """Answer prompts from standard input until the input ends, with the checkpoint in `path` or a run's `stage`.

    `temperature` 0 is greedy; `max_new_tokens` is the longest answer, at most half of the model's positions. In a
    terminal Ctrl-C ends an answer, and Ctrl-D, /quit or an empty line the conversation. Raises `AuroraError` for a
    damaged checkpoint.
    """
    checkpoint = load_checkpoint(path, stage)
    room = max(1, checkpoint.positions // 2)
    talk = _Talk(checkpoint, temperature, min(max_new_tokens, room), seed)
    say(introduction(checkpoint.path, checkpoint.num_parameters))
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # a stray byte in a prompt must not end the chat
    if sys.stdin.isatty():
        _converse(talk)
    else:
        for line in sys.stdin:
            answer = "".join(talk.answer(line.strip())) if line.strip() else ""
            write(answer.strip().replace("\n", "\\n"))


def introduction(checkpoint: Path, num_parameters: int) -> str:
    """The first line of a chat: which model answers, and what not to expect of it."""
    text = f"{checkpoint}: {num_parameters / 1e6:,.1f} million parameters. Each prompt is answered on its own."
    if num_parameters < FLUENT_PARAMETERS:
        text += " A model this small is not fluent: it shows what was trained (refusals, languages), not knowledge."
    return text


def _converse(talk: _Talk) -> None:
    """The loop for a person at a terminal."""
    with suppress(ImportError):
        import readline  # noqa: F401 (input() then edits lines and remembers them)
    say(HOW)
    while True:
        try:
            prompt = input("> ").strip()
        except EOFError:
            write("")
            return
        except KeyboardInterrupt:
            write("")
            continue
        if prompt in ("", *QUIT):
            return
        if prompt in HELP:
            say(HOW)
            continue
        try:
            for piece in talk.answer(prompt):
                write(piece, end="")
        except KeyboardInterrupt:
            write(" [stopped]", end="")
        write("\n")
