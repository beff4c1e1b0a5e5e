"""How long the review app takes to keep a label, among many items, for one person and for twenty at once.

    python benchmarks/review.py [--items 100000] [--people 20] [--labels 2000] [--pause 1] [--database URL] [--json]

Fills a project with made-up items, starts `aurora redteam review` as users do, signs people in and lets each label
items over HTTP: a request keeps a label, ends a lease, and brings the next item. Prints percentiles of what a person
waits, and how long the server took to start on that log.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aurora.redteam.review.log.contents import Draft, Item
from aurora.redteam.review.server import starting
from aurora.redteam.review.server.keeping.accounts import form_token
from aurora.redteam.review.server.starting import Beginning
from aurora.redteam.review.server.web.guards import COOKIE

POLICY, CATEGORIES, LANGUAGES = "eo-14110", ("cyber", "privacy", "illegal"), ("en", "fi", "hi", "ja", "vi")
PASSWORD, AT_ONCE = "a long password", 10_000


def fill(folder: Path, items: int, people: int, database: str | None) -> float:
    """Begin a project with items and people; returns the seconds that it took."""
    begun = time.perf_counter()
    project = starting.open_project(folder, Beginning((POLICY,)), database)
    for first in range(0, items, AT_ONCE):
        with project.store.writing() as writer:
            for number in range(first, min(items, first + AT_ONCE)):
                writer.add("import", starting.admin_of(project.store), item(number), f"item-{number:06}")
    for number in range(people):
        starting.add_person(project, f"person{number}", "reviewer")
        project.accounts.accept(project.links[f"person{number}"], PASSWORD)
    project.close()
    return time.perf_counter() - begun


def item(number: int) -> Item:
    """A made-up item of the usual size."""
    return Item(
        prompt=f"Made-up prompt {number}: " + "words of an ordinary length " * 8,
        response=f"Made-up answer {number}: " + "a refusal that explains itself " * 10,
        drafts=[Draft(id=f"d{one}", text=f"Draft {one} of {number}. " + "another wording " * 20) for one in range(2)],
        policy=POLICY,
        category=CATEGORIES[number % 3],
        language=LANGUAGES[number % 5],
        kind="harmful",
        source="made up",
    )


@contextmanager
def served(folder: Path, database: str | None) -> Iterator[tuple[int, float]]:
    """The port of a server on a project, and the seconds until it answered."""
    command = [sys.executable, "-m", "aurora", "redteam", "review", "--data", str(folder), "--port", "0"]
    begun = time.perf_counter()
    process = subprocess.Popen(
        [*command, *(["--database", database] if database else [])], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r"review is at http://127\.0\.0\.1:(\d+)/", line):
                yield int(found[1]), time.perf_counter() - begun
                return
        raise SystemExit(f"The server ended with {process.wait()}.")
    finally:
        process.terminate()
        process.wait(30)


class Person:
    """Somebody who is signed in and labels."""

    def __init__(self, port: int, login: str) -> None:
        self._port, self._number, self._login = port, 0, login
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookie = ""
        headers, _ = self._send("GET", "/login")
        self._take(headers)
        fields = {"form": form_token(self._cookie), "login": login, "password": PASSWORD}
        headers, _ = self._send("POST", "/login", urlencode(fields), "application/x-www-form-urlencoded")
        self._take(headers)
        _, body = self._send("GET", "/api/work")
        self.work: dict[str, Any] = json.loads(body)
        self._connection.close()  # the server would, before everybody is signed in; the next request opens it again

    def _take(self, headers: http.client.HTTPMessage) -> None:
        self._cookie = re.findall(rf"{COOKIE}=([^;]+)", headers["set-cookie"])[0]

    def _send(
        self, method: str, path: str, body: str | None = None, kind: str = ""
    ) -> tuple[http.client.HTTPMessage, bytes]:
        headers = {"Cookie": f"{COOKIE}={self._cookie}", "X-Form": form_token(self._cookie), "Content-Type": kind}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status < 400, (answer.status, content[:300])
        return answer.headers, content

    def label(self) -> float:
        """Label the item in hand; returns the seconds until the next one was there."""
        shown = self.work["item"]
        self._number += 1
        body = {
            "token": f"{self._login}-{self._number:08}",
            "item": shown["id"],
            "version": shown["version"],
            "category": shown["category"],
            "label": "refuse" if hash(shown["id"]) % 10 else "answer",
            "response": shown["response"] + " Edited.",
        }
        begun = time.perf_counter()
        _, content = self._send("POST", "/api/review", json.dumps(body), "application/json")
        taken = time.perf_counter() - begun
        self.work = json.loads(content)
        return taken


def measure(people: list[Person], labels: int, pause: float) -> dict[str, float]:
    """Percentiles in milliseconds of what people wait who label side by side, each with a pause after a label."""
    lock, times, chance = threading.Lock(), [], random.Random(1)

    def go(person: Person) -> None:
        for _ in range(labels // len(people)):
            taken = person.label()
            with lock:
                times.append(taken * 1000)
            time.sleep(chance.uniform(0, 2 * pause))  # people do not press their keys all at once

    begun = time.perf_counter()
    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(go, people))
    cuts = statistics.quantiles(times, n=100)
    rate = len(times) / (time.perf_counter() - begun)
    return {
        "p50_ms": round(cuts[49], 1),
        "p95_ms": round(cuts[94], 1),
        "p99_ms": round(cuts[98], 1),
        "a_second": round(rate, 1),
    }


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--labels", type=int, default=2_000)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds that each waits between labels, on average")
    parser.add_argument("--database", help="a PostgreSQL database; a file in a new folder if left out")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--small", action="store_true", help="few items and people, to see that the script runs")
    arguments = parser.parse_args()
    if arguments.small:
        arguments.items, arguments.people, arguments.labels, arguments.pause = 60, 2, 20, 0.0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "review"
        found: dict[str, Any] = {"items": arguments.items, "people": arguments.people}
        found["filled_s"] = round(fill(folder, arguments.items, arguments.people, arguments.database), 1)
        with served(folder, arguments.database) as (port, started):
            found["started_s"] = round(started, 1)
            people = [Person(port, f"person{number}") for number in range(arguments.people)]
            found["alone"] = measure(people[:1], arguments.labels // 4, 0.0)
            found["together"] = measure(people, arguments.labels, arguments.pause)
            found["without_pause"] = measure(people, arguments.labels, 0.0)
        found["log_mb"] = round(sum(file.stat().st_size for file in folder.glob("review.sqlite*")) / 1e6, 1)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
