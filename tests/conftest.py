"""Shared fixtures: a minimal recipe on disk, and the skips of the markers."""

from __future__ import annotations

import gc
import os
import shutil
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no fault: how long an example takes decides nothing. Each change tries a share of the examples, and
# `make nightly` (--hypothesis-profile thorough) twice as many as hypothesis would by itself.
settings.register_profile("quick", deadline=None, max_examples=30)
settings.register_profile("thorough", deadline=None, max_examples=200)
settings.load_profile("quick")

# A process that a shell starts in the background is told to ignore Ctrl-C, and under nohup the end of its terminal; it
# would hand that on to those it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Tests run side by side on two cores: one thread each is faster than many fighting.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_finish() -> None:
    """What was imported and collected lives until the end: looking through it for garbage again and again took a third
    of a second a time."""
    gc.freeze()


ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"

MINIMAL = """\
name: small
corpus:
  sources:
    web: {kind: jsonl, paths: [web.jsonl], language_key: lang}
tokens:
  train: {vocabulary: 400}
model:
  architecture: {layers: 1, width: 16, heads: 2, positions: 32}
stages:
  base:
    start: model
    tokens: 256
    batch_tokens: 64
    sequence_length: 16
    mixture: {web/en: 1}
    schedule: {peak: 1e-3}
"""


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture
def minimal_recipe(tmp_path: Path) -> Path:
    """A recipe file that validates; its data is not there."""
    path = tmp_path / "small.yaml"
    path.write_text(MINIMAL, encoding="utf-8")
    return path


@pytest.fixture
def shared_data() -> Path:
    """The development data beside the checkout; skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"the shared development data is not at {SHARED}")
    return SHARED


@pytest.fixture
def chromium() -> str:
    """A headless-capable Chromium; skips where none is installed."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium is installed")
