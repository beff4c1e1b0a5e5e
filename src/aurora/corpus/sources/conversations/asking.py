"""Threads that wait for an endpoint's answers.

One decision: nothing waits for them. A slow endpoint may hold a thread for minutes, so they end with the process, while
Python waits for the threads of an executor before it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Asking(Generic[Answer]):
    """`threads` that carry out what is submitted, in its order, until `close`."""

    def __init__(self, threads: int) -> None:
        self._tasks: SimpleQueue[tuple[Future[Answer], Callable[[], Answer]] | None] = SimpleQueue()
        self._threads = threads
        for number in range(threads):
            Thread(target=self._work, name=f"asking-{number}", daemon=True).start()

    def submit(self, ask: Callable[[], Answer]) -> Future[Answer]:
        """The result of `ask`, later."""
        future: Future[Answer] = Future()
        self._tasks.put((future, ask))
        return future

    def close(self) -> None:
        """Begin nothing more; what is being asked is left to itself."""
        while True:
            try:
                task = self._tasks.get_nowait()
            except Empty:
                break
            if task is not None:
                task[0].cancel()
        for _ in range(self._threads):
            self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            future, ask = task
            try:
                future.set_result(ask())
            except BaseException as error:  # whatever it is, it belongs to whoever waits for the answer
                future.set_exception(error)
