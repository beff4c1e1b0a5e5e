from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from aurora.chat import chat, introduction
from aurora.console.terminal import plain
from aurora.errors import AuroraError, UserError
from aurora.model.folder import save_model
from aurora.model.generation import generate
from aurora.model.huggingface import export_model
from aurora.model.network import Network
from aurora.recipe.model import Architecture


@pytest.fixture
def tokenizer() -> Tokenizer:
    """Bytes as tokens, so that every character beyond ASCII is spread over several."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([], trainer)
    return tokenizer


@pytest.fixture
def model() -> Network:
    model = Network(Architecture(layers=1, width=32, heads=4, positions=200, initializer_range=0.3), 257)
    model.initialise(torch.Generator().manual_seed(1))
    return model


@pytest.fixture
def checkpoint(tokenizer: Tokenizer, model: Network, tmp_path: Path) -> Path:
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    save_model(model, tmp_path / "model", tmp_path / "tokenizer.json")
    return tmp_path / "model"


def expected(model: Network, tokenizer: Tokenizer, prompt: str, max_new_tokens: int) -> str:
    ids = [0, *tokenizer.encode(f"### Instruction:\n{prompt}\n### Response:\n").ids]
    (answer,) = generate(model, [ids], max_new_tokens, stops=(0,))
    return plain(tokenizer.decode(answer)).strip().replace("\n", "\\n")


def test_each_line_of_a_pipe_has_one_answer(
    checkpoint: Path,
    model: Network,
    tokenizer: Tokenizer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO("Moi, maailma!\r\n\nこんにちは\n\xff".encode() + b"\xff\n"), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stdin)
    chat(checkpoint, max_new_tokens=30)
    output = capsys.readouterr()
    lines = output.out.split("\n")
    assert lines[:3] == [
        expected(model, tokenizer, "Moi, maailma!", 30),
        "",
        expected(model, tokenizer, "こんにちは", 30),
    ]
    assert len(lines) == 5
    assert "million parameters" in output.err
    assert "not fluent" in output.err


def test_a_drawn_answer_follows_its_seed(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def answers(seed: int) -> list[str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO("same\nsame\n"))
        chat(checkpoint, temperature=1.0, max_new_tokens=20, seed=seed)
        return capsys.readouterr().out.splitlines()

    first = answers(1)
    assert first == answers(1)
    assert first != answers(2)
    assert first[0] != first[1]


def test_a_checkpoint_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(AuroraError, match="neither a run nor a checkpoint folder"):
        chat(tmp_path)


def test_only_a_small_model_is_called_not_fluent() -> None:
    assert "5.2 million" in introduction(Path("runs/tiny/checkpoints/safety"), 5_200_000)
    assert "not fluent" in introduction(Path("x"), 5_200_000)
    assert "not fluent" not in introduction(Path("x"), 15_517_456_384)


class Terminal:
    """A conversation in a process of its own behind a pseudo-terminal."""

    def __init__(self, checkpoint: Path) -> None:
        self.master, slave = pty.openpty()
        program = f"from pathlib import Path; from aurora.chat import chat; chat(Path({str(checkpoint)!r}))"
        self.process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "dumb"},
            start_new_session=True,
        )
        os.close(slave)
        os.set_blocking(self.master, False)
        self.seen = ""

    def until(self, text: str) -> str:
        """Everything shown up to and with `text`, which is waited for."""
        end = time.monotonic() + 60
        while text not in self.seen:
            assert time.monotonic() < end, self.seen
            try:
                self.seen += os.read(self.master, 4096).decode(errors="replace")
            except BlockingIOError:
                time.sleep(0.02)
        before, _, self.seen = self.seen.partition(text)
        return before + text

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())


def test_a_person_can_talk_and_leave(checkpoint: Path) -> None:
    terminal = Terminal(checkpoint)
    try:
        assert "not fluent" in terminal.until("> ")
        terminal.type("Hello\n")
        terminal.until("Hello\r\n")
        assert len(terminal.until("> ").strip()) > 2
        terminal.type("/help\n")
        terminal.until("Everything else is a prompt.")
        terminal.until("> ")
        terminal.type("exit\n")
        assert terminal.process.wait(30) == 0
    finally:
        terminal.process.kill()
        os.close(terminal.master)


def test_an_exported_folder_answers_as_the_checkpoint_does(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    export_model(checkpoint, tmp_path / "out")
    answers = []
    for folder in (checkpoint, tmp_path / "out"):
        monkeypatch.setattr(sys, "stdin", io.StringIO("Hello\n"))
        chat(folder, max_new_tokens=12)
        captured = capsys.readouterr()
        assert f"{folder}: 0.0 million parameters." in captured.err
        answers.append(captured.out)
    assert answers[0] == answers[1] != ""
    with pytest.raises(UserError, match="is a model, not a run: leave out --stage cat"):
        chat(tmp_path / "out", "cat")
