"""Numbers and names formatted for a reader.

One decision: a change always has a sign and a rate never does, with as many digits as the measurement supports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aurora.languages.labels import CODE
from aurora.languages.lookup import language_name

# A narrow no-break space keeps number and unit on one line.
NARROW = "\u202f"
MINUS = "\u2212"
COUNT_WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


def language_title(tag: str) -> str:
    """The name of a language as it begins a line; its tag as it stands where it has no name."""
    name = language_name(tag)
    return tag if name == tag and tag != CODE else name[:1].upper() + name[1:]


def in_order(languages: Iterable[str]) -> list[str]:
    """Languages by tag, code after all of them."""
    return sorted(set(languages), key=lambda language: (language == CODE, language))


def count_word(number: int) -> str:
    """`four` for 4; digits above twelve."""
    return COUNT_WORDS[number] if number < len(COUNT_WORDS) else count(number)


def count(number: int) -> str:
    """1234567 as 1,234,567."""
    return f"{number:,}"


def compact(number: float) -> str:
    """1234567 as 1.2 M."""
    for size, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= size * 0.9995:
            value = number / size
            return f"{value:.3g}{NARROW}{unit}" if value < 999.5 else f"{value:.0f}{NARROW}{unit}"
    return f"{number:.3g}"


def megabytes(number: int) -> str:
    """Bytes as megabytes (10^6), two digits below ten."""
    value = number / 1e6
    return f"{value:.0f}{NARROW}MB" if value >= 100 else f"{value:.{1 if value >= 10 else 2}f}{NARROW}MB"


def duration(seconds: float) -> str:
    """432.1 as 7 min 12 s."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f}{NARROW}s" if seconds < 10 else f"{whole}{NARROW}s"
    if whole < 3600:
        return f"{whole // 60}{NARROW}min {whole % 60}{NARROW}s"
    if whole < 2 * 86400:
        return f"{whole // 3600}{NARROW}h {whole % 3600 // 60}{NARROW}min"
    return f"{whole // 86400}{NARROW}days {whole % 86400 // 3600}{NARROW}h"


def bits(value: float | None) -> str:
    """Bits per byte, two digits."""
    return "–" if value is None else f"{value:.2f}"


def magnitude(change: float) -> str:
    """A relative change without its sign: 0.357 as 36 %, 0.021 as 2.1 %."""
    return f"{_digits(abs(change))}{NARROW}%"


def signed(change: float) -> str:
    """A relative change with its sign: −36 %, +2.1 %, 0.0 %."""
    digits = _digits(abs(change))
    sign = "" if float(digits) == 0 else MINUS if change < 0 else "+"
    return f"{sign}{digits}{NARROW}%"


def _digits(value: float) -> str:
    return f"{value * 100:.0f}" if value >= 0.0995 else f"{value * 100:.1f}"


def share(value: float | None) -> str:
    """A rate or share: 0.985 as 98.5 %, 1.0 as 100 %."""
    return "–" if value is None else f"{f'{value * 100:.1f}'.removesuffix('.0')}{NARROW}%"


def span(values: Sequence[float]) -> str:
    """Magnitudes from least to most: `36 to 62 %`, or one figure where they agree."""
    least, most = magnitude(min(values, key=abs)), magnitude(max(values, key=abs))
    return least if least == most else f"{least.removesuffix(f'{NARROW}%')} to {most}"


def listing(items: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""


def sentence(text: str) -> str:
    """`text` with a capital first letter."""
    return text[:1].upper() + text[1:]
