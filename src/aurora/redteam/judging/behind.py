"""A judge behind an endpoint: the rubric, a model of the user's choice, and verdicts that are paid for once.

One decision: what the judge is worth lies beside its file, measured by the user (`model.worth.json` of `model.yaml`),
and counts only for the model, address and rubric that were measured.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from aurora.errors import AuroraError
from aurora.files import canonical_json, default_cache
from aurora.redteam.endpoint.asking import ask_all
from aurora.redteam.endpoint.client import Client
from aurora.redteam.endpoint.pace import Pace
from aurora.redteam.endpoint.request import Reply, Request
from aurora.redteam.endpoint.settings import Endpoint, read_endpoint
from aurora.redteam.judging.asked import AskedJudge
from aurora.redteam.judging.calibration import Calibration, read_calibration
from aurora.redteam.judging.rubric import MOST_TOKENS, RUBRIC

WORTH = ".worth.json"


def judge_behind(path: Path, cache: Path | None = None) -> AskedJudge:
    """The judge that an endpoint's file names; `UserError` where the file or its key is wrong.

    Verdicts are kept in `cache`, the user's cache folder without it.
    """
    endpoint = read_endpoint(path)
    sha256 = sha256_of(endpoint)
    asks = _Asks(endpoint, cache or default_cache() / "verdicts")
    return AskedJudge(asks, f"{endpoint.model} by rubric", sha256, _worth(path, sha256))


def sha256_of(endpoint: Endpoint) -> str:
    """A hash of what the verdicts follow from: the model, where it is, and the rubric."""
    return hashlib.sha256(canonical_json([endpoint.url, endpoint.model, RUBRIC])).hexdigest()


def _worth(path: Path, sha256: str) -> Calibration | None:
    """What was measured of this judge, where the file beside it is of this one."""
    beside = path.with_suffix(WORTH)
    try:
        found = read_calibration(beside) if beside.is_file() else None
    except AuroraError:  # whoever measures anew replaces it
        return None
    return found if found and found.judge_sha256 == sha256 else None


class _Asks:
    """Questions to an endpoint, several at once, each verdict kept as soon as it is there."""

    def __init__(self, endpoint: Endpoint, cache: Path) -> None:
        self._cache, self._client = cache, Client(endpoint)  # which says whether the key is there
        self._pace = Pace(endpoint.requests_a_minute, endpoint.tokens_a_minute)

    def __call__(self, system: str, questions: Sequence[str]) -> list[str | None]:
        requests = [Request(one, system, most_tokens=MOST_TOKENS) for one in questions]
        # A client asks once; the limits are of all that is asked.
        client = Client(self._client.endpoint)
        client.pace, client.spending = self._pace, self._client.spending
        asked = ask_all(client, requests, self._cache, "judge")
        return [one.text if isinstance(one, Reply) else None for one in asked.answers]
