"""The work for a text grows with its length, whatever stands in it.

Driven by repetitions of everything that the pass or a pattern looks for. What is counted is the text that patterns are
given; time is bounded so widely that only work that grows faster than the text exceeds it.
"""

import time

import numpy as np
import pyarrow as pa
import pytest

from aurora.corpus.personal import find as personal_data
from aurora.corpus.personal.definitions import common
from aurora.corpus.personal.find import find, mask_batch
from aurora.corpus.personal.patterns import all_patterns, sought
from aurora.corpus.personal.places import KINDS, scan
from aurora.languages import lookup

SHORT, LONG = 400, 12_000  # bytes, and four times as many
SLOWEST = 20.0  # seconds for a megabyte; the slowest take 6 on one old core
STARTED = 0.5  # seconds that anything may take besides, on a machine that has other work

SIGNS = ["@", ".", "-", " ", "1", "(", "+", ":", "/", "%40", "_", "=", '"', "\u00a0", "ー", "．", "９", "१", "＠", "\n"]
MIXED = [
    *("a@", "a@b.co ", "a.a@a.", "a-a@a-a.", "%3Ca@b.co", "a://x:y@", "a://x:", '"a"@', "ａ＠", "田@例え.jp ", "'a@"),
    *("1234567,", "1.", "1-", "1 ", "12-34-", "1.1.1.1 ", "61.61.61.61 ", "+1 2", "+358 ", "(0", "1(", "1()", "00000 "),
    *("131052-308t ", "131052", "4111 ", "4111.", "219-09-9999-", "१२३४५६७,", "０", "090ー", "68 054 462 332 "),
    *("2001:", "2001:4860:4860::8888 ", "::", "GB82 ", "GB82 WEST 1234 5698 7654 32 ", "gb82", "ABCPE1234F ", "A1 "),
    *(
        "a1b2c3d4e5f6g7h8i9.",
        "a1b2c3d4e5f6g7h8=",
        'x="',
        "secret=a1b2c3d4e5f6g7h8i9\n",
        "version 1.2.3.100 to ",
        "v1.2.",
    ),
    *(
        "eyJ1234567890-",
        "eyJ1234567890.",
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nab",
        "-----END",
    ),
    *(
        "MN 19716 ",
        "1 A, A ",
        "1 A ",
        "xã ",
        "5 a xã A ",
        "Katu 1, 11777 ",
        "katu",
        "a-",
        "1 अ, ",
        "123456 ",
        "अ 123456 ",
    ),
    *("東京都千代田区1丁目", "東京都", "東京都あ1-2-", "1番", "d='.5 2.2.82.64 ", ".5 61.61.61.61 "),
]
# Lists of words that say what a number is.
NAMING = {pattern.definition.entry.cue for pattern in all_patterns()}
PREFIXES = sorted({one.characters for pattern in all_patterns() for one in pattern.beginnings})
LISTS = [entry.language.personal_data.words for entry in lookup.entries()] + [common().words]
CUES = [cue.partition("(?")[0] or "ip" for lists in LISTS for name in lists if name in NAMING for cue in lists[name]]
EXAMPLES = [entry.example for entry in (pattern.definition.entry for pattern in all_patterns()) if entry.example]
UNITS = sorted(
    {
        *(*SIGNS, *MIXED, *PREFIXES, *EXAMPLES),
        *(f"{cue} 1234567 " for cue in CUES),
        *(f"{prefix}1" for prefix in PREFIXES),
    }
)


def repeated(unit, size):
    return unit * (size // len(unit.encode()) + 1)


@pytest.fixture
def read(monkeypatch):
    """Characters that patterns were given since it was last cleared."""
    given = []
    original = personal_data.folder
    monkeypatch.setattr(
        personal_data, "folder", lambda kind: lambda text: given.append(len(text)) or original(kind)(text)
    )
    return given


def check(unit, lang, read, short):
    given = []
    for size in (short, 4 * short):
        text = repeated(unit, size)
        read.clear()
        start = time.process_time()
        find(text, lang)
        assert time.process_time() - start <= SLOWEST * len(text.encode()) / 1e6 + STARTED, unit
        given.append(sum(read))
        # Stretches of one kind of place do not overlap.
        assert given[-1] <= len(KINDS) * len(text), unit
    assert given[1] <= 5 * given[0] + 4096, unit


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_work_grows_with_the_length_alone(lang, read):
    for unit in UNITS:
        check(unit, lang, read, SHORT)


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "fi", "hi", "ja", "sv", "vi", "code"])
def test_the_work_grows_with_the_length_of_long_texts(lang, read):
    for unit in UNITS:
        check(unit, lang, read, LONG)


def test_places_grow_with_the_length_alone():
    for unit in UNITS:
        numbers = []
        for size in (LONG, 4 * LONG):
            data = np.frombuffer(repeated(unit, size).encode(), np.uint8)
            places, _ = scan(np.array([0, len(data)]), data, np.array([1], np.uint8), sought())
            numbers.append(len(places))
        assert numbers[1] <= 5 * numbers[0] + 8, unit


# Each of these took minutes or hours: the work grew with the square of the length.
@pytest.mark.parametrize("unit", ["-----BEGIN RSA PRIVATE KEY-----", "@", "a@b.co ", "2001:", "eyJ1234567890-"])
def test_what_was_slow_takes_no_time(unit):
    start = time.process_time()
    mask_batch(pa.array([repeated(unit, 200_000)], pa.large_string()), ["en"])
    assert time.process_time() - start <= SLOWEST / 5 + STARTED
