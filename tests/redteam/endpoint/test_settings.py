"""An endpoint's file: what may stand in it, and that a key never does."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.redteam.endpoint.settings import Endpoint, key_of, read_endpoint

SECRET = "sk-verysecret-0123456789"


def written(folder: Path, text: str) -> Path:
    path = folder / "endpoint.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_states_an_endpoint(tmp_path: Path) -> None:
    text = "url: https://example.org/v1/\nmodel: m\nkey: MY_KEY\nprices: {read: 1, written: 2}\ncost_limit: 3\n"
    found = read_endpoint(written(tmp_path, text))
    assert (found.url, found.model, found.key, found.cost_limit) == ("https://example.org/v1", "m", "MY_KEY", 3)
    assert (found.requests_a_minute, found.tokens_a_minute) == (60, None)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"key: {SECRET}", "no name of an environment variable"),
        (f"url: https://me:{SECRET}@example.org/v1", "has no user, password"),
        (f"url: https://example.org/v1?key={SECRET}", "has no user, password"),
        ("url: http://example.org/v1", "without encryption"),
        ("url: ftp://example.org", "begins with https://"),
        ("url: https://[::1", "no address"),
        ("url: 'https://example.org/a b'", "begins with https://"),
        ("requests_a_minute: 0", "requests_a_minute"),
        ("seconds: .nan", "seconds"),
        ("cost_limit: 1", "a limit needs `prices`"),
        ("modell: m", "modell"),
    ],
    ids=["key", "user", "query", "plain", "scheme", "host", "space", "rate", "nan", "limit", "unknown"],
)
def test_what_is_wrong_is_named_and_a_key_is_never_repeated(tmp_path: Path, line: str, said: str) -> None:
    name = line.partition(":")[0]
    kept = [one for one in ("url: https://example.org/v1", "model: m") if not one.startswith(f"{name}:")]
    with pytest.raises(UserError) as told:
        read_endpoint(written(tmp_path, "\n".join([*kept, line])))
    assert said in str(told.value)
    assert "endpoint.yaml, line" in str(told.value)
    assert SECRET not in str(told.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist: write a file with `url` and `model`"):
        read_endpoint(tmp_path / "none.yaml")


def test_a_key_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = Endpoint(url="http://127.0.0.1:1/v1", model="m", key="MY_KEY")
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(UserError, match="MY_KEY is not set"):
        key_of(endpoint)
    monkeypatch.setenv("MY_KEY", f" {SECRET}\n")
    assert key_of(endpoint) == SECRET
    monkeypatch.setenv("MY_KEY", f"{SECRET}\r\nX-Other: 1")
    with pytest.raises(UserError, match="MY_KEY holds no key") as told:
        key_of(endpoint)
    assert SECRET not in str(told.value)
    assert key_of(Endpoint(url="http://127.0.0.1:1/v1", model="m")) is None
