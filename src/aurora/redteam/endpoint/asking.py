"""Many requests to an endpoint, several at once, each answer kept as soon as it is there.

One decision: an answer is kept before anybody sees it, so whatever stops a command (the limit on cost, a line that
breaks, Ctrl-C), the next one goes on behind the last answer and pays for none twice.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue

from aurora.console.progress import progress
from aurora.kept import Responses
from aurora.redteam.endpoint.client import Client
from aurora.redteam.endpoint.request import Failure, Reply, Request


@dataclass
class Asked:
    """The answers to requests, in their order; how many of them were `kept` from before; what the others cost."""

    answers: list[Reply | Failure] = field(default_factory=list)
    kept: int = 0
    cost: float = 0.0


def ask_all(client: Client, requests: Sequence[Request], cache: Path, label: str) -> Asked:
    """Answers to all requests; the same request is asked once. `AuroraError` where the endpoint answers no more."""
    keys = [request.key(client.endpoint) for request in requests]
    with Responses(cache) as responses:
        found: dict[str, Reply | Failure] = {key: Reply(**kept) for key, kept in responses.known(set(keys)).items()}
        kept = sum(key in found for key in keys)
        todo = {key: request for key, request in zip(keys, requests, strict=True) if key not in found}
        with progress(label, len(todo), "answer", scale=False) as bar:
            for key, answer in _answered(client, todo, responses):
                found[key] = answer
                bar.update(1)
    return Asked([found[key] for key in keys], kept, client.spending.spent)


def _answered(
    client: Client, todo: Mapping[str, Request], responses: Responses
) -> Iterator[tuple[str, Reply | Failure]]:
    """Each answer with its key when it is kept; what is under way when one fails for good is waited for, and kept."""
    left: Queue[tuple[str, Request]] = Queue()
    for one in todo.items():
        left.put(one)
    come: Queue[tuple[str, Reply | Failure | BaseException] | None] = Queue()
    workers = min(client.endpoint.at_once, len(todo))
    for _ in range(workers):
        # Daemons: who presses Ctrl-C does not wait for an endpoint that hangs.
        threading.Thread(target=_work, args=(client, left, come), daemon=True).start()
    error: BaseException | None = None
    try:
        while workers:
            came = come.get()
            if came is None:
                workers -= 1
                continue
            key, answer = came
            if isinstance(answer, BaseException):
                error = error or answer
                client.stop()
                continue
            if isinstance(answer, Reply):
                responses.keep({key: answer.kept()})
            yield key, answer
    finally:
        client.stop()
    if error is not None:
        raise error


def _work(
    client: Client, left: Queue[tuple[str, Request]], come: Queue[tuple[str, Reply | Failure | BaseException] | None]
) -> None:
    """Ask one request after another until none is left, or one fails for good; None says that this is over."""
    with suppress(Empty):
        while not client.stopped:
            key, request = left.get_nowait()
            try:
                come.put((key, client.ask(request)))
            except BaseException as error:  # for the thread that waits, which raises it
                come.put((key, error))
                break
    come.put(None)
