"""Many requests to an endpoint, several at once, each answer kept as soon as it is there.

One decision: an answer is kept before anybody sees it, so whatever stops a command (the limit on cost, a line that
breaks, Ctrl-C), the next one goes on behind the last answer and pays for none twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from aurora.console.progress import progress
from aurora.errors import AuroraError
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
    """Each answer with its key when it is kept; what was under way when one fails for good is waited for, and kept."""
    left, error = iter(todo.items()), None
    with ThreadPoolExecutor(client.endpoint.at_once) as pool:
        going: dict[Future[Reply | Failure], str] = {}
        try:
            while True:
                while error is None and len(going) < client.endpoint.at_once and (one := next(left, None)):
                    going[pool.submit(client.ask, one[1])] = one[0]
                if not going:
                    break
                done, _ = wait(going, return_when=FIRST_COMPLETED)
                for future in done:
                    key = going.pop(future)
                    try:
                        answer = future.result()
                    except AuroraError as failed:
                        error = error or failed
                        client.stop()
                        continue
                    if isinstance(answer, Reply):
                        responses.keep({key: answer.kept()})
                    yield key, answer
        finally:
            client.stop()
    if error is not None:
        raise error
