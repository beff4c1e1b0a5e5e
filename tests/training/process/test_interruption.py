from __future__ import annotations

import os
import signal
import threading

import pytest

from aurora.training.process.interruption import stop_requests


@pytest.mark.parametrize(
    ("number", "raised"),
    [
        (signal.SIGINT, KeyboardInterrupt),
        (signal.SIGTERM, SystemExit),
        (signal.SIGUSR1, SystemExit),
        (signal.SIGHUP, SystemExit),
    ],
)
def test_a_signal_is_noted_and_raised_when_asked_for(
    number: signal.Signals, raised: type[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)
    with stop_requests() as stop:
        assert not stop.asked
        os.kill(os.getpid(), number)
        assert stop.asked
        with pytest.raises(raised):
            stop.leave("saved")
    assert signal.getsignal(number) == before
    assert capsys.readouterr().err == "saved\n"


def test_a_process_without_a_signal_leaves_with_those_that_got_one() -> None:
    with stop_requests() as stop, pytest.raises(SystemExit) as left:
        stop.leave("saved")
    assert left.value.code == 128 + signal.SIGTERM


def test_a_second_interrupt_does_not_wait() -> None:
    with stop_requests(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    asked: list[bool] = []

    def work() -> None:
        with stop_requests() as stop:
            asked.append(stop.asked)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert asked == [False]


def test_a_hang_up_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with stop_requests() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop.asked
    finally:
        signal.signal(signal.SIGHUP, before)
