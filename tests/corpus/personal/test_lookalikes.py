"""Nothing personal is found in what has the form of numbers but is none: 20,000 of them, drawn anew from one seed."""

import hashlib
import random
from datetime import UTC, datetime
from uuid import UUID

import pyarrow as pa
import pytest

from aurora.corpus.personal.find import mask_batch

LANGUAGES = ("en", "fi", "hi", "ja", "vi", "code", "sv", "und")
EACH = 2500  # a language


def when(draw):
    return datetime.fromtimestamp(draw.uniform(1e9, 2e9), UTC)


def digits(draw, number):
    return "".join(str(draw.randrange(10)) for _ in range(number))


def isbn_13(draw):
    bare = "978" + digits(draw, 9)
    return bare + str(-sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(bare)) % 10)


def isbn_10(draw):
    bare = digits(draw, 9)
    check = -sum((10 - place) * int(digit) for place, digit in enumerate(bare)) % 11
    return bare + "0123456789X"[check]


def hyphened(draw, number):
    """An ISBN with hyphens after its group and its publisher."""
    head, bare = number[:-10], number[-10:]
    cut = draw.randint(3, 6)
    return "-".join(filter(None, [head, bare[0], bare[1:cut], bare[cut:9], bare[9]]))


def degrees(draw, most):
    return f"{draw.uniform(-most, most):.{draw.randint(3, 8)}f}"


def hashed(draw, name):
    return hashlib.new(name, draw.randbytes(8)).hexdigest()


MAKERS = {
    "uuid": lambda draw: str(UUID(bytes=draw.randbytes(16), version=4)),
    "UUID": lambda draw: str(UUID(bytes=draw.randbytes(16), version=4)).upper(),
    "bare uuid": lambda draw: UUID(bytes=draw.randbytes(16)).hex,
    "md5": lambda draw: hashed(draw, "md5"),
    "sha1": lambda draw: hashed(draw, "sha1"),
    "SHA1": lambda draw: hashed(draw, "sha1").upper(),
    "sha256": lambda draw: hashed(draw, "sha256"),
    "object id": lambda draw: draw.randbytes(12).hex(),
    "seconds": lambda draw: str(int(when(draw).timestamp())),
    "milliseconds": lambda draw: str(int(when(draw).timestamp() * 1e3)),
    "microseconds": lambda draw: str(int(when(draw).timestamp() * 1e6)),
    "nanoseconds": lambda draw: str(int(when(draw).timestamp() * 1e9)),
    "fractions": lambda draw: f"{when(draw).timestamp():.6f}",
    "ISO": lambda draw: when(draw).isoformat(),
    "ISO in zone": lambda draw: when(draw).strftime("%Y-%m-%dT%H:%M:%S+05:30"),
    "compact": lambda draw: when(draw).strftime("%Y%m%d%H%M%S"),
    "compact with T": lambda draw: when(draw).strftime("%Y%m%dT%H%M%SZ"),
    "date": lambda draw: when(draw).strftime("%Y-%m-%d"),
    "Finnish date": lambda draw: when(draw).strftime("%d.%m.%Y klo %H.%M.%S"),
    "American date": lambda draw: when(draw).strftime("%m/%d/%Y %H:%M"),
    "Japanese date": lambda draw: when(draw).strftime("%Y年%m月%d日"),
    "ISBN-13": isbn_13,
    "ISBN-13 with hyphens": lambda draw: hyphened(draw, isbn_13(draw)),
    "ISBN-10": lambda draw: "ISBN " + isbn_10(draw),
    "ISBN-10 with hyphens": lambda draw: hyphened(draw, isbn_10(draw)),
    "coordinates": lambda draw: f"{degrees(draw, 90)}, {degrees(draw, 180)}",
    "coordinates with letters": lambda draw: f"{draw.uniform(0, 90):.6f}N {draw.uniform(0, 180):.6f}E",
    "degrees": lambda draw: f"{draw.randrange(90)}°{draw.randrange(60)}'{draw.uniform(0, 60):.2f}\"N",
}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_only_has_the_form_of_a_number_is_left(lang):
    draw = random.Random(f"lookalikes {lang}")
    drawn = [draw.choice(list(MAKERS)) for _ in range(EACH)]
    texts = [f"the value is {MAKERS[name](draw)} here" for name in drawn]
    masked, _ = mask_batch(pa.array(texts, pa.large_string()), [lang] * EACH)
    assert [(text, left) for text, left in zip(texts, masked.to_pylist(), strict=True) if text != left] == []
