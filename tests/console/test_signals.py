"""A command that a signal stops says one sentence and ends with the code that shells expect."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aurora.__main__ import start
from aurora.cli import main
from aurora.console.signals import SIGNALS, answered

AGAIN = "run the same command again to go on where it stopped."


@pytest.mark.parametrize(
    ("number", "said"),
    [(number, f"Stopped by {number.name}; {AGAIN}") for number in SIGNALS] + [(signal.SIGINT, f"Interrupted; {AGAIN}")],
)
def test_a_signal_is_one_sentence_and_its_exit_code(
    minimal_recipe: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    said: str,
) -> None:
    def stopped(*_: object) -> None:
        os.kill(os.getpid(), number)
        time.sleep(5)

    before = signal.getsignal(number)
    monkeypatch.setattr("aurora.checking.check.load_recipe", stopped)
    with pytest.raises(SystemExit) as left:
        main(["run", str(minimal_recipe)])
    assert left.value.code == 128 + number
    assert capsys.readouterr().err.strip() == said
    assert signal.getsignal(number) == before


def test_ctrl_c_while_the_command_line_is_imported_is_no_trace(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted:
        """What finds modules, and is interrupted there."""

        def find_spec(self, name: str, *_: object) -> None:
            if name == "aurora.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "aurora.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as left:
        start()
    assert left.value.code == 130
    assert capsys.readouterr().err == ""


def test_what_has_been_said_of_an_interruption_is_not_said_again(
    minimal_recipe: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def saved(*_: object) -> None:
        raise KeyboardInterrupt("Stage base: saved at step 5.")

    monkeypatch.setattr("aurora.checking.check.load_recipe", saved)
    with pytest.raises(SystemExit) as left:
        main(["run", str(minimal_recipe)])
    assert left.value.code == 130
    assert capsys.readouterr().err.strip() == ""


def test_a_long_call_of_a_library_does_not_hold_a_signal_up() -> None:
    """The call never comes back to Python, so no handler of the main thread runs."""
    program = (
        "import hashlib, sys\n"
        "from aurora import cli\n"
        "from aurora.checking import check\n"
        "from aurora.console import signals\n"
        "signals.PATIENCE_SECONDS = 0.1\n"
        "def blocked(*_):\n"
        "    print('here', flush=True)\n"
        "    hashlib.pbkdf2_hmac('sha256', b'a', b'b', 2**31 - 1)\n"
        "check.load_recipe = blocked\n"
        "cli.main(['run', 'recipe.yaml'])\n"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "here\n"
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 143
    assert said.strip() == f"Stopped by SIGTERM; {AGAIN}"


def test_a_fork_dies_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aurora.console.signals.PATIENCE_SECONDS", 0.0)
    with answered():
        child = os.fork()
        if child == 0:
            time.sleep(30)
            os._exit(0)
        os.kill(child, signal.SIGTERM)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM
        time.sleep(0.1)  # in which this process would end


def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with answered():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
