"""Threads that nothing waits for."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from aurora.corpus.sources.conversations.asking import Asking


def test_answers_come_back_with_what_asked_for_them() -> None:
    asking: Asking[int] = Asking(3)
    futures = [asking.submit(lambda number=number: number**2) for number in range(50)]  # type: ignore[misc]
    assert [future.result(10) for future in futures] == [number**2 for number in range(50)]
    with pytest.raises(ZeroDivisionError):
        asking.submit(lambda: 1 // 0).result(10)
    assert asking.submit(lambda: 1).result(10) == 1  # the thread lives on
    asking.close()


def test_nothing_begins_behind_the_end() -> None:
    begun, going_on = threading.Event(), threading.Event()
    asking: Asking[bool] = Asking(1)
    first = asking.submit(lambda: begun.set() or going_on.wait(10))
    assert begun.wait(10)
    second = asking.submit(lambda: True)
    asking.close()
    assert second.cancelled()
    going_on.set()
    assert first.result(10)


def test_a_process_ends_beside_a_question_without_an_answer() -> None:
    program = (
        "import time\n"
        "from aurora.corpus.sources.conversations.asking import Asking\n"
        "asking = Asking(2)\n"
        "asking.submit(lambda: time.sleep(600))\n"
        "time.sleep(0.2)\n"
        "asking.close()\n"
        "print('ended')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "ended\n"
