"""Ranks that are forked from one process, with the variables that torchrun sets.

One decision: importing torch takes a rank longer than training a small model does. The process that forks has imported
everything and computed nothing, so sixteen ranks on two cores start in the time of one.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable

GRACE_SECONDS = 30.0  # as torchrun, from the request to end to the end


def run_ranks(ranks: int, work: Callable[[], object]) -> int:
    """Have `ranks` forked processes do `work`; when one fails the others are ended. Returns 0, or the code of the
    first that failed."""
    variables = {"WORLD_SIZE": str(ranks), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port())}
    running = {_fork(work, {**variables, "RANK": str(rank), "LOCAL_RANK": str(rank)}) for rank in range(ranks)}
    failed, end = 0, float("inf")
    while running:
        number, status = os.waitpid(-1, os.WNOHANG)
        if number:
            running.discard(number)
            code = os.waitstatus_to_exitcode(status)
            if code and not failed:
                failed, end = code, time.monotonic() + GRACE_SECONDS
                _signal(running, signal.SIGTERM)
        elif time.monotonic() > end:
            _signal(running, signal.SIGKILL)
            end = float("inf")
        else:
            time.sleep(0.01)
    return failed


def _fork(work: Callable[[], object], variables: dict[str, str]) -> int:
    number = os.fork()
    if number:
        return number
    os.environ.update(variables)
    code = 0
    try:
        work()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())  # torch's, which names the rank
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _signal(processes: set[int], kind: signal.Signals) -> None:
    for number in processes:
        os.kill(number, kind)  # none is gone for good before it is waited for


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
